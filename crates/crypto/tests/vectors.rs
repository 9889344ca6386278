//! The vectors in `vectors/`, which an independent program made from the written formats.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

use std::collections::BTreeMap;
use std::sync::Mutex;

use ambient::{Entropy, EntropyFailed};
use crypto::ciphertext::{self, Header};
use crypto::root::{self, RootKey, passphrase};
use crypto::subkey::{DomainKey, Label};
use crypto::{Material, Unopenable, seal};
use secret::{LockedKey, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Bytes written as hexadecimal digits.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Hex(Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(digits: String) -> Result<Hex, hex::FromHexError> {
        hex::decode(digits).map(Hex)
    }
}

/// The salt that a vector was made with, given once.
struct Salt(Mutex<Option<Vec<u8>>>);

impl Salt {
    fn of(salt: &Hex) -> Salt {
        Salt(Mutex::new(Some(salt.0.clone())))
    }
}

impl Entropy for Salt {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailed> {
        let salt = self.0.lock().unwrap().take().ok_or(EntropyFailed)?;
        bytes.copy_from_slice(&salt);
        Ok(())
    }
}

fn vectors<T: DeserializeOwned>(file: &str) -> T {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn key(bytes: &Hex) -> LockedKey {
    LockedKey::copied_from(&bytes.0).unwrap()
}

fn slices(parts: &[Hex]) -> Vec<&[u8]> {
    parts.iter().map(|part| part.0.as_slice()).collect()
}

#[derive(Deserialize)]
struct Ciphertexts {
    valid: Vec<Valid>,
    invalid: Vec<Invalid>,
}

#[derive(Deserialize)]
struct Valid {
    name: String,
    account: String,
    key_id: String,
    material_id: String,
    material: Hex,
    salt: Hex,
    context: BTreeMap<String, String>,
    plaintext: Hex,
    ciphertext: Hex,
}

#[derive(Deserialize)]
struct Invalid {
    name: String,
    result: String,
    material: Hex,
    context: BTreeMap<String, String>,
    ciphertext: Hex,
}

#[test]
fn the_valid_ciphertexts_are_made_and_opened_to_the_byte() {
    let vectors: Ciphertexts = vectors("ciphertext.json");
    for vector in &vectors.valid {
        let header = Header {
            account: vector.account.parse().unwrap(),
            key: vector.key_id.parse().unwrap(),
            material: vector.material_id.parse().unwrap(),
        };
        let material = Material::aes_256(key(&vector.material));
        let salt = Salt::of(&vector.salt);
        let made = ciphertext::seal(&material, &header, &vector.context, &vector.plaintext.0, &salt).unwrap();
        assert_eq!(
            hex::encode(made),
            hex::encode(&vector.ciphertext.0),
            "{}",
            vector.name
        );
        let parsed = ciphertext::parse(&vector.ciphertext.0).unwrap();
        assert_eq!(parsed.header(), &header, "{}", vector.name);
        let opened = ciphertext::open(&material, &parsed, &vector.context).unwrap();
        assert_eq!(opened.expose(), vector.plaintext.0, "{}", vector.name);
    }
    println!("{} valid ciphertexts", vectors.valid.len());
}

#[test]
fn the_invalid_ciphertexts_are_refused_at_their_step() {
    let vectors: Ciphertexts = vectors("ciphertext.json");
    for vector in &vectors.invalid {
        let parsed = ciphertext::parse(&vector.ciphertext.0);
        match vector.result.as_str() {
            "malformed" => assert!(parsed.is_err(), "{}", vector.name),
            "unopenable" => {
                let material = Material::aes_256(key(&vector.material));
                let opened = ciphertext::open(&material, &parsed.unwrap(), &vector.context);
                assert_eq!(opened.unwrap_err(), Unopenable, "{}", vector.name);
            }
            other => panic!("{}: no such result as {other}", vector.name),
        }
    }
    println!("{} invalid ciphertexts", vectors.invalid.len());
}

#[derive(Deserialize)]
struct Store {
    domain_key: Hex,
    domain_key_version: u32,
    names: Vec<Name>,
    row_hash: RowHash,
    seals: Vec<Seal>,
    root: Root,
    passphrases: Vec<Passphrase>,
}

#[derive(Deserialize)]
struct Name {
    name: Hex,
    hash: Hex,
}

#[derive(Deserialize)]
struct RowHash {
    text: Hex,
    hash: Hex,
}

#[derive(Deserialize)]
struct Seal {
    r#use: String,
    salt: Hex,
    associated: Vec<Hex>,
    plaintext: Hex,
    sealed: Hex,
}

#[derive(Deserialize)]
struct Root {
    file: String,
    id: Hex,
    salt: Hex,
    associated: Vec<Hex>,
    wrapped: Hex,
}

#[derive(Deserialize)]
struct Passphrase {
    passphrase: String,
    parameters: Hex,
    root_key_file: String,
}

#[test]
fn the_seals_of_the_store_are_made_and_opened_to_the_byte() {
    let vectors: Store = vectors("store.json");
    let domain = DomainKey::new(vectors.domain_key_version, key(&vectors.domain_key));
    let uses = [
        ("record", Label::Record),
        ("material", Label::Material),
        ("token", Label::Token),
        ("marker", Label::Marker),
        ("head", Label::Head),
    ];
    assert_eq!(vectors.seals.len(), uses.len());
    for (vector, (name, label)) in vectors.seals.iter().zip(uses) {
        assert_eq!(vector.r#use, name);
        let (sealing, place) = (domain.sealing(label).unwrap(), slices(&vector.associated));
        let sealed = sealing
            .seal(&Salt::of(&vector.salt), &place, &vector.plaintext.0)
            .unwrap();
        assert_eq!(hex::encode(&sealed), hex::encode(&vector.sealed.0), "{name}");
        assert_eq!(
            sealing.open(&place, &sealed).unwrap().expose(),
            vector.plaintext.0,
            "{name}"
        );
        assert_eq!(
            seal::domain_key_version(&sealed),
            Some(vectors.domain_key_version)
        );
    }
}

#[test]
fn names_and_rows_hash_to_the_byte() {
    let vectors: Store = vectors("store.json");
    let domain = DomainKey::new(vectors.domain_key_version, key(&vectors.domain_key));
    for vector in &vectors.names {
        assert_eq!(
            domain.names().unwrap().keyed_name(&vector.name.0)[..],
            vector.hash.0
        );
    }
    let rows = domain.row_hash().unwrap();
    assert_eq!(rows.hash(&vectors.row_hash.text.0)[..], vectors.row_hash.hash.0);
    let (start, end) = vectors.row_hash.text.0.split_at(70);
    assert_eq!(rows.hash_parts(&[start, end])[..], vectors.row_hash.hash.0);
}

#[test]
fn a_root_key_wraps_and_unwraps_to_the_byte() {
    let vectors: Store = vectors("store.json");
    let root = RootKey::from_file_content(vectors.root.file.as_bytes()).unwrap();
    assert_eq!(root.id().as_bytes()[..], vectors.root.id.0);
    let place = slices(&vectors.root.associated);
    let wrapped = root
        .wrap(&Salt::of(&vectors.root.salt), &place, &key(&vectors.domain_key))
        .unwrap();
    assert_eq!(hex::encode(wrapped), hex::encode(&vectors.root.wrapped.0));
    assert_eq!(root::wrapped_under(&wrapped), Some(root.id()));
    assert_eq!(root.unwrap(&place, &wrapped).unwrap(), key(&vectors.domain_key));
}

#[test]
fn a_passphrase_gives_its_root_key_to_the_byte() {
    let vectors: Store = vectors("store.json");
    for vector in &vectors.passphrases {
        let parameters = passphrase::Parameters::decode(&vector.parameters.0).unwrap();
        let root = parameters
            .root_key(&SecretString::new(vector.passphrase.clone()))
            .unwrap();
        assert_eq!(root.to_file_content().expose(), vector.root_key_file.as_bytes());
    }
}
