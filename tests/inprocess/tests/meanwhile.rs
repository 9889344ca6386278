//! What is decided holds until it is done: whatever takes a right away while a call is between its decision and its end
//! has the call decided anew. Each call is stopped there, the right is taken, and the call goes on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use inprocess::*;
use serde_json::{Value, json};

/// A call of `operation` that stops before it is done, while `meanwhile` runs to its end.
async fn stopped(
    keystead: &Keystead,
    caller: &Credentials,
    (operation, members): (&str, Value),
    meanwhile: impl AsyncFnOnce(),
) -> Answer {
    keystead.steps().arm();
    let call = keystead.call_with(caller, REGION, operation, members);
    let change = async {
        // The call's own thread stands.
        keystead.steps().stopped();
        meanwhile().await;
        keystead.steps().go();
    };
    let (answer, ()) = tokio::join!(call, change);
    answer
}

/// A call that uses a key.
type Use = fn(&str) -> (&'static str, Value);

/// One that answers out of the key, and one that changes the store.
const USES: [Use; 2] = [
    |key| ("GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 32})),
    |key| {
        let members = json!({"KeyId": key, "GranteePrincipal": root(), "Operations": ["Encrypt"]});
        ("CreateGrant", members)
    },
];

const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_nothing_was_taken_from_is_done() {
    let keystead = Keystead::start().await;
    let ada = keystead.user(ACCOUNT, "ada", Some(ALL)).await;
    let (key, other) = (keystead.key().await, keystead.key().await);
    for call in USES {
        let meanwhile = async || {
            keystead.call("DisableKey", json!({"KeyId": other})).await.ok();
        };
        stopped(&keystead, &ada, call(&key), meanwhile).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_is_disabled_meanwhile_is_not_used() {
    let keystead = Keystead::start().await;
    for call in USES {
        let key = keystead.key().await;
        let meanwhile = async || {
            keystead.call("DisableKey", json!({"KeyId": key})).await.ok();
        };
        let answer = stopped(&keystead, &keystead.root(ACCOUNT), call(&key), meanwhile).await;
        answer.refused("DisabledException");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_policy_that_changes_meanwhile_decides() {
    let keystead = Keystead::start().await;
    let denying = policy(&[
        statement("Allow", &["kms:PutKeyPolicy"]),
        statement("Deny", &["kms:GenerateDataKey", "kms:CreateGrant"]),
    ]);
    for call in USES {
        let key = keystead.key().await;
        let meanwhile = async || {
            let members = json!({"KeyId": key, "Policy": denying});
            keystead.call("PutKeyPolicy", members).await.ok();
        };
        let answer = stopped(&keystead, &keystead.root(ACCOUNT), call(&key), meanwhile).await;
        answer.refused("AccessDeniedException");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_users_policy_boundary_or_access_key_that_goes_meanwhile_is_missed() {
    let keystead = Keystead::start().await;
    let root = keystead.root(ACCOUNT);
    let nothing = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let parameters = [("PolicyName", "nothing"), ("PolicyDocument", nothing)];
    keystead.query(&root, "CreatePolicy", &parameters).await;
    let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/nothing");
    let changes: [(&str, &[(&str, &str)]); 3] = [
        ("DeleteUserPolicy", &[("PolicyName", "own")]),
        (
            "PutUserPermissionsBoundary",
            &[("PermissionsBoundary", &boundary)],
        ),
        ("UpdateAccessKey", &[("Status", "Inactive")]),
    ];
    for (action, parameters) in changes {
        for (index, call) in USES.iter().enumerate() {
            let name = format!("{action}-{index}");
            let user = keystead.user(ACCOUNT, &name, Some(ALL)).await;
            let key = keystead.key().await;
            let meanwhile = async || {
                let mut given = vec![("UserName", name.as_str())];
                given.extend(parameters);
                if action == "UpdateAccessKey" {
                    given.push(("AccessKeyId", user.id()));
                }
                keystead.query(&root, action, &given).await;
            };
            let answer = stopped(&keystead, &user, call(&key), meanwhile).await;
            answer.refused("AccessDeniedException");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_that_is_revoked_meanwhile_gives_nothing() {
    let keystead = Keystead::start().await;
    let user = keystead.user(ACCOUNT, "ada", None).await;
    for call in USES {
        let key = keystead.key().await;
        let members = json!({
            "KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:user/ada"),
            "Operations": ["GenerateDataKey", "CreateGrant", "Encrypt"],
        });
        let grant = keystead.call("CreateGrant", members).await.ok();
        let meanwhile = async || {
            let members = json!({"KeyId": key, "GrantId": grant["GrantId"]});
            keystead.call("RevokeGrant", members).await.ok();
        };
        stopped(&keystead, &user, call(&key), meanwhile)
            .await
            .refused("AccessDeniedException");
    }
}
