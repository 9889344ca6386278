//! Imports, on the side of the one whose material it is.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use crate::Client;

/// Answers to GetParametersForImport, by the ARNs of the keys. They are good for a day, whatever becomes of the server,
/// and for as many imports of the key's as there are; each costs the server a pair of RSA.
#[derive(Debug, Default)]
pub struct Parameters {
    known: Mutex<BTreeMap<String, Value>>,
}

impl Parameters {
    /// The answer for a key.
    pub fn of(&self, arn: &str) -> Option<Value> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(arn).cloned()
    }

    /// Keeps the answer for a key.
    pub fn keep(&self, arn: &str, parameters: Value) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(arn.to_owned(), parameters);
    }

    /// The answer for a key, which is asked for unless it is known, for a check.
    pub fn ask(&self, client: &mut Client, arn: &str) -> Result<Value, String> {
        if let Some(known) = self.of(arn) {
            return Ok(known);
        }
        let parameters = client.ok("GetParametersForImport", &wrapping(arn))?;
        self.keep(arn, parameters.clone());
        Ok(parameters)
    }
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
