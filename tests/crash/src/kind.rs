//! Kinds of keys, and what keys of a kind can do.

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Encrypts, in one Region, with material of the server's.
    Usual,
    /// Encrypts, in one Region, with material of the client's.
    Imported,
    /// Encrypts, and can have a replica. It is made as the primary of its family.
    Family,
    /// The key of such a family in the other Region.
    Replica,
    /// Signs with ECDSA.
    Ecdsa,
    /// Signs with ML-DSA.
    MlDsa,
    /// Makes MACs.
    Hmac,
}

impl Kind {
    /// What CreateKey has to be told.
    pub fn members(self) -> Value {
        match self {
            Kind::Usual => json!({}),
            Kind::Imported => json!({"Origin": "EXTERNAL"}),
            Kind::Family | Kind::Replica => json!({"MultiRegion": true}),
            Kind::Ecdsa => json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}),
            Kind::MlDsa => json!({"KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY"}),
            Kind::Hmac => json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
        }
    }

    /// The state of a new key.
    pub fn first_state(self) -> &'static str {
        match self {
            Kind::Imported => "PendingImport",
            _ => "Enabled",
        }
    }

    /// Whether keys of this kind encrypt.
    pub fn encrypts(self) -> bool {
        !matches!(self, Kind::Ecdsa | Kind::MlDsa | Kind::Hmac)
    }

    /// Whether the server makes new material for them.
    pub fn rotates(self) -> bool {
        matches!(self, Kind::Usual | Kind::Family | Kind::Replica)
    }
}

/// What two keys of a family have in common: the id of a multi-Region key, and of any other key its whole ARN.
pub fn family_of(arn: &str) -> &str {
    match arn.rsplit_once('/') {
        Some((_, id)) if id.starts_with("mrk-") => id,
        _ => arn,
    }
}

/// The Region in an ARN.
pub fn region_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    (parts.next() == Some("arn")).then(|| parts.nth(2)).flatten()
}

/// The ARN of a key with the same id in another Region.
pub fn in_region(arn: &str, region: &str) -> String {
    let mut parts: Vec<&str> = arn.split(':').collect();
    parts[3] = region;
    parts.join(":")
}

/// The material of the key with this description, 32 bytes that no other key has.
pub fn material_of(description: &str) -> Vec<u8> {
    let material = format!("{description:.>32}").into_bytes();
    assert_eq!(material.len(), 32, "{description}");
    material
}

/// What GetParametersForImport is asked for.
pub fn wrapping(arn: &str) -> Value {
    json!({"KeyId": arn, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
}

/// What ImportKeyMaterial is told, with the answer to GetParametersForImport.
pub fn import(arn: &str, description: &str, parameters: &Value) -> Value {
    let public_key = parameters["PublicKey"].as_str().unwrap();
    let public_key = PublicEncryptingKey::from_der(&BASE64_STANDARD.decode(public_key).unwrap()).unwrap();
    let public_key = OaepPublicEncryptingKey::new(public_key).unwrap();
    let mut wrapped = vec![0; public_key.ciphertext_size()];
    public_key
        .encrypt(
            &OAEP_SHA256_MGF1SHA256,
            &material_of(description),
            &mut wrapped,
            None,
        )
        .unwrap();
    json!({
        "KeyId": arn,
        "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": BASE64_STANDARD.encode(wrapped),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    })
}
