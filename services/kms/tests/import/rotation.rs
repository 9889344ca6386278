//! Several materials of one key: one works, older ones decrypt, and one may wait.

use std::time::Duration;

use ambient::Clock;
use serde_json::{Value, json};

use crate::*;
use inprocess::*;

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
    assert_eq!(keystead.material_rows(&key), 2);
    let deleted = delete(&keystead, &key, json!({"KeyMaterialId": second}))
        .await
        .ok();
    assert_eq!(deleted["KeyMaterialId"], second);
    assert_eq!(keystead.material_rows(&key), 1);
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
    assert_eq!(keystead.material_rows(&key), 3);
    let members = json!({"KeyId": key, "PendingWindowInDays": 7});
    keystead.call("ScheduleKeyDeletion", members).await.ok();
    keystead.clock.advance(7 * DAY);
    keystead.recorded("DeleteKey", Duration::from_secs(60)).await;
    assert_eq!((keystead.material_rows(&key), keystead.due_rows(&key)), (0, 0));
}
