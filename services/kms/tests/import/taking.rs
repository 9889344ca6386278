//! What a key takes in, on which terms, and what is told and recorded of it.

use ambient::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::*;
use inprocess::wrapping::{USUAL, wrap};
use inprocess::*;

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
    assert_eq!(keystead.material_rows(&key), 0);
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
        assert_eq!(keystead.material_rows(&key), 0);
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
