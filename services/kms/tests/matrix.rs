//! Who may do what: every operation, before every kind of caller and policy.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

mod common;

use std::collections::BTreeSet;

use common::wrapping::{USUAL, text, wrap};
use common::*;
use serde_json::{Value, json};

/// For each operation what comes of it when the account's root user calls under the default policy; when it calls
/// under a policy that denies everything; when another account's root user calls under the default policy; and when
/// it calls under a policy that allows everybody everything.
const MATRIX: &[(&str, [&str; 4])] = &[
    ("CancelKeyDeletion", ["ok", "denied", "denied", "denied"]),
    ("CreateAlias", ["ok", "denied", "denied", "denied"]),
    ("CreateKey", ["ok", "ok", "ok", "ok"]),
    ("Decrypt", ["ok", "denied", "denied", "ok"]),
    ("DeleteAlias", ["ok", "denied", "absent", "absent"]),
    ("DeleteImportedKeyMaterial", ["ok", "denied", "denied", "denied"]),
    ("DescribeKey", ["ok", "denied", "denied", "ok"]),
    ("DisableKey", ["ok", "denied", "denied", "denied"]),
    ("DisableKeyRotation", ["ok", "denied", "denied", "denied"]),
    ("EnableKey", ["ok", "denied", "denied", "denied"]),
    ("EnableKeyRotation", ["ok", "denied", "denied", "denied"]),
    ("Encrypt", ["ok", "denied", "denied", "ok"]),
    ("GenerateDataKey", ["ok", "denied", "denied", "ok"]),
    (
        "GenerateDataKeyWithoutPlaintext",
        ["ok", "denied", "denied", "ok"],
    ),
    ("GenerateRandom", ["ok", "ok", "ok", "ok"]),
    ("GetKeyPolicy", ["ok", "denied", "denied", "denied"]),
    ("GetKeyRotationStatus", ["ok", "denied", "denied", "ok"]),
    ("GetParametersForImport", ["ok", "denied", "denied", "denied"]),
    ("ImportKeyMaterial", ["ok", "denied", "denied", "denied"]),
    ("ListAliases", ["ok", "ok", "denied", "denied"]),
    ("ListKeyPolicies", ["ok", "denied", "denied", "denied"]),
    ("ListKeyRotations", ["ok", "denied", "denied", "denied"]),
    ("ListKeys", ["ok", "ok", "ok", "ok"]),
    ("ListResourceTags", ["ok", "denied", "denied", "denied"]),
    ("PutKeyPolicy", ["ok", "denied", "denied", "denied"]),
    ("ReEncrypt", ["ok", "denied", "denied", "ok"]),
    ("ReplicateKey", ["ok", "denied", "denied", "denied"]),
    ("RotateKeyOnDemand", ["ok", "denied", "denied", "denied"]),
    ("ScheduleKeyDeletion", ["ok", "denied", "denied", "denied"]),
    ("TagResource", ["ok", "denied", "denied", "denied"]),
    ("UntagResource", ["ok", "denied", "denied", "denied"]),
    ("UpdateAlias", ["ok", "denied", "denied", "denied"]),
    ("UpdateKeyDescription", ["ok", "denied", "denied", "denied"]),
    ("UpdatePrimaryRegion", ["ok", "denied", "denied", "denied"]),
];

