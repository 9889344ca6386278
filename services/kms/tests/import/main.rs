//! Imported key material: what is taken, what is refused, what is forgotten and what comes back.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

mod asymmetric;
mod expiry;
mod regions;
mod rotation;
mod taking;
mod wrapping;

use std::time::Duration;

use ambient::{Clock, Timestamp};
use inprocess::*;
use serde_json::{Value, json};

const FIRST: [u8; 32] = [1; 32];
const SECOND: [u8; 32] = [2; 32];
const THIRD: [u8; 32] = [3; 32];
const SECOND_LONG: Duration = Duration::from_secs(1);

fn new() -> Value {
    json!({"ImportType": "NEW_KEY_MATERIAL"})
}

fn existing() -> Value {
    json!({"ImportType": "EXISTING_KEY_MATERIAL"})
}

fn seconds(time: Timestamp) -> f64 {
    f64::from(u32::try_from(time.seconds()).unwrap())
}

/// The members of an import that expires after so long.
fn until(keystead: &Keystead, span: Duration) -> Value {
    json!({"ValidTo": seconds(keystead.clock.now().after(span))})
}

async fn state(keystead: &Keystead, key: &str) -> String {
    let metadata = keystead.describe(key).await;
    let state = metadata["KeyState"].as_str().unwrap().to_owned();
    assert_eq!(metadata["Enabled"], state == "Enabled");
    state
}

async fn encrypt(keystead: &Keystead, key: &str) -> Answer {
    let members = json!({"KeyId": key, "Plaintext": "aGk="});
    keystead.call("Encrypt", members).await
}

/// Encrypts, and gives the ciphertext.
async fn sealed(keystead: &Keystead, key: &str) -> Value {
    encrypt(keystead, key).await.ok()["CiphertextBlob"].take()
}

async fn decrypt(keystead: &Keystead, blob: &Value) -> Answer {
    keystead.call("Decrypt", json!({"CiphertextBlob": blob})).await
}

async fn delete(keystead: &Keystead, key: &str, members: Value) -> Answer {
    let mut members = members;
    members["KeyId"] = json!(key);
    keystead.call("DeleteImportedKeyMaterial", members).await
}

/// Each material's id, its state, and whether it is here.
async fn materials(keystead: &Keystead, region: &str, key: &str) -> Vec<(String, String, bool)> {
    let text = |entry: &Value, member: &str| entry[member].as_str().unwrap().to_owned();
    let entries = keystead.materials_in(region, key).await;
    entries
        .iter()
        .map(|entry| {
            (
                text(entry, "KeyMaterialId"),
                text(entry, "KeyMaterialState"),
                entry["ImportState"] == "IMPORTED",
            )
        })
        .collect()
}

/// The state of each material, and whether it is here.
async fn states(keystead: &Keystead, region: &str, key: &str) -> Vec<(String, bool)> {
    let all = materials(keystead, region, key).await;
    all.into_iter().map(|(_, state, here)| (state, here)).collect()
}

fn expect(states: &[(&str, bool)]) -> Vec<(String, bool)> {
    states
        .iter()
        .map(|(state, here)| ((*state).to_owned(), *here))
        .collect()
}
