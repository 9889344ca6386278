//! Imported key material: what is taken, what is refused, what is forgotten and what comes back.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

mod common;

use std::time::Duration;

use ambient::{Clock, Timestamp};
use common::wrapping::{USUAL, bytes, text, wrap};
use common::*;
use serde_json::{Value, json};
use store::suite::Site;
use store::suite::memory::Fault;

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

/// The number of the table of key material.
const MATERIAL: u8 = 21;

/// How many rows lie in the store that hold key material.
fn material_rows(keystead: &Keystead) -> usize {
    let mut rows = 0;
    let mut backend = keystead.memory.open().unwrap();
    let mut count = |_: &[u8], _: u64, _: &[u8]| rows += 1;
    backend
        .load(&[MATERIAL], Some(&[MATERIAL + 1]), &mut count)
        .unwrap();
    rows
}

/// Lets the worker come to rest.
async fn settle(keystead: &Keystead) {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
    keystead.call("ListKeys", json!({})).await.ok();
}

#[tokio::test]
async fn a_key_waits_for_its_material_and_works_with_it() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let empty = keystead.describe(&key).await;
    assert_eq!(empty["KeyState"], "PendingImport");
    assert_eq!(
        (&empty["Origin"], &empty["Enabled"]),
        (&json!("EXTERNAL"), &json!(false))
    );
    for absent in ["CurrentKeyMaterialId", "ExpirationModel", "ValidTo"] {
        assert!(!members(&empty).contains(absent), "{absent}");
    }
    encrypt(&keystead, &key).await.is(
        "KMSInvalidStateException",
        &format!("{} is pending import.", arn_of(&key)),
    );
    let parameters = keystead.parameters(REGION, &key, USUAL).await;
    assert_eq!(
        members(&parameters),
        ["ImportToken", "KeyId", "ParametersValidTo", "PublicKey"].into()
    );
    assert_eq!(parameters["KeyId"], arn_of(&key));
    assert_eq!(
        parameters["ParametersValidTo"],
        seconds(keystead.clock.now().after(DAY))
    );
    let wrapped = wrap(USUAL.0, &parameters, &FIRST);
    let imported = keystead
        .bring(REGION, &key, &parameters, &wrapped, json!({}))
        .await
        .ok();
    let id = imported["KeyMaterialId"].as_str().unwrap();
    assert_eq!(imported, json!({"KeyId": arn_of(&key), "KeyMaterialId": id}));
    let whole = keystead.describe(&key).await;
    assert_eq!(whole["KeyState"], "Enabled");
    assert_eq!(whole["CurrentKeyMaterialId"], id);
    assert_eq!(whole["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    assert!(!members(&whole).contains("ValidTo"));
    let opened = decrypt(&keystead, &sealed(&keystead, &key).await).await.ok();
    assert_eq!(
        (&opened["Plaintext"], opened["KeyMaterialId"].as_str()),
        (&json!("aGk="), Some(id))
    );
    let listed = keystead.materials_in(REGION, &key).await;
    assert_eq!(
        listed,
        [json!({
            "KeyId": key, "KeyMaterialId": id, "KeyMaterialState": "CURRENT", "ImportState": "IMPORTED",
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        })]
    );
}

#[tokio::test]
async fn material_is_wrapped_in_every_way_and_under_every_size() {
    let keystead = Keystead::start().await;
    for (spec, length) in [("RSA_2048", 294), ("RSA_3072", 422), ("RSA_4096", 550)] {
        for algorithm in [
            "RSAES_OAEP_SHA_1",
            "RSAES_OAEP_SHA_256",
            "RSA_AES_KEY_WRAP_SHA_1",
            "RSA_AES_KEY_WRAP_SHA_256",
        ] {
            let key = keystead.external(json!({})).await;
            let parameters = keystead.parameters(REGION, &key, (algorithm, spec)).await;
            assert_eq!(bytes(&parameters["PublicKey"]).len(), length);
            assert!(bytes(&parameters["ImportToken"]).len() <= 6144);
            let wrapped = wrap(algorithm, &parameters, &FIRST);
            keystead
                .bring(REGION, &key, &parameters, &wrapped, json!({}))
                .await
                .ok();
            encrypt(&keystead, &key).await.ok();
        }
    }
}

#[tokio::test]
async fn no_two_imports_share_a_wrapping_key() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..4 {
        let parameters = keystead.parameters(REGION, &key, USUAL).await;
        assert!(seen.insert(parameters["PublicKey"].to_string()));
        assert!(seen.insert(parameters["ImportToken"].to_string()));
    }
}

#[tokio::test]
async fn the_ways_to_wrap_that_are_not_taken_are_refused() {
    let keystead = Keystead::start().await;
    let [symmetric, rsa, p521] = [
        json!({}),
        json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}),
        json!({"KeySpec": "ECC_NIST_P521", "KeyUsage": "SIGN_VERIFY"}),
    ]
    .map(|members| keystead.external(members));
    let (symmetric, rsa, p521) = (symmetric.await, rsa.await, p521.await);
    for (key, algorithm, spec, code) in [
        (
            &symmetric,
            "RSAES_PKCS1_V1_5",
            "RSA_2048",
            "UnsupportedOperationException",
        ),
        (&symmetric, "SM2PKE", "SM2", "UnsupportedOperationException"),
        (
            &symmetric,
            "RSAES_OAEP_SHA_256",
            "SM2",
            "UnsupportedOperationException",
        ),
        (&symmetric, "SM2PKE", "RSA_2048", "UnsupportedOperationException"),
        (&symmetric, "RSA_OAEP", "RSA_2048", "ValidationException"),
        (&symmetric, "RSAES_OAEP_SHA_1", "RSA_1024", "ValidationException"),
        (
            &rsa,
            "RSAES_OAEP_SHA_256",
            "RSA_4096",
            "UnsupportedOperationException",
        ),
        (
            &p521,
            "RSAES_OAEP_SHA_1",
            "RSA_2048",
            "UnsupportedOperationException",
        ),
    ] {
        let members = json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec});
        let answer = keystead.call("GetParametersForImport", members).await;
        answer.refused(code);
    }
    keystead
        .parameters(REGION, &rsa, ("RSA_AES_KEY_WRAP_SHA_256", "RSA_2048"))
        .await;
    keystead
        .parameters(REGION, &p521, ("RSAES_OAEP_SHA_256", "RSA_3072"))
        .await;
}

