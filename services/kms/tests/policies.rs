//! Key policies: what may be stored, and what they do to those who store them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

use inprocess::*;
use serde_json::{Value, json};

const LOCKOUT: &str = "The new key policy will not allow you to update the key policy in the future.";
const PRINCIPALS: &str = "Policy contains a statement with one or more invalid principals.";

fn put(key: &str, text: &str) -> Value {
    json!({"KeyId": key, "Policy": text})
}

#[tokio::test]
async fn a_policy_is_kept_letter_by_letter() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let kept = keystead.call("GetKeyPolicy", json!({"KeyId": key})).await.ok();
    let text = kept["Policy"].as_str().unwrap();
    assert!(
        text.starts_with("{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n"),
        "{text}"
    );
    let text = format!(" \t{}\r\n", policy(&[statement("Allow", &["kms:*"])]));
    assert_eq!(
        keystead.call("PutKeyPolicy", put(&key, &text)).await.ok(),
        Value::Null
    );
    let kept = keystead
        .call("GetKeyPolicy", json!({"KeyId": key, "PolicyName": "default"}))
        .await
        .ok();
    assert_eq!(kept, json!({"Policy": text, "PolicyName": "default"}));
}

#[tokio::test]
async fn a_key_has_one_policy() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let names = keystead.call("ListKeyPolicies", json!({"KeyId": key})).await.ok();
    assert_eq!(names, json!({"PolicyNames": ["default"], "Truncated": false}));
    keystead
        .call("ListKeyPolicies", json!({"KeyId": key, "Marker": "x"}))
        .await
        .refused("InvalidMarkerException");
    for name in ["other", "AWS_RAM"] {
        keystead
            .call("GetKeyPolicy", json!({"KeyId": key, "PolicyName": name}))
            .await
            .is("NotFoundException", "No such policy exists");
    }
    let named = |name: &str| json!({"KeyId": key, "PolicyName": name, "Policy": "{}"});
    keystead
        .call("PutKeyPolicy", named("other"))
        .await
        .is("NotFoundException", "No such policy exists");
    keystead.call("PutKeyPolicy", named("AWS_RAM")).await.is(
        "ValidationException",
        "The AWS_RAM policy can only be managed by the RAM service.",
    );
}

#[tokio::test]
async fn what_is_no_policy_or_names_nobody_is_not_stored() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let user = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/a"}, "Action": "kms:*", "Resource": "*"});
    let stranger =
        json!({"Effect": "Allow", "Principal": {"AWS": "999988887777"}, "Action": "kms:*", "Resource": "*"});
    let everything = statement("Allow", &["kms:*"]);
    let cases = [
        ("{".to_owned(), "This policy contains invalid Json"),
        ("{}".to_owned(), "Syntax errors in policy."),
        (policy(&[everything.clone(), user]), PRINCIPALS),
        (policy(&[everything.clone(), stranger]), PRINCIPALS),
    ];
    for (text, message) in cases {
        for operation in ["PutKeyPolicy", "CreateKey"] {
            let answer = keystead.call(operation, put(&key, &text)).await;
            answer.is("MalformedPolicyDocumentException", message);
        }
    }
    let text = policy(&[everything]);
    let sized = |bytes: usize| format!("{text}{}", " ".repeat(bytes - text.len()));
    for operation in ["PutKeyPolicy", "CreateKey"] {
        keystead
            .call(operation, put(&key, &sized(32_769)))
            .await
            .refused("LimitExceededException");
    }
    keystead
        .call("PutKeyPolicy", put(&key, &sized(32_768)))
        .await
        .ok();
}

#[tokio::test]
async fn nobody_locks_itself_out_unless_it_says_so() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let everything = statement("Allow", &["kms:*"]);
    let mut conditional = everything.clone();
    conditional["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}});
    let lockouts = [
        policy(&[]),
        policy(&[statement("Allow", &["kms:Encrypt"])]),
        policy(&[everything.clone(), statement("Deny", &["kms:Put*"])]),
        policy(&[conditional]),
    ];
    for text in &lockouts {
        for operation in ["PutKeyPolicy", "CreateKey"] {
            keystead
                .call(operation, put(&key, text))
                .await
                .is("MalformedPolicyDocumentException", LOCKOUT);
            let mut asked = put(&key, text);
            asked["BypassPolicyLockoutSafetyCheck"] = json!(false);
            keystead
                .call(operation, asked)
                .await
                .is("MalformedPolicyDocumentException", LOCKOUT);
        }
        let bypassed = json!({"Policy": text, "BypassPolicyLockoutSafetyCheck": true});
        let locked = keystead.key_with(bypassed).await;
        keystead
            .call("PutKeyPolicy", put(&locked, &policy(&[])))
            .await
            .refused("AccessDeniedException");
    }
    let delegating =
        json!({"Effect": "Allow", "Principal": {"AWS": root()}, "Action": "kms:*", "Resource": "*"});
    keystead
        .call("PutKeyPolicy", put(&key, &policy(&[delegating])))
        .await
        .ok();
}

