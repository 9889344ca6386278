//! Aliases: their names, their keys, their lists.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

use inprocess::*;
use serde_json::{Value, json};

fn alias(name: &str, key: &str) -> Value {
    json!({"AliasName": name, "TargetKeyId": key})
}

/// Names and keys of a list.
fn listed(answer: &Value) -> Vec<(&str, &str)> {
    let entries = answer["Aliases"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            (
                entry["AliasName"].as_str().unwrap(),
                entry["TargetKeyId"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn an_alias_is_made_moved_and_deleted() {
    let keystead = Keystead::start().await;
    let (first, second) = (keystead.key().await, keystead.key().await);
    assert_eq!(
        keystead.call("CreateAlias", alias("alias/a", &first)).await.ok(),
        Value::Null
    );
    let entry = |key: &str, updated: f64| {
        json!([{
            "AliasName": "alias/a", "AliasArn": alias_arn("alias/a"), "TargetKeyId": key,
            "CreationDate": 1_700_000_000.0, "LastUpdatedDate": updated,
        }])
    };
    let list = keystead.call("ListAliases", json!({})).await.ok();
    assert_eq!(
        list,
        json!({"Aliases": entry(&first, 1_700_000_000.0), "Truncated": false})
    );
    keystead.clock.advance(DAY);
    assert_eq!(
        keystead.call("UpdateAlias", alias("alias/a", &second)).await.ok(),
        Value::Null
    );
    let list = keystead.call("ListAliases", json!({"KeyId": second})).await.ok();
    assert_eq!(list["Aliases"], entry(&second, 1_700_086_400.0));
    assert_eq!(
        keystead.call("ListAliases", json!({"KeyId": first})).await.ok()["Aliases"],
        json!([])
    );
    keystead.clock.advance(DAY);
    keystead.call("UpdateAlias", alias("alias/a", &second)).await.ok();
    let list = keystead.call("ListAliases", json!({"KeyId": second})).await.ok();
    assert_eq!(list["Aliases"], entry(&second, 1_700_172_800.0));
    assert_eq!(
        keystead
            .call("DeleteAlias", json!({"AliasName": "alias/a"}))
            .await
            .ok(),
        Value::Null
    );
    assert_eq!(
        keystead.call("ListAliases", json!({})).await.ok()["Aliases"],
        json!([])
    );
    let gone = format!("Alias {} is not found.", alias_arn("alias/a"));
    keystead
        .call("DeleteAlias", json!({"AliasName": "alias/a"}))
        .await
        .is("NotFoundException", &gone);
    keystead
        .call("UpdateAlias", alias("alias/a", &first))
        .await
        .is("NotFoundException", &gone);
}

#[tokio::test]
async fn a_name_is_taken_once_in_each_region() {
    let keystead = Keystead::start().await;
    let (first, second) = (keystead.key().await, keystead.key().await);
    keystead.call("CreateAlias", alias("alias/a", &first)).await.ok();
    for key in [&first, &second] {
        keystead.call("CreateAlias", alias("alias/a", key)).await.is(
            "AlreadyExistsException",
            &format!("An alias with the name {} already exists", alias_arn("alias/a")),
        );
    }
    keystead.call("CreateAlias", alias("alias/A", &second)).await.ok();
    let there = keystead
        .call_as(ACCOUNT, OTHER_REGION, "CreateKey", json!({}))
        .await
        .ok();
    let there = there["KeyMetadata"]["KeyId"].as_str().unwrap();
    keystead
        .call_as(ACCOUNT, OTHER_REGION, "CreateAlias", alias("alias/a", there))
        .await
        .ok();
}

#[tokio::test]
async fn names_and_targets_are_checked_before_anything_is_looked_up() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead.call("CreateAlias", alias("alias/a", &key)).await.ok();
    let prefix = "Alias must start with the prefix \"alias/\". Please see \
                  https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
    for (name, message) in [
        ("payments", prefix),
        ("alias/", "Invalid identifier"),
        ("alias/a:b", "alias/a:b contains invalid characters for an alias"),
    ] {
        for operation in ["CreateAlias", "UpdateAlias"] {
            keystead
                .call(operation, alias(name, ABSENT))
                .await
                .is("ValidationException", message);
        }
        keystead
            .call("DeleteAlias", json!({"AliasName": name}))
            .await
            .is("ValidationException", message);
    }
    for operation in ["CreateAlias", "UpdateAlias", "DeleteAlias"] {
        keystead
            .call(operation, alias("alias/aws/s3", &key))
            .await
            .is("NotAuthorizedException", "");
    }
    for target in ["alias/a".to_owned(), alias_arn("alias/a")] {
        for operation in ["CreateAlias", "UpdateAlias"] {
            keystead
                .call(operation, alias("alias/b", &target))
                .await
                .is("ValidationException", "Aliases must refer to keys. Not aliases");
        }
    }
    keystead.call("CreateAlias", alias("alias/b", ABSENT)).await.is(
        "NotFoundException",
        &format!("Key '{}' does not exist", arn_of(ABSENT)),
    );
}

#[tokio::test]
async fn a_key_has_50_aliases_at_most() {
    let keystead = Keystead::start().await;
    let (full, other) = (keystead.key().await, keystead.key().await);
    for number in 0..50 {
        keystead
            .call("CreateAlias", alias(&format!("alias/{number}"), &full))
            .await
            .ok();
    }
    keystead
        .call("CreateAlias", alias("alias/more", &full))
        .await
        .refused("LimitExceededException");
    keystead
        .call("CreateAlias", alias("alias/more", &other))
        .await
        .ok();
    keystead
        .call("UpdateAlias", alias("alias/more", &full))
        .await
        .refused("LimitExceededException");
    keystead.call("UpdateAlias", alias("alias/7", &full)).await.ok();
    keystead
        .call("DeleteAlias", json!({"AliasName": "alias/7"}))
        .await
        .ok();
    keystead
        .call("UpdateAlias", alias("alias/more", &full))
        .await
        .ok();
}

#[tokio::test]
async fn of_callers_who_hurry_for_one_name_one_gets_it() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let calls = (0..8).map(|_| keystead.call("CreateAlias", alias("alias/a", &key)));
    let calls: Vec<_> = calls.map(|call| async { call.await.status }).collect();
    let mut won = 0;
    for status in join_all(calls).await {
        won += usize::from(status == 200);
    }
    assert_eq!(won, 1);
    let records = keystead.records().await;
    assert_eq!(
        records
            .iter()
            .filter(|record| record["eventName"] == "CreateAlias")
            .count(),
        8
    );
}

#[tokio::test]
async fn callers_who_hurry_do_not_pass_the_limit() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    for number in 0..47 {
        keystead
            .call("CreateAlias", alias(&format!("alias/{number}"), &key))
            .await
            .ok();
    }
    let calls = (0..8).map(|number| {
        let call = keystead.call("CreateAlias", alias(&format!("alias/more/{number}"), &key));
        async { call.await.status }
    });
    let calls: Vec<_> = calls.collect();
    let won = join_all(calls)
        .await
        .into_iter()
        .filter(|status| *status == 200)
        .count();
    assert_eq!(won, 3);
}

#[tokio::test]
async fn a_key_that_waits_for_deletion_keeps_its_aliases_and_gets_no_more() {
    let keystead = Keystead::start().await;
    let (going, staying) = (keystead.key().await, keystead.key().await);
    keystead.call("CreateAlias", alias("alias/a", &going)).await.ok();
    keystead
        .call("CreateAlias", alias("alias/b", &staying))
        .await
        .ok();
    keystead
        .call("ScheduleKeyDeletion", json!({"KeyId": going}))
        .await
        .ok();
    let pending = format!("{} is pending deletion.", arn_of(&going));
    for (operation, name) in [
        ("CreateAlias", "alias/c"),
        ("CreateAlias", "alias/a"),
        ("UpdateAlias", "alias/b"),
    ] {
        keystead
            .call(operation, alias(name, &going))
            .await
            .is("KMSInvalidStateException", &pending);
    }
    let list = keystead.call("ListAliases", json!({"KeyId": going})).await.ok();
    assert_eq!(listed(&list), [("alias/a", going.as_str())]);
    keystead
        .call("UpdateAlias", alias("alias/a", &staying))
        .await
        .ok();
    assert_eq!(keystead.describe("alias/a").await["KeyId"], json!(staying));
}

#[tokio::test]
async fn an_alias_is_managed_by_who_may_manage_its_keys() {
    let keystead = Keystead::start().await;
    let (open, closed) = (keystead.key().await, keystead.key().await);
    keystead.call("CreateAlias", alias("alias/a", &open)).await.ok();
    keystead.call("CreateAlias", alias("alias/b", &closed)).await.ok();
    let everything = statement("Allow", &["kms:*"]);
    let denied = statement("Deny", &["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"]);
    let text = policy(&[everything, denied]);
    keystead
        .call("PutKeyPolicy", json!({"KeyId": closed, "Policy": text}))
        .await
        .ok();
    for (operation, name, key) in [
        ("CreateAlias", "alias/c", &closed),
        ("UpdateAlias", "alias/a", &closed),
        ("UpdateAlias", "alias/b", &open),
        ("UpdateAlias", "alias/b", &closed),
        ("DeleteAlias", "alias/b", &closed),
    ] {
        keystead.call(operation, alias(name, key)).await.is(
            "AccessDeniedException",
            &format!(
                "User: {} is not authorized to perform: kms:{operation} on resource: {} with an explicit deny in a \
                 resource-based policy",
                root(),
                arn_of(&closed)
            ),
        );
    }
}

#[tokio::test]
async fn records_of_aliases_name_the_alias_and_its_keys() {
    let keystead = Keystead::start().await;
    let (first, second) = (keystead.key().await, keystead.key().await);
    let resource = |arn: String| json!({"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": arn});
    keystead.call("CreateAlias", alias("alias/a", &first)).await.ok();
    let record = keystead.record().await;
    assert_eq!(
        record["requestParameters"],
        json!({"aliasName": "alias/a", "targetKeyId": first})
    );
    assert_eq!(record["responseElements"], json!({"keyId": arn_of(&first)}));
    assert_eq!(
        record["resources"],
        json!([resource(alias_arn("alias/a")), resource(arn_of(&first))])
    );
    keystead.call("UpdateAlias", alias("alias/a", &second)).await.ok();
    let record = keystead.record().await;
    let named = [alias_arn("alias/a"), arn_of(&second), arn_of(&first)].map(resource);
    assert_eq!(record["resources"], json!(named));
}