#[tokio::test]
async fn a_token_is_its_keys_alone_and_good_for_a_day() {
    let keystead = Keystead::start().await;
    let [key, other] = [
        keystead.external(json!({})).await,
        keystead.external(json!({})).await,
    ];
    let parameters = keystead.parameters(REGION, &key, USUAL).await;
    let wrapped = wrap(USUAL.0, &parameters, &FIRST);
    let bring = |key: String, parameters: Value, wrapped: Vec<u8>| {
        let keystead = &keystead;
        async move {
            keystead
                .bring(REGION, &key, &parameters, &wrapped, json!({}))
                .await
        }
    };
    bring(other.clone(), parameters.clone(), wrapped.clone())
        .await
        .refused("InvalidImportTokenException");
    let token = bytes(&parameters["ImportToken"]);
    let mut changed = token.clone();
    changed[100] ^= 1;
    for broken in [
        changed,
        token[1..].to_vec(),
        token[..token.len() - 1].to_vec(),
        [&token[..], &[0]].concat(),
        vec![1],
    ] {
        let broken = json!({"ImportToken": text(&broken)});
        bring(key.clone(), broken, wrapped.clone())
            .await
            .refused("InvalidImportTokenException");
    }
    // A token and a wrapping key belong together.
    let others = keystead.parameters(REGION, &key, USUAL).await;
    bring(key.clone(), others, wrapped.clone())
        .await
        .refused("InvalidCiphertextException");
    keystead.clock.advance(DAY - SECOND_LONG);
    bring(key.clone(), parameters.clone(), wrapped.clone()).await.ok();
    // It is not used up, and then too old.
    bring(key.clone(), parameters.clone(), wrapped.clone()).await.ok();
    keystead.clock.advance(SECOND_LONG);
    bring(key, parameters.clone(), wrapped.clone())
        .await
        .refused("ExpiredImportTokenException");
    bring(other, parameters, wrapped)
        .await
        .refused("InvalidImportTokenException");
}

#[tokio::test]
async fn a_token_of_another_region_is_not_valid() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({"MultiRegion": true})).await;
    keystead.import(&key, &FIRST, json!({})).await.ok();
    let members = json!({"KeyId": key, "ReplicaRegion": OTHER_REGION});
    keystead.call("ReplicateKey", members).await.ok();
    let parameters = keystead.parameters(REGION, &key, USUAL).await;
    let wrapped = wrap(USUAL.0, &parameters, &FIRST);
    let brought = keystead
        .bring(OTHER_REGION, &key, &parameters, &wrapped, json!({}))
        .await;
    brought.refused("InvalidImportTokenException");
}

#[tokio::test]
async fn a_restart_leaves_tokens_valid() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let parameters = keystead.parameters(REGION, &key, USUAL).await;
    let wrapped = wrap(USUAL.0, &parameters, &FIRST);
    let keystead = keystead.restart().await;
    keystead.clock.advance(DAY / 2);
    keystead
        .bring(REGION, &key, &parameters, &wrapped, json!({}))
        .await
        .ok();
    let blob = sealed(&keystead, &key).await;
    let keystead = keystead.restart().await;
    decrypt(&keystead, &blob).await.ok();
}

#[tokio::test]
async fn what_was_not_wrapped_so_is_no_ciphertext() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    for (algorithm, other) in [
        ("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"),
        ("RSA_AES_KEY_WRAP_SHA_256", "RSAES_OAEP_SHA_256"),
        ("RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_256"),
    ] {
        let parameters = keystead.parameters(REGION, &key, (algorithm, "RSA_2048")).await;
        let right = wrap(algorithm, &parameters, &FIRST);
        let mut flipped = right.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let cut = right[..right.len() - 1].to_vec();
        for wrong in [
            wrap(other, &parameters, &FIRST),
            flipped,
            cut,
            vec![7],
            vec![0; 6144],
        ] {
            let brought = keystead.bring(REGION, &key, &parameters, &wrong, json!({})).await;
            brought.refused("InvalidCiphertextException");
        }
    }
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    assert_eq!(material_rows(&keystead), 0);
}

#[tokio::test]
async fn material_has_to_be_a_key_of_the_spec() {
    let keystead = Keystead::start().await;
    for (spec, usage, right) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", 32),
        ("HMAC_224", "GENERATE_VERIFY_MAC", 28),
        ("HMAC_256", "GENERATE_VERIFY_MAC", 32),
        ("HMAC_384", "GENERATE_VERIFY_MAC", 48),
        ("HMAC_512", "GENERATE_VERIFY_MAC", 64),
    ] {
        let key = keystead
            .external(json!({"KeySpec": spec, "KeyUsage": usage}))
            .await;
        for length in [1, 16, 28, 31, 32, 33, 48, 64, 65] {
            if length != right {
                let brought = keystead.import(&key, &vec![5; length], json!({})).await;
                brought.refused("IncorrectKeyMaterialException");
            }
        }
        assert_eq!(state(&keystead, &key).await, "PendingImport");
        let imported = keystead.import(&key, &vec![5; right], json!({})).await.ok();
        // Only symmetric encryption keys have several materials, and so ids for them.
        assert_eq!(
            members(&imported).contains("KeyMaterialId"),
            spec == "SYMMETRIC_DEFAULT"
        );
        assert_eq!(state(&keystead, &key).await, "Enabled");
    }
}

#[tokio::test]
async fn only_keys_of_origin_external_take_material() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let text = format!(
        "{} origin is AWS_KMS which is not valid for this operation.",
        arn_of(&key)
    );
    let calls = [
        (
            "GetParametersForImport",
            json!({"KeyId": key, "WrappingAlgorithm": USUAL.0, "WrappingKeySpec": USUAL.1}),
        ),
        (
            "ImportKeyMaterial",
            json!({
                "KeyId": key, "ImportToken": "AAAA", "EncryptedKeyMaterial": "AAAA",
                "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
            }),
        ),
        ("DeleteImportedKeyMaterial", json!({"KeyId": key})),
    ];
    for during in ["Enabled", "Disabled", "PendingDeletion"] {
        match during {
            "Disabled" => keystead.call("DisableKey", json!({"KeyId": key})).await.ok(),
            "PendingDeletion" => keystead
                .call("ScheduleKeyDeletion", json!({"KeyId": key}))
                .await
                .ok(),
            _ => Value::Null,
        };
        for (operation, members) in &calls {
            let answer = keystead.call(operation, members.clone()).await;
            answer.is("UnsupportedOperationException", &text);
        }
    }
}

