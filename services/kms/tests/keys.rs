//! Keys: making, describing, switching and deleting them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

use inprocess::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_key_is_made_and_described() {
    let keystead = Keystead::start().await;
    let made = keystead.call("CreateKey", json!({})).await.ok()["KeyMetadata"].take();
    let id = made["KeyId"].as_str().unwrap().to_owned();
    let material = made["CurrentKeyMaterialId"].as_str().unwrap();
    assert_eq!(material.len(), 64);
    assert_eq!(
        made,
        json!({
            "AWSAccountId": ACCOUNT, "KeyId": id, "Arn": arn_of(&id), "CreationDate": 1_700_000_000.0, "Enabled": true,
            "Description": "", "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": false, "CurrentKeyMaterialId": material,
        })
    );
    for name in [id.clone(), arn_of(&id)] {
        assert_eq!(keystead.describe(&name).await, made);
    }
}

#[tokio::test]
async fn a_key_keeps_its_description_tags_and_policy() {
    let keystead = Keystead::start().await;
    let text = policy(&[statement("Allow", &["kms:*"])]);
    let tags = json!([{"TagKey": "b", "TagValue": "1"}, {"TagKey": "a", "TagValue": ""}]);
    let key = keystead
        .key_with(json!({"Description": "för Müller", "Policy": text, "Tags": tags}))
        .await;
    assert_eq!(keystead.describe(&key).await["Description"], "för Müller");
    let listed = keystead
        .call("ListResourceTags", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(listed, json!({"Tags": tags, "Truncated": false}));
    let kept = keystead.call("GetKeyPolicy", json!({"KeyId": key})).await.ok();
    assert_eq!(kept, json!({"Policy": text, "PolicyName": "default"}));
}

#[tokio::test]
async fn contradictions_are_refused_before_what_is_not_supported() {
    let keystead = Keystead::start().await;
    let refused = |members: Value| keystead.call("CreateKey", members);
    refused(json!({"KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"})).await.is(
        "ValidationException",
        "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
    );
    refused(json!({"KeySpec": "RSA_2048", "MultiRegion": true}))
        .await
        .is(
            "ValidationException",
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        );
    refused(json!({"KeySpec": "RSA_2048", "KeyUsage": "KEY_AGREEMENT"}))
        .await
        .is(
            "ValidationException",
            "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048",
        );
    let store = "cks-1234567890abcdef0";
    refused(json!({"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": store}))
        .await
        .refused("CustomKeyStoreNotFoundException");
    refused(json!({"CustomKeyStoreId": store}))
        .await
        .refused("ValidationException");
    refused(json!({"XksKeyId": "x"}))
        .await
        .refused("ValidationException");
    let listed = keystead.call("ListKeys", json!({})).await.ok();
    assert_eq!(listed["Keys"], json!([]));
}

#[tokio::test]
async fn tags_are_checked_when_a_key_is_made() {
    let keystead = Keystead::start().await;
    let tag = |name: &str| json!({"TagKey": name, "TagValue": "v"});
    let refused = |tags: Vec<Value>| keystead.call("CreateKey", json!({"Tags": tags}));
    refused(vec![tag("AWS:x")])
        .await
        .is("TagException", "Tags beginning with aws: are reserved");
    refused(vec![tag("a"), tag("a")])
        .await
        .is("TagException", "Duplicate tag keys");
    let many = (0..51).map(|number| tag(&format!("k{number}"))).collect();
    refused(many).await.is("TagException", "Too many tags");
}

#[tokio::test]
async fn every_violation_of_the_model_is_told_at_once() {
    let keystead = Keystead::start().await;
    let members = json!({"Origin": "MOON", "Tags": [{"TagKey": ""}], "XksKeyId": "a b"});
    let text = keystead
        .call("CreateKey", members)
        .await
        .refused("ValidationException");
    assert!(text.starts_with("4 validation errors detected: "), "{text}");
    for path in [
        "'origin'",
        "'tags.1.member.tagKey'",
        "'tags.1.member.tagValue'",
        "'xksKeyId'",
    ] {
        assert!(
            text.contains(&format!("at {path} failed to satisfy constraint: ")),
            "{path} in {text}"
        );
    }
}

#[tokio::test]
async fn a_description_is_changed_and_cleared() {
    let keystead = Keystead::start().await;
    let key = keystead.key_with(json!({"Description": "first"})).await;
    for description in ["second", ""] {
        let members = json!({"KeyId": key, "Description": description});
        assert_eq!(
            keystead.call("UpdateKeyDescription", members).await.ok(),
            Value::Null
        );
        assert_eq!(keystead.describe(&key).await["Description"], description);
    }
    let text = keystead
        .call("UpdateKeyDescription", json!({}))
        .await
        .refused("ValidationException");
    assert!(text.starts_with("2 validation errors detected: "), "{text}");
}

#[tokio::test]
async fn switching_a_key_off_and_on_is_idempotent() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let subject = json!({"KeyId": key});
    for (operation, state, enabled) in [
        ("EnableKey", "Enabled", true),
        ("DisableKey", "Disabled", false),
        ("DisableKey", "Disabled", false),
        ("EnableKey", "Enabled", true),
    ] {
        assert_eq!(keystead.call(operation, subject.clone()).await.ok(), Value::Null);
        let seen = keystead.describe(&key).await;
        assert_eq!(
            (&seen["KeyState"], &seen["Enabled"]),
            (&json!(state), &json!(enabled))
        );
    }
}

