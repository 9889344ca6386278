//! The derive, decoding, violations, encoding and schemas, through JSON.

mod decoding;
mod encoding;
mod properties;
mod schemas;
mod violations;

use std::collections::BTreeMap;

use arn::Arn;
use secret::SecretBytes;

use crate::{Blob, Read, Shape, Unreadable, View, read};

#[derive(Shape, Debug, PartialEq)]
#[shape(transparent, length = 1..=2048)]
struct KeyReference(String);

#[derive(Shape, Debug, Clone, Copy, PartialEq)]
enum KeySpec {
    Aes256,
    EccNistP256,
    #[shape(rename = "SM2")]
    Sm2,
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
    #[shape(default, audit = log, condition = "kms:EncryptionContext", member(length = ..=5), key(pattern = "[a-z]+"))]
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
    operations: Vec<KeySpec>,
    #[shape(default, audit = log)]
    dry_run: bool,
}

#[derive(Shape, Debug, PartialEq)]
struct Metadata {
    #[shape(audit = log, rename = "AWSAccountId")]
    aws_account_id: arn::AccountId,
    #[shape(audit = log)]
    arn: Arn,
    #[shape(audit = log)]
    creation_date: ambient::Timestamp,
    #[shape(audit = log)]
    key_state: KeyState,
    #[shape(audit = omit)]
    description: Option<String>,
}

#[derive(Shape, Debug, PartialEq)]
struct Output {
    #[shape(audit = log)]
    key_metadata: Metadata,
    #[shape(sensitive)]
    plaintext: SecretBytes,
    #[shape(audit = omit)]
    ciphertext_blob: Blob,
    #[shape(audit = log)]
    truncated: bool,
    #[shape(audit = log)]
    tags: Vec<Tag>,
}

#[derive(Shape, Debug, PartialEq)]
struct Nothing {}

/// A structure within itself.
#[derive(Shape, Debug, PartialEq)]
struct Nest {
    #[shape(audit = log)]
    inner: Option<Box<Nest>>,
}

fn parse<T: Shape>(json: &str) -> Result<Read<T>, Unreadable> {
    read(&mut serde_json::Deserializer::from_str(json))
}

fn json<T: Shape>(value: &T, view: View) -> String {
    let mut text = Vec::new();
    value
        .encode(&mut serde_json::Serializer::new(&mut text), view)
        .unwrap();
    String::from_utf8(text).unwrap()
}