#[tokio::test]
async fn each_state_admits_what_it_should() {
    let keystead = Keystead::start().await;
    let key = keystead.imported(&FIRST).await;
    let going = format!("{} is pending deletion.", arn_of(&key));
    let id = keystead.describe(&key).await["CurrentKeyMaterialId"].take();
    let parameters = keystead.parameters(REGION, &key, USUAL).await;
    let wrapped = wrap(USUAL.0, &parameters, &FIRST);

    keystead.call("DisableKey", json!({"KeyId": key})).await.ok();
    keystead.parameters(REGION, &key, USUAL).await;
    keystead
        .bring(REGION, &key, &parameters, &wrapped, json!({}))
        .await
        .ok();
    assert_eq!(state(&keystead, &key).await, "Disabled");
    keystead.call("EnableKey", json!({"KeyId": key})).await.ok();

    keystead
        .call("ScheduleKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();
    let members = json!({"KeyId": key, "WrappingAlgorithm": USUAL.0, "WrappingKeySpec": USUAL.1});
    let answer = keystead.call("GetParametersForImport", members).await;
    answer.is("KMSInvalidStateException", &going);
    let answer = keystead
        .bring(REGION, &key, &parameters, &wrapped, json!({}))
        .await;
    answer.is("KMSInvalidStateException", &going);
    // Its material may go before it does, and its state stays.
    let deleted = delete(&keystead, &key, json!({})).await.ok();
    assert_eq!(deleted, json!({"KeyId": arn_of(&key), "KeyMaterialId": id}));
    assert_eq!(state(&keystead, &key).await, "PendingDeletion");
    assert_eq!(material_rows(&keystead), 0);
    keystead
        .call("CancelKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();

    assert_eq!(state(&keystead, &key).await, "PendingImport");
    for operation in ["EnableKey", "DisableKey", "RotateKeyOnDemand"] {
        let answer = keystead.call(operation, json!({"KeyId": key})).await;
        answer.is(
            "KMSInvalidStateException",
            &format!("{} is pending import.", arn_of(&key)),
        );
    }
    keystead
        .bring(REGION, &key, &parameters, &wrapped, json!({}))
        .await
        .ok();
    assert_eq!(state(&keystead, &key).await, "Enabled");
}

#[tokio::test]
async fn the_terms_of_an_import_are_a_date_or_none() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let parameters = keystead.parameters(REGION, &key, USUAL).await;
    let wrapped = wrap(USUAL.0, &parameters, &FIRST);
    let now = keystead.clock.now();
    let at = |time: Timestamp| time.milliseconds() as f64 / 1000.0;
    let year = 365 * DAY;
    let refused = [
        json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES"}),
        json!({"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", "ValidTo": at(now.after(DAY))}),
        json!({"ValidTo": at(now)}),
        json!({"ValidTo": 0}),
        json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": at(now.after(year + SECOND_LONG))}),
        json!({"ExpirationModel": "NEVER"}),
    ];
    for members in refused {
        let brought = keystead
            .bring(REGION, &key, &parameters, &wrapped, members.clone())
            .await;
        let text = brought.refused("ValidationException");
        if members == json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES"}) {
            assert_eq!(
                text,
                "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
            );
        }
    }
    // Nothing said is to expire, at a date that is not said.
    let members = json!({
        "KeyId": key, "ImportToken": parameters["ImportToken"], "EncryptedKeyMaterial": "AAAA",
    });
    keystead.call("ImportKeyMaterial", members).await.is(
        "ValidationException",
        "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
    );
    for (end, told) in [(now.after(SECOND_LONG), 1), (now.after(year), 2)] {
        let members = json!({"ValidTo": at(end)});
        keystead
            .bring(REGION, &key, &parameters, &wrapped, members)
            .await
            .ok();
        let metadata = keystead.describe(&key).await;
        assert_eq!(metadata["ExpirationModel"], "KEY_MATERIAL_EXPIRES", "{told}");
        assert_eq!(metadata["ValidTo"], at(end));
        let listed = keystead.materials_in(REGION, &key).await;
        assert_eq!(
            (&listed[0]["ExpirationModel"], &listed[0]["ValidTo"]),
            (&json!("KEY_MATERIAL_EXPIRES"), &json!(at(end)))
        );
    }
}

#[tokio::test]
async fn asymmetric_and_hmac_keys_keep_the_material_they_first_had() {
    let keystead = Keystead::start().await;
    let key = keystead
        .external(json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}))
        .await;
    for members in [
        new(),
        existing(),
        json!({"KeyMaterialId": "0".repeat(64)}),
        json!({"KeyMaterialDescription": "mine"}),
    ] {
        let brought = keystead.import(&key, &FIRST, members).await;
        brought.refused("UnsupportedOperationException");
    }
    keystead.import(&key, &FIRST, json!({})).await.ok();
    for _ in 0..2 {
        keystead
            .import(&key, &SECOND, json!({}))
            .await
            .refused("IncorrectKeyMaterialException");
        keystead.import(&key, &FIRST, json!({})).await.ok();
        let deleted = delete(&keystead, &key, json!({})).await.ok();
        assert_eq!(deleted, json!({"KeyId": arn_of(&key)}));
        assert_eq!(state(&keystead, &key).await, "PendingImport");
        assert_eq!(material_rows(&keystead), 0);
    }
    keystead.import(&key, &FIRST, json!({})).await.ok();
    assert_eq!(state(&keystead, &key).await, "Enabled");
    // Rotation is not for them, whatever the state.
    for operation in ["RotateKeyOnDemand", "GetKeyRotationStatus", "ListKeyRotations"] {
        let answer = keystead.call(operation, json!({"KeyId": key})).await;
        answer.is("UnsupportedOperationException", "");
    }
}

#[tokio::test]
async fn the_same_material_has_the_same_id_and_opens_what_it_closed() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let first = keystead.import(&key, &FIRST, json!({})).await.ok()["KeyMaterialId"].take();
    let blob = sealed(&keystead, &key).await;
    let deleted = delete(&keystead, &key, json!({})).await.ok();
    assert_eq!(deleted["KeyMaterialId"], first);
    decrypt(&keystead, &blob)
        .await
        .refused("KMSInvalidStateException");
    // Deleting what is away changes nothing.
    delete(&keystead, &key, json!({})).await.ok();
    let metadata = keystead.describe(&key).await;
    assert_eq!(
        (&metadata["KeyState"], &metadata["CurrentKeyMaterialId"]),
        (&json!("PendingImport"), &first)
    );
    assert!(!members(&metadata).contains("ExpirationModel"));
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("CURRENT", false)])
    );
    keystead
        .import(&key, &SECOND, json!({}))
        .await
        .refused("IncorrectKeyMaterialException");
    // Other ways to wrap make no difference.
    let way = ("RSA_AES_KEY_WRAP_SHA_1", "RSA_3072");
    let parameters = keystead.parameters(REGION, &key, way).await;
    let wrapped = wrap(way.0, &parameters, &FIRST);
    let again = keystead
        .bring(REGION, &key, &parameters, &wrapped, json!({}))
        .await
        .ok();
    assert_eq!(again["KeyMaterialId"], first);
    decrypt(&keystead, &blob).await.ok();
    // Another key with the same material has another id for it, and opens nothing of this one.
    let other = keystead.external(json!({})).await;
    let id = keystead.import(&other, &FIRST, json!({})).await.ok()["KeyMaterialId"].take();
    assert_ne!(id, first);
    let members = json!({"CiphertextBlob": blob, "KeyId": other});
    keystead
        .call("Decrypt", members)
        .await
        .refused("IncorrectKeyException");
}