#[tokio::test]
async fn a_scheduled_deletion_can_be_cancelled_and_leaves_the_key_disabled() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let subject = json!({"KeyId": key});
    keystead.call("CancelKeyDeletion", subject.clone()).await.is(
        "KMSInvalidStateException",
        &format!("{} is not pending deletion.", arn_of(&key)),
    );
    let scheduled = keystead
        .call(
            "ScheduleKeyDeletion",
            json!({"KeyId": key, "PendingWindowInDays": 7}),
        )
        .await
        .ok();
    let date = 1_700_000_000.0 + 7.0 * 86_400.0;
    assert_eq!(
        scheduled,
        json!({"KeyId": arn_of(&key), "DeletionDate": date, "KeyState": "PendingDeletion", "PendingWindowInDays": 7})
    );
    let seen = keystead.describe(&key).await;
    assert_eq!(
        (&seen["KeyState"], &seen["Enabled"], &seen["DeletionDate"]),
        (&json!("PendingDeletion"), &json!(false), &json!(date))
    );
    for (operation, members) in [
        ("ScheduleKeyDeletion", json!({})),
        ("EnableKey", json!({})),
        ("DisableKey", json!({})),
        ("UpdateKeyDescription", json!({"Description": "x"})),
        ("TagResource", json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]})),
        ("UntagResource", json!({"TagKeys": ["a"]})),
    ] {
        let mut members = members;
        members["KeyId"] = json!(key);
        keystead.call(operation, members).await.is(
            "KMSInvalidStateException",
            &format!("{} is pending deletion.", arn_of(&key)),
        );
    }
    for operation in [
        "GetKeyPolicy",
        "ListKeyPolicies",
        "ListResourceTags",
        "ListAliases",
    ] {
        keystead.call(operation, subject.clone()).await.ok();
    }
    let cancelled = keystead.call("CancelKeyDeletion", subject.clone()).await.ok();
    assert_eq!(cancelled, json!({"KeyId": arn_of(&key)}));
    let seen = keystead.describe(&key).await;
    assert_eq!(
        (&seen["KeyState"], seen.get("DeletionDate")),
        (&json!("Disabled"), None)
    );
    keystead.clock.advance(8 * DAY);
    keystead.call("EnableKey", subject).await.ok();
    assert_eq!(keystead.describe(&key).await["KeyState"], "Enabled");
}

