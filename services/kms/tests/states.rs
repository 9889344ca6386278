//! Every operation on every kind of key in every state.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

use std::collections::BTreeSet;

use crypto::specs::{Family, KEY_SPECS, KeyUsage, Use};
use inprocess::*;
use serde_json::{Value, json};

/// States that a key can be in here, in the order of the columns below.
const STATES: [&str; 7] = [
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingReplicaDeletion",
    "PendingImport",
    "Creating",
    "Updating",
];

const CRYPTOGRAPHY: &[&str] = &[
    "Encrypt",
    "Decrypt",
    "ReEncrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "Sign",
    "Verify",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
    "Encapsulate",
    "Decapsulate",
    "GetPublicKey",
];
const ROTATION: &[&str] = &["EnableKeyRotation", "DisableKeyRotation"];
const LISTED_ROTATION: &[&str] = &["GetKeyRotationStatus", "ListKeyRotations"];
const IMPORT: &[&str] = &[
    "GetParametersForImport",
    "ImportKeyMaterial",
    "DeleteImportedKeyMaterial",
];

/// What each state does to an operation, as AWS tells it in one table: `ok`, or the refusal: D is disabled, P is pending
/// deletion, NP is not pending deletion, I is pending import, C is creating, Z is updating.
///
/// Source: KMS Developer Guide, "Key states of AWS KMS keys".
const TABLE: &[(&[&str], [&str; 7])] = &[
    (&["CancelKeyDeletion"], ["NP", "NP", "ok", "ok", "NP", "NP", "NP"]),
    (
        &["CreateAlias", "UpdateAlias"],
        ["ok", "ok", "P", "P", "ok", "ok", "ok"],
    ),
    (
        &[
            "DeleteAlias",
            "DescribeKey",
            "GetKeyPolicy",
            "PutKeyPolicy",
            "ListAliases",
            "ListKeyPolicies",
            "ListResourceTags",
            "GetKeyLastUsage",
            "ListGrants",
            "RetireGrant",
            "RevokeGrant",
        ],
        ["ok"; 7],
    ),
    (&["CreateGrant"], ["ok", "D", "P", "P", "I", "C", "ok"]),
    (CRYPTOGRAPHY, ["ok", "D", "P", "P", "I", "C", "ok"]),
    (
        &["EnableKey", "DisableKey"],
        ["ok", "ok", "P", "P", "I", "C", "Z"],
    ),
    (ROTATION, ["ok", "D", "P", "P", "I", "C", "ok"]),
    (LISTED_ROTATION, ["ok"; 7]),
    (&["RotateKeyOnDemand"], ["ok", "D", "P", "P", "I", "C", "Z"]),
    (
        &["GetParametersForImport"],
        ["ok", "ok", "P", "P", "ok", "C", "Z"],
    ),
    (&["ImportKeyMaterial"], ["ok", "ok", "P", "P", "ok", "C", "ok"]),
    (
        &["DeleteImportedKeyMaterial"],
        ["ok", "ok", "ok", "ok", "ok", "C", "Z"],
    ),
    (&["ReplicateKey"], ["ok", "D", "P", "P", "I", "C", "Z"]),
    (&["UpdatePrimaryRegion"], ["ok", "D", "P", "P", "I", "C", "ok"]),
    (
        &["TagResource", "UntagResource", "UpdateKeyDescription"],
        ["ok", "ok", "P", "P", "ok", "ok", "ok"],
    ),
    (&["ScheduleKeyDeletion"], ["ok", "ok", "P", "P", "ok", "ok", "Z"]),
];

/// Operations that are about no key.
const WITHOUT_KEY: &[&str] = &[
    "CreateKey",
    "ListKeys",
    "GenerateRandom",
    "ListRetirableGrants",
    "CreateCustomKeyStore",
    "DescribeCustomKeyStores",
    "UpdateCustomKeyStore",
    "ConnectCustomKeyStore",
    "DisconnectCustomKeyStore",
    "DeleteCustomKeyStore",
];

/// One kind of key.
#[derive(Debug, Clone, Copy)]
struct Kind {
    spec: &'static crypto::specs::KeySpec,
    of_usage: &'static Use,
}