#[tokio::test]
async fn a_claim_about_the_material_has_to_be_true() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let wrong = "0".repeat(64);
    let new_with_id = json!({"ImportType": "NEW_KEY_MATERIAL", "KeyMaterialId": wrong});
    // Nothing was ever imported: what comes is new.
    keystead
        .import(&key, &FIRST, existing())
        .await
        .refused("IncorrectKeyMaterialException");
    keystead
        .import(&key, &FIRST, new_with_id.clone())
        .await
        .refused("ValidationException");
    let named = json!({"KeyMaterialId": wrong});
    keystead
        .import(&key, &FIRST, named)
        .await
        .refused("ValidationException");
    let short = json!({"KeyMaterialId": "00"});
    keystead
        .import(&key, &FIRST, short)
        .await
        .refused("ValidationException");
    let first = keystead.import(&key, &FIRST, new()).await.ok()["KeyMaterialId"].take();
    // From now on it is known unless it is called new.
    keystead
        .import(&key, &FIRST, new())
        .await
        .refused("IncorrectKeyMaterialException");
    keystead
        .import(&key, &FIRST, new_with_id)
        .await
        .refused("ValidationException");
    keystead
        .import(&key, &SECOND, json!({}))
        .await
        .refused("IncorrectKeyMaterialException");
    keystead
        .import(&key, &SECOND, existing())
        .await
        .refused("IncorrectKeyMaterialException");
    for kind in [json!({}), existing()] {
        let mut members = kind;
        members["KeyMaterialId"] = json!(wrong);
        keystead
            .import(&key, &FIRST, members.clone())
            .await
            .refused("IncorrectKeyMaterialException");
        members["KeyMaterialId"] = first.clone();
        keystead.import(&key, &FIRST, members.clone()).await.ok();
        keystead
            .import(&key, &SECOND, members)
            .await
            .refused("IncorrectKeyMaterialException");
    }
    keystead
        .import(&key, &FIRST, json!({"ImportType": "OLD"}))
        .await
        .refused("ValidationException");
}

#[tokio::test]
async fn a_description_stays_until_another_is_given() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let told = |text: &str| json!({"KeyMaterialDescription": text});
    for refused in ["", "a,b", &"x".repeat(257)] {
        keystead
            .import(&key, &FIRST, told(refused))
            .await
            .refused("ValidationException");
    }
    keystead
        .import(&key, &FIRST, told("HSM 1/2026_a.b-c:d e"))
        .await
        .ok();
    let description = async || keystead.materials_in(REGION, &key).await[0]["KeyMaterialDescription"].take();
    assert_eq!(description().await, "HSM 1/2026_a.b-c:d e");
    delete(&keystead, &key, json!({})).await.ok();
    keystead.import(&key, &FIRST, json!({})).await.ok();
    assert_eq!(description().await, "HSM 1/2026_a.b-c:d e");
    keystead.import(&key, &FIRST, told("other")).await.ok();
    assert_eq!(description().await, "other");
}

#[tokio::test]
async fn new_material_waits_for_a_rotation_and_all_material_decrypts() {
    let keystead = Keystead::start().await;
    let key = keystead.imported(&FIRST).await;
    let old = sealed(&keystead, &key).await;
    let rotate = || keystead.call("RotateKeyOnDemand", json!({"KeyId": key}));
    let none = format!(
        "No available key material pending rotation for the key: {}.",
        arn_of(&key)
    );
    rotate().await.is("KMSInvalidStateException", &none);

    let second = keystead.import(&key, &SECOND, new()).await.ok()["KeyMaterialId"].take();
    let metadata = keystead.describe(&key).await;
    let first = metadata["CurrentKeyMaterialId"].clone();
    assert_ne!(first, second);
    assert_eq!(metadata["KeyState"], "Enabled");
    let waiting = keystead.materials_in(REGION, &key).await;
    assert_eq!(
        (
            waiting.len(),
            &waiting[1]["KeyMaterialId"],
            &waiting[1]["KeyMaterialState"]
        ),
        (2, &second, &json!("PENDING_ROTATION"))
    );
    assert!(!members(&waiting[1]).contains("RotationDate") && !members(&waiting[1]).contains("RotationType"));
    let rotations = keystead
        .call("ListKeyRotations", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(rotations["Rotations"], json!([]));
    assert_eq!(
        decrypt(&keystead, &sealed(&keystead, &key).await).await.ok()["KeyMaterialId"],
        first
    );
    // It may be imported again, and only it may wait.
    keystead
        .import(&key, &SECOND, new())
        .await
        .refused("IncorrectKeyMaterialException");
    keystead.import(&key, &SECOND, existing()).await.ok();
    let refused = keystead
        .import(&key, &THIRD, new())
        .await
        .refused("KMSInvalidStateException");
    let third = refused
        .strip_prefix("New key material (id: ")
        .and_then(|text| text.split_once(')'))
        .unwrap()
        .0;
    assert_eq!(
        refused,
        format!(
            "New key material (id: {third}) cannot be imported into KMS key {}, because another key material (id: {}) is \
             pending rotation.",
            arn_of(&key),
            second.as_str().unwrap()
        )
    );
    assert!(third.len() == 64 && third != second && third != first);

    assert_eq!(rotate().await.ok(), json!({"KeyId": arn_of(&key)}));
    let record = keystead.record_of("RotateKey").await;
    assert_eq!(
        record["serviceEventDetails"],
        json!({
            "rotationType": "ON_DEMAND", "keyOrigin": "EXTERNAL", "previousKeyMaterialId": first,
            "currentKeyMaterialId": second, "keyId": key,
        })
    );
    assert_eq!(keystead.describe(&key).await["CurrentKeyMaterialId"], second);
    let listed = keystead.materials_in(REGION, &key).await;
    assert_eq!(listed[0]["KeyMaterialState"], "NON_CURRENT");
    assert_eq!(
        (
            &listed[1]["KeyMaterialState"],
            &listed[1]["RotationType"],
            &listed[1]["RotationDate"]
        ),
        (
            &json!("CURRENT"),
            &json!("ON_DEMAND"),
            &json!(seconds(keystead.clock.now()))
        )
    );
    let new_blob = sealed(&keystead, &key).await;
    assert_eq!(decrypt(&keystead, &old).await.ok()["KeyMaterialId"], first);
    assert_eq!(decrypt(&keystead, &new_blob).await.ok()["KeyMaterialId"], second);
    rotate().await.is("KMSInvalidStateException", &none);

    // The key works while all of its material is here.
    for gone in [&first, &second] {
        delete(&keystead, &key, json!({"KeyMaterialId": gone})).await.ok();
        assert_eq!(state(&keystead, &key).await, "PendingImport");
    }
    keystead.import(&key, &SECOND, json!({})).await.ok();
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("NON_CURRENT", false), ("CURRENT", true)])
    );
    decrypt(&keystead, &new_blob)
        .await
        .refused("KMSInvalidStateException");
    keystead.import(&key, &FIRST, json!({})).await.ok();
    assert_eq!(state(&keystead, &key).await, "Enabled");
    decrypt(&keystead, &old).await.ok();
    decrypt(&keystead, &new_blob).await.ok();
}