#[tokio::test]
async fn the_waiting_period_is_30_days_unless_7_to_30_are_asked_for() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    for days in [1, 6, 31, 365] {
        keystead
            .call(
                "ScheduleKeyDeletion",
                json!({"KeyId": key, "PendingWindowInDays": days}),
            )
            .await
            .is(
                "ValidationException",
                "PendingWindowInDays must be between 7 and 30",
            );
    }
    keystead
        .call(
            "ScheduleKeyDeletion",
            json!({"KeyId": ABSENT, "PendingWindowInDays": 1}),
        )
        .await
        .refused("ValidationException");
    let scheduled = keystead
        .call("ScheduleKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(scheduled["PendingWindowInDays"], 30);
}

#[tokio::test]
async fn a_key_whose_deletion_is_due_is_gone_for_everybody_at_once() {
    let keystead = Keystead::start().await;
    let (key, other) = (keystead.key().await, keystead.key().await);
    let alias = json!({"AliasName": "alias/a", "TargetKeyId": key});
    keystead.call("CreateAlias", alias).await.ok();
    keystead
        .call(
            "ScheduleKeyDeletion",
            json!({"KeyId": key, "PendingWindowInDays": 7}),
        )
        .await
        .ok();
    keystead
        .clock
        .advance(7 * DAY - std::time::Duration::from_millis(1));
    assert_eq!(keystead.describe("alias/a").await["KeyState"], "PendingDeletion");
    keystead.clock.advance(std::time::Duration::from_millis(1));
    let gone = format!("Key '{}' does not exist", arn_of(&key));
    for operation in [
        "DescribeKey",
        "CancelKeyDeletion",
        "GetKeyPolicy",
        "EnableKey",
        "ListAliases",
    ] {
        keystead
            .call(operation, json!({"KeyId": key}))
            .await
            .is("NotFoundException", &gone);
    }
    let no_alias = format!("Alias {} is not found.", alias_arn("alias/a"));
    keystead
        .call("DescribeKey", json!({"KeyId": "alias/a"}))
        .await
        .is("NotFoundException", &no_alias);
    keystead
        .call("DeleteAlias", json!({"AliasName": "alias/a"}))
        .await
        .is("NotFoundException", &no_alias);
    let listed = keystead.call("ListKeys", json!({})).await.ok();
    assert_eq!(
        listed["Keys"],
        json!([{"KeyId": other, "KeyArn": arn_of(&other)}])
    );
    assert_eq!(
        keystead.call("ListAliases", json!({})).await.ok()["Aliases"],
        json!([])
    );
    // The name is free, and stays with whoever takes it when the key is destroyed.
    keystead
        .call(
            "CreateAlias",
            json!({"AliasName": "alias/a", "TargetKeyId": other}),
        )
        .await
        .ok();
    assert_eq!(keystead.describe("alias/a").await["KeyId"], json!(other));
    let deleted = keystead.recorded("DeleteKey", GRACE / 4).await;
    assert_eq!(deleted["resources"][0]["ARN"], arn_of(&key));
    assert_eq!(keystead.describe("alias/a").await["KeyId"], json!(other));
}

#[tokio::test]
async fn keys_are_named_by_id_or_arn_and_described_by_alias_too() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead
        .call(
            "CreateAlias",
            json!({"AliasName": "alias/a", "TargetKeyId": arn_of(&key)}),
        )
        .await
        .ok();
    for name in ["alias/a".to_owned(), alias_arn("alias/a")] {
        assert_eq!(keystead.describe(&name).await["KeyId"], json!(key));
        keystead.call("EnableKey", json!({"KeyId": name})).await.is(
            "InvalidArnException",
            "Key Aliases are not supported for this operation.",
        );
    }
    for operation in ["DescribeKey", "EnableKey"] {
        let refused = |name: String| keystead.call(operation, json!({"KeyId": name}));
        refused("nonsense".to_owned())
            .await
            .is("NotFoundException", "Invalid keyId 'nonsense'");
        refused(ABSENT.to_owned()).await.is(
            "NotFoundException",
            &format!("Key '{}' does not exist", arn_of(ABSENT)),
        );
        refused(arn_of(&key).replace(REGION, OTHER_REGION))
            .await
            .is("NotFoundException", &format!("Invalid arn {OTHER_REGION}"));
    }
}

