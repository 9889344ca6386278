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
    (
        "ConnectCustomKeyStore",
        ["missing", "missing", "missing", "missing"],
    ),
    ("CreateAlias", ["ok", "denied", "denied", "denied"]),
    (
        "CreateCustomKeyStore",
        ["unsupported", "unsupported", "unsupported", "unsupported"],
    ),
    ("CreateGrant", ["ok", "denied", "denied", "ok"]),
    ("CreateKey", ["ok", "ok", "ok", "ok"]),
    ("Decapsulate", ["ok", "denied", "denied", "ok"]),
    ("Decrypt", ["ok", "denied", "denied", "ok"]),
    ("DeleteAlias", ["ok", "denied", "absent", "absent"]),
    (
        "DeleteCustomKeyStore",
        ["missing", "missing", "missing", "missing"],
    ),
    ("DeriveSharedSecret", ["ok", "denied", "denied", "ok"]),
    ("DescribeCustomKeyStores", ["ok", "ok", "ok", "ok"]),
    ("DeleteImportedKeyMaterial", ["ok", "denied", "denied", "denied"]),
    ("DescribeKey", ["ok", "denied", "denied", "ok"]),
    ("DisableKey", ["ok", "denied", "denied", "denied"]),
    ("DisableKeyRotation", ["ok", "denied", "denied", "denied"]),
    (
        "DisconnectCustomKeyStore",
        ["missing", "missing", "missing", "missing"],
    ),
    ("EnableKey", ["ok", "denied", "denied", "denied"]),
    ("EnableKeyRotation", ["ok", "denied", "denied", "denied"]),
    ("Encapsulate", ["ok", "denied", "denied", "ok"]),
    ("Encrypt", ["ok", "denied", "denied", "ok"]),
    ("GenerateDataKey", ["ok", "denied", "denied", "ok"]),
    ("GenerateDataKeyPair", ["ok", "denied", "denied", "ok"]),
    (
        "GenerateDataKeyPairWithoutPlaintext",
        ["ok", "denied", "denied", "ok"],
    ),
    (
        "GenerateDataKeyWithoutPlaintext",
        ["ok", "denied", "denied", "ok"],
    ),
    ("GenerateMac", ["ok", "denied", "denied", "ok"]),
    ("GenerateRandom", ["ok", "ok", "ok", "ok"]),
    ("GetKeyLastUsage", ["ok", "denied", "denied", "denied"]),
    ("GetKeyPolicy", ["ok", "denied", "denied", "denied"]),
    ("GetKeyRotationStatus", ["ok", "denied", "denied", "ok"]),
    ("GetPublicKey", ["ok", "denied", "denied", "ok"]),
    ("GetParametersForImport", ["ok", "denied", "denied", "denied"]),
    ("ImportKeyMaterial", ["ok", "denied", "denied", "denied"]),
    ("ListAliases", ["ok", "ok", "denied", "denied"]),
    ("ListGrants", ["ok", "denied", "denied", "ok"]),
    ("ListKeyPolicies", ["ok", "denied", "denied", "denied"]),
    ("ListKeyRotations", ["ok", "denied", "denied", "denied"]),
    ("ListKeys", ["ok", "ok", "ok", "ok"]),
    ("ListResourceTags", ["ok", "denied", "denied", "denied"]),
    ("ListRetirableGrants", ["ok", "ok", "ok", "ok"]),
    ("PutKeyPolicy", ["ok", "denied", "denied", "denied"]),
    ("ReEncrypt", ["ok", "denied", "denied", "ok"]),
    ("ReplicateKey", ["ok", "denied", "denied", "denied"]),
    // No key policy lets anybody retire a grant.
    ("RetireGrant", ["ok", "denied", "denied", "denied"]),
    ("RevokeGrant", ["ok", "denied", "denied", "ok"]),
    ("RotateKeyOnDemand", ["ok", "denied", "denied", "denied"]),
    ("ScheduleKeyDeletion", ["ok", "denied", "denied", "denied"]),
    ("Sign", ["ok", "denied", "denied", "ok"]),
    ("TagResource", ["ok", "denied", "denied", "denied"]),
    ("UntagResource", ["ok", "denied", "denied", "denied"]),
    ("UpdateAlias", ["ok", "denied", "denied", "denied"]),
    (
        "UpdateCustomKeyStore",
        ["missing", "missing", "missing", "missing"],
    ),
    ("UpdateKeyDescription", ["ok", "denied", "denied", "denied"]),
    ("UpdatePrimaryRegion", ["ok", "denied", "denied", "denied"]),
    ("Verify", ["ok", "denied", "denied", "ok"]),
    ("VerifyMac", ["ok", "denied", "denied", "ok"]),
];