#[tokio::test]
async fn material_that_waits_can_be_deleted_and_replaced() {
    let keystead = Keystead::start().await;
    let key = keystead.imported(&FIRST).await;
    let second = keystead.import(&key, &SECOND, new()).await.ok()["KeyMaterialId"].take();
    assert_eq!(material_rows(&keystead), 2);
    let deleted = delete(&keystead, &key, json!({"KeyMaterialId": second}))
        .await
        .ok();
    assert_eq!(deleted["KeyMaterialId"], second);
    assert_eq!(material_rows(&keystead), 1);
    assert_eq!(state(&keystead, &key).await, "Enabled");
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("CURRENT", true)])
    );
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .refused("KMSInvalidStateException");
    // It is forgotten: it would be new.
    keystead
        .import(&key, &SECOND, existing())
        .await
        .refused("IncorrectKeyMaterialException");
    delete(&keystead, &key, json!({"KeyMaterialId": second}))
        .await
        .refused("NotFoundException");
    keystead.import(&key, &THIRD, new()).await.ok();
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("NON_CURRENT", true), ("CURRENT", true)])
    );
    // Without a name it is the current one that goes.
    delete(&keystead, &key, json!({})).await.ok();
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("NON_CURRENT", true), ("CURRENT", false)])
    );
}

#[tokio::test]
async fn there_is_nothing_to_delete_of_a_key_that_never_had_material() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    assert_eq!(
        delete(&keystead, &key, json!({})).await.ok(),
        json!({"KeyId": arn_of(&key)})
    );
    let members = json!({"KeyMaterialId": "0".repeat(64)});
    delete(&keystead, &key, members)
        .await
        .refused("NotFoundException");
    assert_eq!(state(&keystead, &key).await, "PendingImport");
}

#[tokio::test]
async fn imported_keys_do_not_rotate_by_themselves() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let text = format!(
        "{} origin is EXTERNAL which is not valid for this operation.",
        arn_of(&key)
    );
    let status = json!({"KeyId": key, "KeyRotationEnabled": false});
    for during in ["PendingImport", "Enabled", "Disabled", "PendingDeletion"] {
        match during {
            "Enabled" => keystead.import(&key, &FIRST, json!({})).await.ok(),
            "Disabled" => keystead.call("DisableKey", json!({"KeyId": key})).await.ok(),
            "PendingDeletion" => keystead
                .call("ScheduleKeyDeletion", json!({"KeyId": key}))
                .await
                .ok(),
            _ => Value::Null,
        };
        assert_eq!(state(&keystead, &key).await, during);
        for operation in ["EnableKeyRotation", "DisableKeyRotation"] {
            let answer = keystead.call(operation, json!({"KeyId": key})).await;
            answer.is("UnsupportedOperationException", &text);
        }
        let answer = keystead.call("GetKeyRotationStatus", json!({"KeyId": key})).await;
        assert_eq!(answer.ok(), status);
        keystead
            .call("ListKeyRotations", json!({"KeyId": key}))
            .await
            .ok();
    }
}

#[tokio::test]
async fn expired_material_is_of_no_use_at_once_and_destroyed_after_the_grace() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let first = keystead
        .import(&key, &FIRST, until(&keystead, 10 * DAY))
        .await
        .ok()["KeyMaterialId"]
        .take();
    let blob = sealed(&keystead, &key).await;
    keystead.clock.advance(10 * DAY - SECOND_LONG);
    decrypt(&keystead, &blob).await.ok();
    keystead.clock.advance(SECOND_LONG);
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    decrypt(&keystead, &blob)
        .await
        .refused("KMSInvalidStateException");
    let metadata = keystead.describe(&key).await;
    assert!(!members(&metadata).contains("ExpirationModel") && !members(&metadata).contains("ValidTo"));
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("CURRENT", false)])
    );
    settle(&keystead).await;
    assert_eq!(material_rows(&keystead), 1);
    keystead.clock.advance(GRACE - SECOND_LONG);
    settle(&keystead).await;
    assert_eq!(material_rows(&keystead), 1);
    let record = keystead.recorded("DeleteExpiredKeyMaterial", SECOND_LONG).await;
    assert_eq!(material_rows(&keystead), 0);
    assert_eq!(
        record["serviceEventDetails"],
        json!({"keyId": key, "keyMaterialId": first})
    );
    assert_eq!(
        (
            &record["eventType"],
            &record["userIdentity"]["invokedBy"],
            &record["resources"][0]["ARN"]
        ),
        (
            &json!("AwsServiceEvent"),
            &json!("AWS Internal"),
            &json!(arn_of(&key))
        )
    );
    assert_eq!(
        (&record["requestParameters"], &record["readOnly"]),
        (&Value::Null, &json!(false))
    );
    keystead
        .import(&key, &SECOND, json!({}))
        .await
        .refused("IncorrectKeyMaterialException");
    keystead.import(&key, &FIRST, json!({})).await.ok();
    decrypt(&keystead, &blob).await.ok();
}

#[tokio::test]
async fn importing_again_within_the_grace_calls_the_destruction_off() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    keystead.import(&key, &FIRST, until(&keystead, DAY)).await.ok();
    let blob = sealed(&keystead, &key).await;
    keystead.clock.advance(DAY);
    settle(&keystead).await;
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    // For a date within what is left of the grace: from then on there is a whole one.
    keystead
        .import(&key, &FIRST, until(&keystead, GRACE / 2))
        .await
        .ok();
    decrypt(&keystead, &blob).await.ok();
    keystead.clock.advance(GRACE / 2);
    settle(&keystead).await;
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    keystead.clock.advance(GRACE - SECOND_LONG);
    settle(&keystead).await;
    assert_eq!(material_rows(&keystead), 1);
    // For good: nothing is destroyed any more.
    keystead.import(&key, &FIRST, json!({})).await.ok();
    keystead.clock.advance(400 * DAY);
    settle(&keystead).await;
    settle(&keystead).await;
    assert_eq!(material_rows(&keystead), 1);
    decrypt(&keystead, &blob).await.ok();
    let records = keystead.records().await;
    assert!(
        records
            .iter()
            .all(|record| record["eventName"] != "DeleteExpiredKeyMaterial")
    );
}

#[tokio::test]
async fn a_later_import_moves_the_expiry() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    keystead.import(&key, &FIRST, until(&keystead, DAY)).await.ok();
    keystead
        .import(&key, &FIRST, until(&keystead, 3 * DAY))
        .await
        .ok();
    keystead.clock.advance(2 * DAY);
    settle(&keystead).await;
    assert_eq!(state(&keystead, &key).await, "Enabled");
    keystead
        .import(&key, &FIRST, until(&keystead, SECOND_LONG))
        .await
        .ok();
    keystead.clock.advance(SECOND_LONG);
    assert_eq!(state(&keystead, &key).await, "PendingImport");
}