#[tokio::test]
async fn another_accounts_key_is_closed_whether_it_exists_or_not() {
    let keystead = Keystead::start().await;
    let open = policy(&[statement("Allow", &["kms:*"])]);
    let open = keystead.key_with(json!({"Policy": open})).await;
    let closed = keystead.key().await;
    let denied = |action: &str| {
        format!(
            "User: arn:aws:iam::{STRANGER}:root is not authorized to perform: kms:{action} on this resource because \
             the resource does not exist in this Region, no resource-based policies allow access, or a \
             resource-based policy explicitly denies access"
        )
    };
    for (key, operation) in [
        (ABSENT, "DescribeKey"),
        (&closed, "DescribeKey"),
        (ABSENT, "EnableKey"),
        (&closed, "EnableKey"),
        // Managing does not reach across accounts, whatever the policy says.
        (&open, "EnableKey"),
        (&open, "GetKeyPolicy"),
        (&open, "ScheduleKeyDeletion"),
    ] {
        let members = json!({"KeyId": arn_of(key)});
        let answer = keystead.call_as(STRANGER, REGION, operation, members).await;
        answer.is("AccessDeniedException", &denied(operation));
    }
    let members = json!({"KeyId": arn_of(&open)});
    let seen = keystead
        .call_as(STRANGER, REGION, "DescribeKey", members)
        .await
        .ok();
    assert_eq!(seen["KeyMetadata"]["AWSAccountId"], ACCOUNT);
    // An id alone is looked up at home.
    let answer = keystead
        .call_as(STRANGER, REGION, "DescribeKey", json!({"KeyId": open}))
        .await;
    answer.refused("NotFoundException");
}

#[tokio::test]
async fn grant_tokens_are_no_tokens_once_there_is_a_key_that_may_be_used() {
    let keystead = Keystead::start().await;
    for absent in ["junk", ABSENT] {
        let answer = keystead
            .call("DescribeKey", json!({"KeyId": absent, "GrantTokens": ["x"]}))
            .await;
        answer.refused("NotFoundException");
    }
    let key = keystead.key().await;
    let answer = keystead
        .call("DescribeKey", json!({"KeyId": key, "GrantTokens": ["x"]}))
        .await;
    answer.refused("InvalidGrantTokenException");
}