impl Kind {
    fn all() -> Vec<Kind> {
        let of_spec = |spec: &&'static crypto::specs::KeySpec| -> Vec<Kind> {
            let spec = *spec;
            spec.uses.iter().map(|of_usage| Kind { spec, of_usage }).collect()
        };
        KEY_SPECS.iter().flat_map(of_spec).collect()
    }

    fn usage(self) -> KeyUsage {
        self.of_usage.usage()
    }

    /// The last algorithm of its usage.
    fn algorithm(self) -> &'static str {
        self.of_usage.algorithms().last().unwrap()
    }

    fn is_symmetric(self) -> bool {
        self.spec.family == Family::Symmetric
    }

    /// What a key of this kind says to an operation that its state admits: nothing, or the code of its refusal.
    fn refuses(self, operation: &str, is_external: bool, is_multi_region: bool) -> Option<&'static str> {
        const USAGE: &str = "InvalidKeyUsageException";
        const UNSUPPORTED: &str = "UnsupportedOperationException";
        let for_usage = |usage: KeyUsage| (self.usage() != usage).then_some(USAGE);
        match operation {
            "Encrypt" | "Decrypt" | "ReEncrypt" => for_usage(KeyUsage::EncryptDecrypt),
            "GenerateDataKey"
            | "GenerateDataKeyWithoutPlaintext"
            | "GenerateDataKeyPair"
            | "GenerateDataKeyPairWithoutPlaintext" => (!self.is_symmetric()).then_some(USAGE),
            "Sign" | "Verify" => for_usage(KeyUsage::SignVerify),
            "GenerateMac" | "VerifyMac" => for_usage(KeyUsage::GenerateVerifyMac),
            "DeriveSharedSecret" => for_usage(KeyUsage::KeyAgreement),
            "Encapsulate" | "Decapsulate" => for_usage(KeyUsage::EncapsulateDecapsulate),
            "GetPublicKey" => (self.spec.family != Family::Asymmetric).then_some(UNSUPPORTED),
            "EnableKeyRotation" | "DisableKeyRotation" => {
                (!self.is_symmetric() || is_external).then_some(UNSUPPORTED)
            }
            "GetKeyRotationStatus" | "ListKeyRotations" => (!self.is_symmetric()).then_some(UNSUPPORTED),
            "RotateKeyOnDemand" if !self.is_symmetric() => Some(UNSUPPORTED),
            "RotateKeyOnDemand" => is_external.then_some("KMSInvalidStateException"),
            "ReplicateKey" | "UpdatePrimaryRegion" => (!is_multi_region).then_some(UNSUPPORTED),
            // A key that never had material was never granted.
            "RetireGrant" | "RevokeGrant" => is_external.then_some("NotFoundException"),
            operation if IMPORT.contains(&operation) => (!is_external).then_some(UNSUPPORTED),
            _ => None,
        }
    }
}

/// A grant to describe a key.
fn grant_of(key: &str) -> Value {
    json!({
        "KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": ["DescribeKey"],
    })
}

/// A key of one kind in one state, and what there is to use it with.
struct Subject {
    kind: Kind,
    state: &'static str,
    key: String,
    alias: String,
    ciphertext: Value,
    encapsulated: Value,
    peer: Value,
    grants: [Value; 2],
}

impl Subject {
    fn is_external(&self) -> bool {
        self.state == "PendingImport"
    }

    fn is_multi_region(&self) -> bool {
        matches!(self.state, "PendingReplicaDeletion" | "Creating" | "Updating")
    }

    /// Makes the key, enabled but for what its making decides.
    async fn make(keystead: &Keystead, kind: Kind, state: &'static str) -> Subject {
        let mut subject = Subject {
            kind,
            state,
            key: String::new(),
            alias: String::new(),
            ciphertext: json!("AAAA"),
            encapsulated: json!("AAAA"),
            peer: json!("AAAA"),
            grants: [json!("0".repeat(64)), json!("0".repeat(64))],
        };
        let origin = if subject.is_external() {
            "EXTERNAL"
        } else {
            "AWS_KMS"
        };
        let members = json!({
            "KeySpec": kind.spec.name, "KeyUsage": kind.usage().as_str(), "Origin": origin,
            "MultiRegion": subject.is_multi_region(),
        });
        subject.key = keystead.key_with(members).await;
        let key = &subject.key;
        subject.alias = format!("alias/{key}");
        let members = json!({"AliasName": subject.alias, "TargetKeyId": key});
        keystead.call("CreateAlias", members).await.ok();
        if subject.is_multi_region() {
            let members = json!({"KeyId": key, "ReplicaRegion": OTHER_REGION});
            keystead.call("ReplicateKey", members).await.ok();
        }
        if subject.is_external() {
            return subject;
        }
        for grant in &mut subject.grants {
            *grant = keystead.call("CreateGrant", grant_of(key)).await.ok()["GrantId"].take();
        }
        match kind.of_usage {
            Use::Encryption(_) => {
                let members =
                    json!({"KeyId": key, "Plaintext": "eA==", "EncryptionAlgorithm": kind.algorithm()});
                subject.ciphertext = keystead.call("Encrypt", members).await.ok()["CiphertextBlob"].take();
            }
            Use::Agreement(_) => {
                let own = keystead.call("GetPublicKey", json!({"KeyId": key})).await.ok();
                subject.peer = own["PublicKey"].clone();
            }
            Use::Encapsulation(_) => {
                let members = json!({"KeyId": key, "EncapsulationAlgorithm": kind.algorithm()});
                let made = keystead.call("Encapsulate", members).await.ok();
                subject.encapsulated = made["SharedSecretCiphertextBlob"].clone();
            }
            Use::Signatures(_) | Use::Macs(_) => {}
        }
        subject
    }