#[tokio::test]
async fn each_material_has_its_own_expiry_and_the_key_tells_the_earliest() {
    let keystead = Keystead::start().await;
    let key = keystead.imported(&FIRST).await;
    let mut members = until(&keystead, 5 * DAY);
    members["ImportType"] = json!("NEW_KEY_MATERIAL");
    let end = members["ValidTo"].clone();
    keystead.import(&key, &SECOND, members).await.ok();
    // What waits is not the key's yet.
    let metadata = keystead.describe(&key).await;
    assert_eq!(metadata["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
    let metadata = keystead.describe(&key).await;
    assert_eq!(
        (&metadata["ExpirationModel"], &metadata["ValidTo"]),
        (&json!("KEY_MATERIAL_EXPIRES"), &end)
    );
    let sooner = until(&keystead, 2 * DAY);
    keystead.import(&key, &FIRST, sooner.clone()).await.ok();
    assert_eq!(keystead.describe(&key).await["ValidTo"], sooner["ValidTo"]);
    keystead.clock.advance(2 * DAY);
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("NON_CURRENT", false), ("CURRENT", true)])
    );
    keystead
        .recorded("DeleteExpiredKeyMaterial", Duration::from_secs(60))
        .await;
    assert_eq!(material_rows(&keystead), 1);
}

#[tokio::test]
async fn material_that_expires_while_it_waits_is_forgotten() {
    let keystead = Keystead::start().await;
    let key = keystead.imported(&FIRST).await;
    let mut members = until(&keystead, DAY);
    members["ImportType"] = json!("NEW_KEY_MATERIAL");
    let second = keystead.import(&key, &SECOND, members.clone()).await.ok()["KeyMaterialId"].take();
    keystead.clock.advance(DAY);
    assert_eq!(state(&keystead, &key).await, "Enabled");
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("CURRENT", true)])
    );
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .refused("KMSInvalidStateException");
    keystead
        .import(&key, &SECOND, existing())
        .await
        .refused("IncorrectKeyMaterialException");
    // It can come as new, before or after what there was is destroyed.
    members["ValidTo"] = until(&keystead, DAY)["ValidTo"].clone();
    let again = keystead.import(&key, &SECOND, members).await.ok()["KeyMaterialId"].take();
    assert_eq!(again, second);
    assert_eq!(material_rows(&keystead), 2);
    keystead.clock.advance(DAY);
    let record = keystead
        .recorded("DeleteExpiredKeyMaterial", Duration::from_secs(60))
        .await;
    assert_eq!(record["serviceEventDetails"]["keyMaterialId"], second);
    assert_eq!(material_rows(&keystead), 1);
    assert_eq!(state(&keystead, &key).await, "Enabled");
    keystead.import(&key, &THIRD, new()).await.ok();
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
}

#[tokio::test]
async fn another_material_takes_the_place_of_one_that_expired_while_it_waited() {
    let keystead = Keystead::start().await;
    let key = keystead.imported(&FIRST).await;
    let mut members = until(&keystead, DAY);
    members["ImportType"] = json!("NEW_KEY_MATERIAL");
    keystead.import(&key, &SECOND, members).await.ok();
    keystead.clock.advance(DAY);
    keystead.import(&key, &THIRD, new()).await.ok();
    assert_eq!(material_rows(&keystead), 2);
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("CURRENT", true), ("PENDING_ROTATION", true)])
    );
    keystead.clock.advance(2 * GRACE);
    settle(&keystead).await;
    assert_eq!(material_rows(&keystead), 2);
}

#[tokio::test]
async fn a_deleted_key_takes_all_of_its_material_with_it() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    keystead
        .import(&key, &FIRST, until(&keystead, 300 * DAY))
        .await
        .ok();
    keystead.import(&key, &SECOND, new()).await.ok();
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
    keystead.import(&key, &THIRD, new()).await.ok();
    assert_eq!(material_rows(&keystead), 3);
    let members = json!({"KeyId": key, "PendingWindowInDays": 7});
    keystead.call("ScheduleKeyDeletion", members).await.ok();
    keystead.clock.advance(7 * DAY);
    keystead.recorded("DeleteKey", Duration::from_secs(60)).await;
    assert_eq!(material_rows(&keystead), 0);
}

#[tokio::test]
async fn a_key_that_was_disabled_before_its_material_went_is_enabled_by_the_next_import() {
    let keystead = Keystead::start().await;
    let key = keystead.imported(&FIRST).await;
    keystead.call("DisableKey", json!({"KeyId": key})).await.ok();
    delete(&keystead, &key, json!({})).await.ok();
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    keystead.import(&key, &FIRST, json!({})).await.ok();
    assert_eq!(state(&keystead, &key).await, "Enabled");
}