/// What kind of key an operation is tried on.
fn kind(operation: &str) -> Value {
    match operation {
        "Sign" | "Verify" => json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}),
        "DeriveSharedSecret" | "GetPublicKey" => {
            json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"})
        }
        "GenerateMac" | "VerifyMac" => json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
        "Encapsulate" | "Decapsulate" => {
            json!({"KeySpec": "ML_KEM_512", "KeyUsage": "ENCAPSULATE_DECAPSULATE"})
        }
        "ReplicateKey" | "UpdatePrimaryRegion" => json!({"MultiRegion": true}),
        _ => json!({}),
    }
}

/// What an operation is called with, beside its key. `made` is what the key made before: a ciphertext, a signature.
fn request(operation: &str, key: &str, alias: &str, made: &Value) -> Value {
    let mut members = match operation {
        "CreateKey" | "ListKeys" | "DescribeCustomKeyStores" => return json!({}),
        "CreateCustomKeyStore" => return json!({"CustomKeyStoreName": "x"}),
        "UpdateCustomKeyStore"
        | "ConnectCustomKeyStore"
        | "DisconnectCustomKeyStore"
        | "DeleteCustomKeyStore" => {
            return json!({"CustomKeyStoreId": "cks-1234567890abcdef0"});
        }
        "ListRetirableGrants" => return json!({"RetiringServicePrincipal": "ebs.us-east-1.amazonaws.com"}),
        "GenerateRandom" => return json!({"NumberOfBytes": 1}),
        "CreateAlias" => return json!({"AliasName": format!("{alias}/new"), "TargetKeyId": key}),
        "UpdateAlias" => return json!({"AliasName": alias, "TargetKeyId": key}),
        "DeleteAlias" => return json!({"AliasName": alias}),
        "ReEncrypt" => {
            return json!({"CiphertextBlob": made, "SourceKeyId": key, "DestinationKeyId": key});
        }
        "CreateGrant" => {
            json!({"GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": ["Encrypt"]})
        }
        "RetireGrant" | "RevokeGrant" => json!({"GrantId": made}),
        "Decrypt" => json!({"CiphertextBlob": made}),
        "Encrypt" => json!({"Plaintext": "eA=="}),
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => json!({"KeySpec": "AES_256"}),
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            json!({"KeyPairSpec": "ECC_NIST_P256"})
        }
        "Sign" => json!({"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256"}),
        "Verify" => json!({"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": made}),
        "GenerateMac" => json!({"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256"}),
        "VerifyMac" => json!({"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": made}),
        "DeriveSharedSecret" => json!({"KeyAgreementAlgorithm": "ECDH", "PublicKey": made}),
        "Encapsulate" => json!({"EncapsulationAlgorithm": "ML_KEM"}),
        "Decapsulate" => json!({"EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": made}),
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
        "GetParametersForImport" | "ImportKeyMaterial" | "DeleteImportedKeyMaterial" => {
            keystead.imported(&[1; 32]).await
        }
        _ => keystead.key_with(kind(operation)).await,
    };
    if operation == "UpdatePrimaryRegion" {
        let members = json!({"KeyId": key, "ReplicaRegion": OTHER_REGION});
        keystead.call("ReplicateKey", members).await.ok();
    }
    let alias = format!("alias/{key}");
    let members = json!({"AliasName": alias, "TargetKeyId": key});
    keystead.call("CreateAlias", members).await.ok();
    // What the operation takes comes of the one before it.
    let (maker, member) = match operation {
        "Verify" => ("Sign", "Signature"),
        "VerifyMac" => ("GenerateMac", "Mac"),
        "DeriveSharedSecret" => ("GetPublicKey", "PublicKey"),
        "Decapsulate" => ("Encapsulate", "SharedSecretCiphertextBlob"),
        "Decrypt" | "ReEncrypt" => ("Encrypt", "CiphertextBlob"),
        "RetireGrant" | "RevokeGrant" => ("CreateGrant", "GrantId"),
        _ => ("DescribeKey", "KeyMetadata"),
    };
    let members = request(maker, &key, &alias, &Value::Null);
    let made = keystead.call(maker, members).await.ok()[member].take();
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
    let usual = request(operation, &arn_of(&key), &alias, &made);
    let members = import.unwrap_or(usual);
    let answer = keystead.call_as(caller, REGION, operation, members).await;
    match (answer.status, answer.body["__type"].as_str()) {
        (200, _) => "ok",
        (_, Some("AccessDeniedException")) => "denied",
        (_, Some("NotFoundException")) => "absent",
        (_, Some("CustomKeyStoreNotFoundException")) => "missing",
        (_, Some("UnsupportedOperationException")) => "unsupported",
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