#[tokio::test]
async fn conditions_on_the_caller_decide() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let when = |effect: &str, actions: &[&str], condition: Value| {
        let mut conditional = statement(effect, actions);
        conditional["Condition"] = condition;
        conditional
    };
    let is_root = |operator: &str| json!({operator: {"aws:PrincipalArn": root()}});
    let lockout = policy(&[when("Allow", &["kms:*"], is_root("ArnNotEquals"))]);
    keystead
        .call("PutKeyPolicy", put(&key, &lockout))
        .await
        .is("MalformedPolicyDocumentException", LOCKOUT);
    let text = policy(&[
        when("Allow", &["kms:*"], is_root("ArnEquals")),
        when("Deny", &["kms:DescribeKey"], is_root("ArnNotLike")),
        when("Deny", &["kms:DisableKey"], is_root("ArnLike")),
        // Of the rest of the request nothing is known here, so this strikes.
        when(
            "Deny",
            &["kms:EnableKey"],
            json!({"StringNotEqualsIfExists": {"aws:SourceIp": "x"}}),
        ),
    ]);
    keystead.call("PutKeyPolicy", put(&key, &text)).await.ok();
    keystead.call("DescribeKey", json!({"KeyId": key})).await.ok();
    for operation in ["DisableKey", "EnableKey"] {
        keystead
            .call(operation, json!({"KeyId": key}))
            .await
            .refused("AccessDeniedException");
    }
}

#[tokio::test]
async fn a_condition_that_can_not_be_read_is_not_stored() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let overly = "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key \
                  matches requests without the specified [encryption context or tag] or with an unspecified \
                  [encryption context or tag]. To fix, remove ForAllValues.";
    for (condition, message) in [
        (
            json!({"NumericLessThan": {"kms:RotationPeriodInDays": "soon"}}),
            "Syntax errors in policy.",
        ),
        (
            json!({"StringEquals": {"aws:userid": "${aws:userid"}}),
            "Syntax errors in policy.",
        ),
        (
            json!({"ForAllValues:StringEquals": {"kms:EncryptionContext:app": "x"}}),
            overly,
        ),
    ] {
        let mut conditional = statement("Deny", &["kms:Encrypt"]);
        conditional["Condition"] = condition;
        let text = policy(&[statement("Allow", &["kms:*"]), conditional]);
        keystead
            .call("PutKeyPolicy", put(&key, &text))
            .await
            .is("MalformedPolicyDocumentException", message);
    }
}

#[tokio::test]
async fn a_policy_is_asked_before_it_is_read_or_the_state_is_told() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let denying = policy(&[
        statement("Allow", &["kms:*"]),
        statement("Deny", &["kms:PutKeyPolicy", "kms:EnableKey"]),
    ]);
    let mut members = put(&key, &denying);
    members["BypassPolicyLockoutSafetyCheck"] = json!(true);
    keystead.call("PutKeyPolicy", members).await.ok();
    keystead
        .call("ScheduleKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();
    for (operation, members) in [
        ("PutKeyPolicy", put(&key, "{}")),
        ("EnableKey", json!({"KeyId": key})),
    ] {
        keystead.call(operation, members).await.is(
            "AccessDeniedException",
            &format!(
                "User: {} is not authorized to perform: kms:{operation} on resource: {} with an explicit deny in a \
                 resource-based policy",
                root(),
                arn_of(&key)
            ),
        );
    }
}

#[tokio::test]
async fn records_tell_the_policy_and_whether_the_check_was_skipped() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let text = policy(&[statement("Allow", &["kms:*"])]);
    keystead.call("PutKeyPolicy", put(&key, &text)).await.ok();
    let record = keystead.record().await;
    assert_eq!(
        record["requestParameters"],
        json!({"keyId": key, "policy": text, "bypassPolicyLockoutSafetyCheck": false})
    );
    keystead.call("GetKeyPolicy", json!({"KeyId": key})).await.ok();
    assert_eq!(keystead.record().await["responseElements"], Value::Null);
}