#[tokio::test]
async fn nothing_secret_is_recorded_of_an_import() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    let parameters = keystead.parameters(REGION, &key, USUAL).await;
    let record = keystead.record().await;
    assert_eq!(record["eventName"], "GetParametersForImport");
    assert_eq!(
        (&record["readOnly"], &record["responseElements"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(
        record["requestParameters"],
        json!({"keyId": key, "wrappingAlgorithm": USUAL.0, "wrappingKeySpec": USUAL.1})
    );
    let wrapped = wrap(USUAL.0, &parameters, &FIRST);
    let members = json!({
        "ValidTo": seconds(keystead.clock.now().after(DAY)), "ExpirationModel": "KEY_MATERIAL_EXPIRES",
        "ImportType": "NEW_KEY_MATERIAL", "KeyMaterialDescription": "mine",
    });
    let imported = keystead
        .bring(REGION, &key, &parameters, &wrapped, members)
        .await
        .ok();
    let record = keystead.record().await;
    assert_eq!(record["readOnly"], false);
    assert_eq!(
        record["requestParameters"],
        json!({
            "keyId": key, "validTo": "Nov 15, 2023, 10:13:20 PM", "expirationModel": "KEY_MATERIAL_EXPIRES",
            "importType": "NEW_KEY_MATERIAL", "keyMaterialDescription": "mine",
        })
    );
    let told = json!({"keyId": arn_of(&key), "keyMaterialId": imported["KeyMaterialId"]});
    assert_eq!(record["responseElements"], told);
    delete(
        &keystead,
        &key,
        json!({"KeyMaterialId": imported["KeyMaterialId"]}),
    )
    .await
    .ok();
    let record = keystead.record().await;
    assert_eq!(record["responseElements"], told);
    assert_eq!(
        record["requestParameters"],
        json!({"keyId": key, "keyMaterialId": imported["KeyMaterialId"]})
    );
    // A refused import is recorded alike.
    let refused = keystead
        .bring(REGION, &key, &json!({"ImportToken": "AAAA"}), &wrapped, json!({}))
        .await;
    refused.refused("InvalidImportTokenException");
    let record = keystead.record().await;
    assert_eq!(record["errorCode"], "InvalidImportTokenException");
    assert_eq!(
        record["requestParameters"],
        json!({"keyId": key, "expirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"})
    );
}

async fn family(keystead: &Keystead, replicas: &[&str]) -> String {
    let key = keystead.external(json!({"MultiRegion": true})).await;
    keystead.import(&key, &FIRST, json!({})).await.ok();
    for region in replicas {
        let members = json!({"KeyId": key, "ReplicaRegion": region});
        keystead.call("ReplicateKey", members).await.ok();
    }
    key
}

async fn state_in(keystead: &Keystead, region: &str, key: &str) -> String {
    let described = keystead
        .call_in(region, "DescribeKey", json!({"KeyId": key}))
        .await
        .ok();
    described["KeyMetadata"]["KeyState"].as_str().unwrap().to_owned()
}

const LACKING: &str = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";

#[tokio::test]
async fn a_replica_is_given_the_material_of_its_primary() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    let blob = sealed(&keystead, &key).await;
    assert_eq!(state_in(&keystead, OTHER_REGION, &key).await, "PendingImport");
    let arn = format!("arn:aws:kms:{OTHER_REGION}:{ACCOUNT}:key/{key}");
    let refused = keystead.import_in(OTHER_REGION, &key, &SECOND, json!({})).await;
    refused.refused("IncorrectKeyMaterialException");
    let refused = keystead.import_in(OTHER_REGION, &key, &FIRST, new()).await;
    refused.is(
        "UnsupportedOperationException",
        &format!("{arn} is not a multi-region primary key."),
    );
    let imported = keystead
        .import_in(OTHER_REGION, &key, &FIRST, json!({}))
        .await
        .ok();
    let of_primary = keystead.describe(&key).await;
    assert_eq!(imported["KeyMaterialId"], of_primary["CurrentKeyMaterialId"]);
    assert_eq!(state_in(&keystead, OTHER_REGION, &key).await, "Enabled");
    let members = json!({"CiphertextBlob": blob});
    keystead
        .call_in(OTHER_REGION, "Decrypt", members.clone())
        .await
        .ok();
    // What goes in one Region stays in the other.
    keystead
        .call_in(OTHER_REGION, "DeleteImportedKeyMaterial", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(state(&keystead, &key).await, "Enabled");
    keystead
        .import_in(OTHER_REGION, &key, &FIRST, existing())
        .await
        .ok();
    delete(&keystead, &key, json!({})).await.ok();
    assert_eq!(state_in(&keystead, OTHER_REGION, &key).await, "Enabled");
    keystead.call_in(OTHER_REGION, "Decrypt", members).await.ok();
}

#[tokio::test]
async fn new_material_of_a_family_waits_for_every_region() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION, THIRD_REGION]).await;
    for region in [OTHER_REGION, THIRD_REGION] {
        keystead.import_in(region, &key, &FIRST, json!({})).await.ok();
    }
    let blob = sealed(&keystead, &key).await;
    let rotate = || keystead.call("RotateKeyOnDemand", json!({"KeyId": key}));
    let second = keystead.import(&key, &SECOND, new()).await.ok()["KeyMaterialId"].take();
    let regions = [REGION, OTHER_REGION, THIRD_REGION];
    let seen = async |expected: [(&str, bool); 3]| {
        for (region, (waiting, here)) in regions.into_iter().zip(expected) {
            let states = states(&keystead, region, &key).await;
            assert_eq!(states, expect(&[("CURRENT", true), (waiting, here)]), "{region}");
            assert_eq!(state_in(&keystead, region, &key).await, "Enabled");
        }
    };
    seen([(LACKING, true), (LACKING, false), (LACKING, false)]).await;
    rotate().await.refused("KMSInvalidStateException");
    let refused = keystead.import_in(OTHER_REGION, &key, &THIRD, existing()).await;
    refused.refused("IncorrectKeyMaterialException");
    let imported = keystead
        .import_in(OTHER_REGION, &key, &SECOND, existing())
        .await
        .ok();
    assert_eq!(imported["KeyMaterialId"], second);
    seen([(LACKING, true), (LACKING, true), (LACKING, false)]).await;
    rotate().await.refused("KMSInvalidStateException");
    keystead
        .import_in(THIRD_REGION, &key, &SECOND, existing())
        .await
        .ok();
    let waits = "PENDING_ROTATION";
    seen([(waits, true), (waits, true), (waits, true)]).await;
    // A replica may lose it again, and then it is waited for again.
    let members = json!({"KeyId": key, "KeyMaterialId": second});
    keystead
        .call_in(THIRD_REGION, "DeleteImportedKeyMaterial", members)
        .await
        .ok();
    seen([(LACKING, true), (LACKING, true), (LACKING, false)]).await;
    rotate().await.refused("KMSInvalidStateException");
    keystead
        .import_in(THIRD_REGION, &key, &SECOND, json!({}))
        .await
        .ok();

    for region in [OTHER_REGION, THIRD_REGION] {
        let refused = keystead
            .call_in(region, "RotateKeyOnDemand", json!({"KeyId": key}))
            .await;
        refused.refused("UnsupportedOperationException");
    }
    rotate().await.ok();
    let mut histories = Vec::new();
    for region in regions {
        let materials = materials(&keystead, region, &key).await;
        assert_eq!(
            states(&keystead, region, &key).await,
            expect(&[("NON_CURRENT", true), ("CURRENT", true)])
        );
        assert_eq!(state_in(&keystead, region, &key).await, "Enabled");
        histories.push(materials);
        let members = json!({"CiphertextBlob": blob});
        keystead.call_in(region, "Decrypt", members).await.ok();
    }
    assert!(histories.iter().all(|history| *history == histories[0]));
    let synchronized: Vec<Value> = keystead
        .records()
        .await
        .into_iter()
        .filter(|record| record["eventName"] == "SynchronizeMultiRegionKey")
        .map(|record| record["awsRegion"].clone())
        .collect();
    assert_eq!(synchronized, [OTHER_REGION, THIRD_REGION]);
}

#[tokio::test]
async fn what_a_primary_no_longer_waits_for_no_replica_waits_for() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    keystead
        .import_in(OTHER_REGION, &key, &FIRST, json!({}))
        .await
        .ok();
    let second = keystead.import(&key, &SECOND, new()).await.ok()["KeyMaterialId"].take();
    keystead
        .import_in(OTHER_REGION, &key, &SECOND, until(&keystead, 20 * DAY))
        .await
        .ok();
    assert_eq!(material_rows(&keystead), 4);
    delete(&keystead, &key, json!({"KeyMaterialId": second}))
        .await
        .ok();
    assert_eq!(material_rows(&keystead), 2);
    for region in [REGION, OTHER_REGION] {
        assert_eq!(
            states(&keystead, region, &key).await,
            expect(&[("CURRENT", true)])
        );
    }
    // The same by itself, when it expires in the primary.
    let mut members = until(&keystead, DAY);
    members["ImportType"] = json!("NEW_KEY_MATERIAL");
    keystead.import(&key, &THIRD, members).await.ok();
    keystead
        .import_in(OTHER_REGION, &key, &THIRD, json!({}))
        .await
        .ok();
    keystead.clock.advance(DAY);
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .refused("KMSInvalidStateException");
    keystead
        .recorded("DeleteExpiredKeyMaterial", Duration::from_secs(60))
        .await;
    assert_eq!(material_rows(&keystead), 2);
    assert_eq!(
        states(&keystead, OTHER_REGION, &key).await,
        expect(&[("CURRENT", true)])
    );
}