/// What an operation is called with, beside its key.
fn request(operation: &str, key: &str, alias: &str, ciphertext: &Value) -> Value {
    let mut members = match operation {
        "CreateKey" | "ListKeys" => return json!({}),
        "GenerateRandom" => return json!({"NumberOfBytes": 1}),
        "CreateAlias" => return json!({"AliasName": format!("{alias}/new"), "TargetKeyId": key}),
        "UpdateAlias" => return json!({"AliasName": alias, "TargetKeyId": key}),
        "DeleteAlias" => return json!({"AliasName": alias}),
        "ReEncrypt" => {
            return json!({"CiphertextBlob": ciphertext, "SourceKeyId": key, "DestinationKeyId": key});
        }
        "Decrypt" => json!({"CiphertextBlob": ciphertext}),
        "Encrypt" => json!({"Plaintext": "eA=="}),
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => json!({"KeySpec": "AES_256"}),
        "PutKeyPolicy" => json!({"Policy": policy(&[statement("Allow", &["kms:*"])])}),
        "TagResource" => json!({"Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        "UntagResource" => json!({"TagKeys": ["k"]}),
        "ReplicateKey" => json!({"ReplicaRegion": THIRD_REGION}),
        "GetParametersForImport" => json!({"WrappingAlgorithm": USUAL.0, "WrappingKeySpec": USUAL.1}),
        "UpdatePrimaryRegion" => json!({"PrimaryRegion": OTHER_REGION}),
        "UpdateKeyDescription" => json!({"Description": "d"}),
        _ => json!({}),
    };
    members["KeyId"] = json!(key);
    members
}

/// An import of the material that a key has already.
async fn import_of(keystead: &Keystead, key: &str) -> Value {
    let parameters = keystead.parameters(REGION, key, USUAL).await;
    json!({
        "KeyId": arn_of(key), "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": text(&wrap(USUAL.0, &parameters, &[1; 32])),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    })
}

/// What comes of one call to a key made for it.
async fn outcome(keystead: &Keystead, operation: &str, caller: &str, policy: Option<&str>) -> &'static str {
    let key = match operation {
        "ReplicateKey" | "UpdatePrimaryRegion" => keystead.key_with(json!({"MultiRegion": true})).await,
        "GetParametersForImport" | "ImportKeyMaterial" | "DeleteImportedKeyMaterial" => {
            keystead.imported(&[1; 32]).await
        }
        _ => keystead.key().await,
    };
    if operation == "UpdatePrimaryRegion" {
        let members = json!({"KeyId": key, "ReplicaRegion": OTHER_REGION});
        keystead.call("ReplicateKey", members).await.ok();
    }
    let alias = format!("alias/{key}");
    let members = json!({"AliasName": alias, "TargetKeyId": key});
    keystead.call("CreateAlias", members).await.ok();
    let sealed = keystead
        .call("Encrypt", json!({"KeyId": key, "Plaintext": "eA=="}))
        .await
        .ok();
    if operation == "CancelKeyDeletion" {
        keystead
            .call("ScheduleKeyDeletion", json!({"KeyId": key}))
            .await
            .ok();
    }
    let import = match operation {
        "ImportKeyMaterial" => Some(import_of(keystead, &key).await),
        _ => None,
    };
    if let Some(text) = policy {
        let members = json!({"KeyId": key, "Policy": text, "BypassPolicyLockoutSafetyCheck": true});
        keystead.call("PutKeyPolicy", members).await.ok();
    }
    let usual = request(operation, &arn_of(&key), &alias, &sealed["CiphertextBlob"]);
    let members = import.unwrap_or(usual);
    let answer = keystead.call_as(caller, REGION, operation, members).await;
    match (answer.status, answer.body["__type"].as_str()) {
        (200, _) => "ok",
        (_, Some("AccessDeniedException")) => "denied",
        (_, Some("NotFoundException")) => "absent",
        _ => panic!("{operation}: {}", answer.body),
    }
}

#[tokio::test]
async fn who_may_do_what() {
    let denying = policy(&[statement("Allow", &["kms:*"]), statement("Deny", &["kms:*"])]);
    let opening = policy(&[statement("Allow", &["kms:*"])]);
    let keystead = Keystead::start().await;
    for (operation, expected) in MATRIX {
        let seen = [
            outcome(&keystead, operation, ACCOUNT, None).await,
            outcome(&keystead, operation, ACCOUNT, Some(&denying)).await,
            outcome(&keystead, operation, STRANGER, None).await,
            outcome(&keystead, operation, STRANGER, Some(&opening)).await,
        ];
        assert_eq!(&seen, expected, "{operation}");
    }
}

#[test]
fn the_matrix_has_every_operation() {
    let listed: BTreeSet<&str> = MATRIX.iter().map(|(operation, _)| *operation).collect();
    let built: BTreeSet<&str> = kms::OPERATIONS
        .iter()
        .map(|operation| operation.spec().name)
        .collect();
    assert_eq!(listed, built);
}