    /// Brings the key into its state, as far as calls do that.
    async fn settle(&self, keystead: &Keystead) {
        let operation = match self.state {
            "Disabled" => "DisableKey",
            "PendingDeletion" | "PendingReplicaDeletion" => "ScheduleKeyDeletion",
            _ => return,
        };
        keystead.call(operation, json!({"KeyId": self.key})).await.ok();
    }

    /// What an operation is called with.
    fn request(&self, operation: &str) -> Value {
        let (key, algorithm) = (&self.key, self.kind.algorithm());
        let encryption = match self.kind.of_usage {
            Use::Encryption(_) => algorithm,
            _ => "RSAES_OAEP_SHA_256",
        };
        let signing = match self.kind.of_usage {
            Use::Signatures(_) => algorithm,
            _ => "ECDSA_SHA_256",
        };
        // 64 bytes are a digest for Ed25519ph, which takes nothing else.
        let (message, form) = match signing {
            "ED25519_PH_SHA_512" => ("A".repeat(86) + "==", "DIGEST"),
            _ => ("eA==".to_owned(), "RAW"),
        };
        let mac = match self.kind.of_usage {
            Use::Macs(_) => algorithm,
            _ => "HMAC_SHA_256",
        };
        let mut members = match operation {
            "CreateAlias" => return json!({"AliasName": format!("{}/new", self.alias), "TargetKeyId": key}),
            "UpdateAlias" => return json!({"AliasName": self.alias, "TargetKeyId": key}),
            "DeleteAlias" => return json!({"AliasName": self.alias}),
            "ReEncrypt" => {
                return json!({
                    "CiphertextBlob": self.ciphertext, "SourceKeyId": key, "DestinationKeyId": key,
                    "SourceEncryptionAlgorithm": encryption, "DestinationEncryptionAlgorithm": encryption,
                });
            }
            "CreateGrant" => grant_of(key),
            "RetireGrant" => return json!({"KeyId": arn_of(key), "GrantId": self.grants[0]}),
            "RevokeGrant" => json!({"GrantId": self.grants[1]}),
            "Encrypt" => json!({"Plaintext": "eA==", "EncryptionAlgorithm": encryption}),
            "Decrypt" => json!({"CiphertextBlob": self.ciphertext, "EncryptionAlgorithm": encryption}),
            "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => json!({"KeySpec": "AES_256"}),
            "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
                json!({"KeyPairSpec": "ECC_NIST_P256"})
            }
            "Sign" => json!({"Message": message, "MessageType": form, "SigningAlgorithm": signing}),
            "Verify" => {
                json!({"Message": message, "MessageType": form, "SigningAlgorithm": signing, "Signature": "eA=="})
            }
            "GenerateMac" => json!({"Message": "eA==", "MacAlgorithm": mac}),
            "VerifyMac" => json!({"Message": "eA==", "MacAlgorithm": mac, "Mac": "eA=="}),
            "DeriveSharedSecret" => json!({"KeyAgreementAlgorithm": "ECDH", "PublicKey": self.peer}),
            "Encapsulate" => json!({"EncapsulationAlgorithm": "ML_KEM"}),
            "Decapsulate" => {
                json!({"EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": self.encapsulated})
            }
            "PutKeyPolicy" => json!({"Policy": policy(&[statement("Allow", &["kms:*"])])}),
            "TagResource" => json!({"Tags": [{"TagKey": "k", "TagValue": "v"}]}),
            "UntagResource" => json!({"TagKeys": ["k"]}),
            "UpdateKeyDescription" => json!({"Description": "d"}),
            "ReplicateKey" => json!({"ReplicaRegion": THIRD_REGION}),
            "UpdatePrimaryRegion" => json!({"PrimaryRegion": OTHER_REGION}),
            "GetParametersForImport" => {
                json!({"WrappingAlgorithm": "RSA_AES_KEY_WRAP_SHA_256", "WrappingKeySpec": "RSA_2048"})
            }
            "ImportKeyMaterial" => json!({
                "ImportToken": "AAAA", "EncryptedKeyMaterial": "AAAA",
                "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
            }),
            _ => json!({}),
        };
        members["KeyId"] = json!(key);
        members
    }

    /// The codes that the operation may answer with, and the words of the refusal by the state. Where both the state and
    /// the kind of the key stand against it, AWS does not say which comes first.
    fn expected(&self, operation: &str) -> (Vec<&'static str>, Option<String>) {
        let column = STATES.iter().position(|state| *state == self.state).unwrap();
        let row = TABLE
            .iter()
            .find(|(operations, _)| operations.contains(&operation));
        let (_, cells) = row.unwrap_or_else(|| panic!("{operation} is not in the table"));
        let pending = match self.state {
            "PendingReplicaDeletion" => "is pending replica deletion.",
            _ => "is pending deletion.",
        };
        let by_state = match cells[column] {
            "ok" => None,
            "D" => Some(("DisabledException", "is disabled.")),
            "P" => Some(("KMSInvalidStateException", pending)),
            "NP" => Some(("KMSInvalidStateException", "is not pending deletion.")),
            "I" => Some(("KMSInvalidStateException", "is pending import.")),
            "C" => Some(("KMSInvalidStateException", "is creating.")),
            "Z" => Some(("KMSInvalidStateException", "is updating.")),
            other => panic!("{other}"),
        };
        let by_kind = self
            .kind
            .refuses(operation, self.is_external(), self.is_multi_region());
        let text = by_state.map(|(_, words)| format!("{} {words}", arn_of(&self.key)));
        let mut codes: Vec<&str> = by_state.iter().map(|(code, _)| *code).chain(by_kind).collect();
        if codes.is_empty() {
            // What is given is good but for these, whose answers need more than a state.
            codes.push(match operation {
                "Verify" => "KMSInvalidSignatureException",
                "VerifyMac" => "KMSInvalidMacException",
                "ImportKeyMaterial" => "InvalidImportTokenException",
                _ => "ok",
            });
        }
        (codes, text)
    }

    /// Calls, compares, and brings the key back into its state.
    async fn try_out(&self, keystead: &Keystead, operation: &str, wrong: &mut Vec<String>) {
        let answer = keystead.call(operation, self.request(operation)).await;
        let code = answer.body["__type"].as_str().unwrap_or("ok");
        let (codes, text) = self.expected(operation);
        let by_state = codes.first() == Some(&code) && text.is_some();
        if !codes.contains(&code) || (by_state && answer.body["message"] != text.clone().unwrap_or_default())
        {
            wrong.push(format!(
                "{operation} on {} for {} in {}: {} instead of {codes:?} {text:?}",
                self.kind.spec.name,
                self.kind.usage().as_str(),
                self.state,
                answer.body
            ));
        }
        if code == "ok" {
            match (operation, self.state) {
                ("DisableKey", "Enabled") => {
                    drop(keystead.call("EnableKey", json!({"KeyId": self.key})).await)
                }
                ("EnableKey", "Disabled") => {
                    drop(keystead.call("DisableKey", json!({"KeyId": self.key})).await)
                }
                ("CancelKeyDeletion", _) => {
                    keystead
                        .call("ScheduleKeyDeletion", json!({"KeyId": self.key}))
                        .await
                        .ok();
                }
                _ => {}
            }
        }
    }
}