#[tokio::test]
async fn material_that_expires_in_a_replica_is_waited_for_again() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    keystead
        .import_in(OTHER_REGION, &key, &FIRST, json!({}))
        .await
        .ok();
    keystead.import(&key, &SECOND, new()).await.ok();
    keystead
        .import_in(OTHER_REGION, &key, &SECOND, until(&keystead, DAY))
        .await
        .ok();
    keystead.clock.advance(DAY);
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .refused("KMSInvalidStateException");
    let record = keystead
        .recorded("DeleteExpiredKeyMaterial", Duration::from_secs(60))
        .await;
    assert_eq!(record["awsRegion"], OTHER_REGION);
    let waiting = |here| expect(&[("CURRENT", true), (LACKING, here)]);
    assert_eq!(states(&keystead, REGION, &key).await, waiting(true));
    assert_eq!(states(&keystead, OTHER_REGION, &key).await, waiting(false));
    keystead
        .import_in(OTHER_REGION, &key, &SECOND, json!({}))
        .await
        .ok();
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
}

#[tokio::test]
async fn material_that_waits_waits_for_replicas_that_come_and_not_for_those_that_go() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[]).await;
    keystead.import(&key, &SECOND, new()).await.ok();
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("CURRENT", true), ("PENDING_ROTATION", true)])
    );
    let members = json!({"KeyId": key, "ReplicaRegion": OTHER_REGION});
    keystead.call("ReplicateKey", members).await.ok();
    for (region, here) in [(REGION, true), (OTHER_REGION, false)] {
        assert_eq!(
            states(&keystead, region, &key).await,
            expect(&[("CURRENT", here), (LACKING, here)])
        );
    }
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .refused("KMSInvalidStateException");
    let members = json!({"KeyId": key, "PendingWindowInDays": 7});
    keystead
        .call_in(OTHER_REGION, "ScheduleKeyDeletion", members)
        .await
        .ok();
    keystead.clock.advance(7 * DAY);
    keystead.recorded("DeleteKey", Duration::from_secs(60)).await;
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("CURRENT", true), ("PENDING_ROTATION", true)])
    );
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
}

#[tokio::test]
async fn a_new_primary_takes_the_waiting_material_over() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    keystead
        .import_in(OTHER_REGION, &key, &FIRST, json!({}))
        .await
        .ok();
    let second = keystead.import(&key, &SECOND, new()).await.ok()["KeyMaterialId"].take();
    let members = json!({"KeyId": key, "PrimaryRegion": OTHER_REGION});
    keystead.call("UpdatePrimaryRegion", members).await.ok();
    let rotate = || keystead.call_in(OTHER_REGION, "RotateKeyOnDemand", json!({"KeyId": key}));
    rotate().await.refused("KMSInvalidStateException");
    // It lacks the material itself: it is given it, or forgets it.
    keystead
        .import_in(OTHER_REGION, &key, &SECOND, existing())
        .await
        .ok();
    rotate().await.ok();
    keystead.import_in(OTHER_REGION, &key, &THIRD, new()).await.ok();
    let members = json!({"KeyId": key, "PrimaryRegion": REGION});
    keystead
        .call_in(OTHER_REGION, "UpdatePrimaryRegion", members)
        .await
        .ok();
    let waiting = materials(&keystead, REGION, &key).await.pop().unwrap();
    assert_eq!((waiting.1.as_str(), waiting.2), (LACKING, false));
    delete(&keystead, &key, json!({"KeyMaterialId": waiting.0}))
        .await
        .ok();
    for region in [REGION, OTHER_REGION] {
        let last = materials(&keystead, region, &key).await.pop().unwrap();
        assert_eq!(
            (json!(last.0), last.1.as_str()),
            (second.clone(), "CURRENT"),
            "{region}"
        );
    }
}

/// One step of bringing new material into a family, with the store at fault or not.
async fn step(keystead: &Keystead, key: &str, step: &str, material: &[u8], fault: Option<Fault>) -> Answer {
    let (region, members) = match step {
        "import there" => (OTHER_REGION, existing()),
        _ => (REGION, new()),
    };
    let parameters = keystead.parameters(region, key, USUAL).await;
    let wrapped = wrap(USUAL.0, &parameters, material);
    let last = materials(keystead, REGION, key).await.pop().unwrap().0;
    keystead.memory.plan([fault]);
    let answer = match step {
        "rotate" => keystead.call("RotateKeyOnDemand", json!({"KeyId": key})).await,
        "delete" => delete(keystead, key, json!({"KeyMaterialId": last})).await,
        _ => keystead.bring(region, key, &parameters, &wrapped, members).await,
    };
    keystead.memory.calm();
    answer
}

#[tokio::test]
async fn a_fault_of_the_store_leaves_a_step_done_in_every_region_or_in_none() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    keystead
        .import_in(OTHER_REGION, &key, &FIRST, json!({}))
        .await
        .ok();
    let blob = sealed(&keystead, &key).await;
    let seen = async || {
        let [here, there] = [
            materials(&keystead, REGION, &key).await,
            materials(&keystead, OTHER_REGION, &key).await,
        ];
        let ids = |all: &[(String, String, bool)]| -> Vec<(String, String)> {
            all.iter()
                .map(|(id, state, _)| (id.clone(), state.clone()))
                .collect()
        };
        assert_eq!(ids(&here), ids(&there));
        (here, there, material_rows(&keystead))
    };
    let (mut done, mut undone) = (0, 0);
    for (number, fault) in [Fault::Refused, Fault::Broken, Fault::Lost, Fault::Kept]
        .into_iter()
        .enumerate()
    {
        let material = [100 + u8::try_from(number).unwrap(); 32];
        for name in ["import", "delete", "import", "import there", "rotate"] {
            let before = seen().await;
            match step(&keystead, &key, name, &material, Some(fault)).await.status {
                200 => done += 1,
                _ => {
                    undone += 1;
                    assert_eq!(seen().await, before, "{fault:?} {name}");
                    step(&keystead, &key, name, &material, None).await.ok();
                }
            }
            assert_ne!(seen().await, before, "{fault:?} {name}");
        }
        for region in [REGION, OTHER_REGION] {
            let members = json!({"CiphertextBlob": blob});
            keystead.call_in(region, "Decrypt", members).await.ok();
        }
    }
    assert!(done > 0 && undone > 0, "{done} done, {undone} undone");
}