#[tokio::test]
async fn records_tell_what_cloudtrail_tells() {
    let keystead = Keystead::start().await;
    let text = policy(&[statement("Allow", &["kms:*"])]);
    let members = json!({"Description": "d", "Policy": text, "Tags": [{"TagKey": "a", "TagValue": "b"}]});
    let key = keystead.key_with(members).await;
    let record = keystead.record().await;
    assert_eq!(
        (&record["eventName"], &record["readOnly"]),
        (&json!("CreateKey"), &json!(false))
    );
    assert_eq!(
        record["requestParameters"],
        json!({
            "description": "d", "policy": text, "tags": [{"tagKey": "a", "tagValue": "b"}],
            "bypassPolicyLockoutSafetyCheck": false,
        })
    );
    let made = &record["responseElements"]["keyMetadata"];
    assert_eq!(
        (&made["aWSAccountId"], &made["keyId"]),
        (&json!(ACCOUNT), &json!(key))
    );
    assert_eq!(made["creationDate"], "Nov 14, 2023, 10:13:20 PM");
    let resource = json!([{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": arn_of(&key)}]);
    assert_eq!(record["resources"], resource);

    keystead.call("EnableKey", json!({"KeyId": key})).await.ok();
    let record = keystead.record().await;
    assert_eq!(record["responseElements"], json!({"keyId": arn_of(&key)}));
    assert_eq!(
        (&record["requestParameters"], &record["resources"]),
        (&json!({"keyId": key}), &resource)
    );

    keystead.describe(&key).await;
    let record = keystead.record().await;
    assert_eq!(
        (&record["responseElements"], &record["readOnly"]),
        (&Value::Null, &json!(true))
    );

    keystead
        .call("ScheduleKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();
    let record = keystead.record().await;
    assert_eq!(
        record["responseElements"],
        json!({
            "keyId": arn_of(&key), "deletionDate": "Dec 14, 2023, 10:13:20 PM", "keyState": "PendingDeletion",
            "pendingWindowInDays": 30,
        })
    );

    keystead
        .call("EnableKey", json!({"KeyId": key}))
        .await
        .refused("KMSInvalidStateException");
    let record = keystead.record().await;
    assert_eq!(record["errorCode"], "KMSInvalidStateException");
    assert_eq!(
        record["errorMessage"],
        format!("{} is pending deletion.", arn_of(&key))
    );
    assert_eq!(record["resources"], resource);
    let records = keystead.records().await;
    let names = records
        .iter()
        .filter(|record| record["eventType"] == "AwsApiCall");
    let names = names
        .filter_map(|record| record["eventName"].as_str())
        .filter(|name| *name != "ListKeys");
    let called = [
        "CreateKey",
        "EnableKey",
        "DescribeKey",
        "ScheduleKeyDeletion",
        "EnableKey",
    ];
    assert_eq!(
        names.collect::<Vec<_>>(),
        called,
        "each call is recorded once, in order"
    );
}

#[tokio::test]
async fn a_cancelled_deletion_brings_automatic_rotation_back_as_it_was() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let subject = json!({"KeyId": key});
    keystead
        .call(
            "EnableKeyRotation",
            json!({"KeyId": key, "RotationPeriodInDays": 90}),
        )
        .await
        .ok();
    let before = keystead.call("GetKeyRotationStatus", subject.clone()).await.ok();
    assert_eq!(before["KeyRotationEnabled"], true);
    keystead.clock.advance(DAY);
    keystead.call("ScheduleKeyDeletion", subject.clone()).await.ok();
    let during = keystead.call("GetKeyRotationStatus", subject.clone()).await.ok();
    assert_eq!(during["KeyRotationEnabled"], false);
    keystead.clock.advance(DAY);
    keystead.call("CancelKeyDeletion", subject.clone()).await.ok();
    assert_eq!(keystead.call("GetKeyRotationStatus", subject).await.ok(), before);
}

#[tokio::test]
async fn a_rotation_that_fell_due_while_its_key_was_off_is_made_up_for() {
    let keystead = Keystead::start().await;
    let (disabled, dying, witness) = (keystead.key().await, keystead.key().await, keystead.key().await);
    let rotate = |key: &str| json!({"KeyId": key, "RotationPeriodInDays": 90});
    let rotated = |answer: &Answer| {
        answer.body["Rotations"]
            .as_array()
            .is_some_and(|all| all.len() == 1)
    };
    for key in [&disabled, &dying] {
        keystead.call("EnableKeyRotation", rotate(key)).await.ok();
    }
    keystead.call("DisableKey", json!({"KeyId": disabled})).await.ok();
    keystead.clock.advance(DAY);
    keystead.call("EnableKeyRotation", rotate(&witness)).await.ok();
    keystead.clock.advance(79 * DAY);
    keystead
        .call("ScheduleKeyDeletion", json!({"KeyId": dying}))
        .await
        .ok();
    keystead.clock.advance(15 * DAY);
    // What is due is done in order, and the witness was due last.
    keystead
        .until("ListKeyRotations", json!({"KeyId": witness}), rotated)
        .await
        .ok();
    keystead
        .call("CancelKeyDeletion", json!({"KeyId": dying}))
        .await
        .ok();
    for key in [&disabled, &dying] {
        let subject = json!({"KeyId": key});
        let rotations = keystead.call("ListKeyRotations", subject.clone()).await.ok();
        assert_eq!(
            rotations["Rotations"],
            json!([]),
            "a key that is off does not rotate"
        );
        keystead.call("EnableKey", subject.clone()).await.ok();
        let rotations = keystead.until("ListKeyRotations", subject, rotated).await.ok();
        assert_eq!(rotations["Rotations"][0]["RotationType"], "AUTOMATIC");
    }
}
