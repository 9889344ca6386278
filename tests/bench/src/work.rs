//! The kinds of work that are measured: what their requests say.

use ambient::{Entropy, SystemEntropy};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::arguments::Name;
use crate::keystead::Keystead;
use crate::stop::Stop;

/// Distinct requests of each kind, sent in a circle.
pub(crate) const REQUESTS: usize = 10_240;

/// One operation, asked for in so many different ways.
pub(crate) struct Work {
    /// Selects it.
    pub(crate) name: Name,
    /// The operation.
    pub(crate) operation: &'static str,
    /// How many connections ask, in the headline and beside it.
    pub(crate) connections: &'static [usize],
    /// Whether it makes keys, of which there may be only so many: each round then has a directory of its own.
    pub(crate) fills_up: bool,
    bodies: fn(&Keystead) -> Result<Vec<Vec<u8>>, Stop>,
}

/// All of them.
pub(crate) const WORKS: &[Work] = &[
    Work {
        name: Name::GenerateDataKey,
        operation: "GenerateDataKey",
        connections: &[64, 8, 1],
        fills_up: false,
        bodies: generate_data_key,
    },
    Work {
        name: Name::Encrypt,
        operation: "Encrypt",
        connections: &[64, 8, 1],
        fills_up: false,
        bodies: encrypt,
    },
    Work {
        name: Name::Decrypt,
        operation: "Decrypt",
        connections: &[64, 8, 1],
        fills_up: false,
        bodies: decrypt,
    },
    Work {
        name: Name::CreateKey,
        operation: "CreateKey",
        connections: &[32],
        fills_up: true,
        bodies: create_key,
    },
];

impl Work {
    /// [`REQUESTS`] bodies, no two of them alike; makes what they need.
    pub(crate) fn bodies(&self, keystead: &Keystead) -> Result<Vec<Vec<u8>>, Stop> {
        (self.bodies)(keystead)
    }
}

fn generate_data_key(keystead: &Keystead) -> Result<Vec<Vec<u8>>, Stop> {
    let key = keystead.create_key()?;
    Ok(numbered(
        |number| json!({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": {"object": format!("{number:06}")}}),
    ))
}

fn encrypt(keystead: &Keystead) -> Result<Vec<Vec<u8>>, Stop> {
    let key = keystead.create_key()?;
    let mut plaintext = [0; 1024];
    SystemEntropy.fill(&mut plaintext)?;
    Ok(numbered(|number| {
        let (beginning, _) = plaintext.split_at_mut(8);
        beginning.copy_from_slice(&number.to_be_bytes());
        json!({"KeyId": key, "Plaintext": STANDARD.encode(plaintext)})
    }))
}

fn decrypt(keystead: &Keystead) -> Result<Vec<Vec<u8>>, Stop> {
    let answers = keystead.ask("Encrypt", &encrypt(keystead)?)?;
    let bodies = answers.iter().map(|answer| {
        let answer: Value = serde_json::from_slice(answer)?;
        let blob = answer
            .get("CiphertextBlob")
            .ok_or("Encrypt answers no ciphertext")?;
        Ok(json!({"CiphertextBlob": blob}).to_string().into_bytes())
    });
    bodies.collect()
}

fn create_key(_: &Keystead) -> Result<Vec<Vec<u8>>, Stop> {
    Ok(numbered(
        |number| json!({"Description": format!("benchmark {number:06}")}),
    ))
}

/// [`REQUESTS`] bodies, each by its number.
pub(crate) fn numbered(mut body: impl FnMut(u64) -> Value) -> Vec<Vec<u8>> {
    let numbers = 0..REQUESTS as u64;
    numbers
        .map(|number| body(number).to_string().into_bytes())
        .collect()
}