/// The operations on keys, with those last that leave a key in another state, Region or form.
fn operations() -> Vec<&'static str> {
    const LAST: &[&str] = &["DeleteAlias", "UpdatePrimaryRegion", "ScheduleKeyDeletion"];
    let built = kms::OPERATIONS.iter().map(|operation| operation.spec().name);
    let on_keys = built.filter(|name| !WITHOUT_KEY.contains(name) && !LAST.contains(name));
    on_keys.chain(LAST.iter().copied()).collect()
}

#[tokio::test]
async fn every_operation_answers_by_the_state_and_the_kind_of_its_key() {
    let keystead = Keystead::start().await;
    let mut subjects = Vec::new();
    for kind in Kind::all() {
        for state in STATES {
            subjects.push(Subject::make(&keystead, kind, state).await);
        }
    }
    for subject in &subjects {
        subject.settle(&keystead).await;
    }
    let keystead = keystead
        .forge(|view, domain, change| {
            for subject in &subjects {
                if let state @ ("Creating" | "Updating") = subject.state {
                    let is_new = state == "Creating";
                    assert!(kms::generator::put_on_the_way(
                        view,
                        change,
                        domain,
                        &subject.key,
                        is_new
                    )?);
                }
            }
            Ok(())
        })
        .await;
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for subject in &subjects {
        assert_eq!(keystead.describe(&subject.key).await["KeyState"], subject.state);
        for operation in operations() {
            subject.try_out(&keystead, operation, &mut wrong).await;
            tried += 1;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    eprintln!("{tried} calls to {} keys", subjects.len());
}

#[test]
fn the_table_has_every_operation_once() {
    let mut listed: Vec<&str> = TABLE
        .iter()
        .flat_map(|(operations, _)| *operations)
        .copied()
        .collect();
    let count = listed.len();
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(listed.len(), count);
    let listed: BTreeSet<&str> = listed.into_iter().collect();
    let missing: Vec<&str> = operations()
        .into_iter()
        .filter(|name| !listed.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
