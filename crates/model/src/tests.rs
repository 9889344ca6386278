//! The derive, decoding, violations, encoding and schemas, through JSON.

use std::collections::BTreeMap;

use ambient::Timestamp;
use secret::SecretBytes;

use crate::{Blob, Shape, Unreadable, View, read};

#[derive(Shape, Debug, PartialEq)]
#[shape(transparent, length = 1..=2048)]
struct KeyReference(String);

#[derive(Shape, Debug, Clone, Copy, PartialEq)]
enum KeySpec {
    Aes256,
    Aes128,
}

#[derive(Shape, Debug, Clone, Copy, PartialEq)]
#[shape(rename_all = "UpperCamel")]
enum KeyState {
    Enabled,
    PendingDeletion,
}

#[derive(Shape, Debug, PartialEq)]
struct Tag {
    #[shape(audit = log, length = 1..=128)]
    tag_key: String,
    #[shape(audit = log, length = 0..=256)]
    tag_value: String,
}

#[derive(Shape, Debug, PartialEq)]
struct Input {
    #[shape(audit = log)]
    key_id: KeyReference,
    #[shape(length = 1..=8, sensitive)]
    plaintext: Option<SecretBytes>,
    #[shape(default, audit = log, condition = "kms:EncryptionContext")]
    encryption_context: BTreeMap<String, String>,
    #[shape(default, audit = omit, length = 0..=3, member(length = 1..=4))]
    grant_tokens: Vec<String>,
    #[shape(audit = log)]
    key_spec: Option<KeySpec>,
    #[shape(audit = log, range = 1..=1024)]
    number_of_bytes: Option<i32>,
    #[shape(default, audit = log)]
    tags: Vec<Tag>,
    #[shape(audit = log, pattern = "^[a-zA-Z0-9:/_-]+$")]
    alias_name: Option<String>,
    #[shape(default, audit = log)]
    dry_run: bool,
}

fn parse<T: Shape>(json: &str) -> Result<T, Unreadable> {
    read(&mut serde_json::Deserializer::from_str(json)).map(|read| read.value)
}

fn violations(json: &str) -> String {
    parse::<Input>(json)
        .unwrap_err()
        .message(View::Wire)
        .unwrap_or_default()
}

#[test]
fn a_missing_member_is_a_violation() {
    assert_eq!(
        violations("{}"),
        "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
    );
}
