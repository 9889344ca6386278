//! Rotation and deletion: what falls due by itself, and what is asked for.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use std::time::Duration;

use ambient::{Clock, Timestamp};
use inprocess::{DAY, GRACE, Keystead, arn_of};
use serde_json::{Value, json};

async fn encrypt(keystead: &Keystead, key: &str) -> Value {
    let body = json!({"KeyId": key, "Plaintext": "aGk="});
    keystead.call("Encrypt", body).await.ok()["CiphertextBlob"].take()
}

async fn opens(keystead: &Keystead, blob: &Value) -> String {
    let opened = keystead
        .call("Decrypt", json!({"CiphertextBlob": blob}))
        .await
        .ok();
    assert_eq!(opened["Plaintext"], "aGk=");
    opened["KeyMaterialId"].as_str().unwrap().to_owned()
}

async fn materials(keystead: &Keystead, key: &str) -> Vec<Value> {
    let body = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let mut listed = keystead.call("ListKeyRotations", body).await.ok();
    listed["Rotations"].as_array_mut().unwrap().drain(..).collect()
}

/// Waits for the worker to have rotated `key` until it has `count` materials.
async fn until_materials(keystead: &Keystead, key: &str, count: usize) {
    let body = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let there = |answer: &inprocess::Answer| {
        answer.body["Rotations"]
            .as_array()
            .is_some_and(|all| all.len() == count)
    };
    keystead.until("ListKeyRotations", body, there).await;
}

async fn status(keystead: &Keystead, key: &str) -> Value {
    keystead
        .call("GetKeyRotationStatus", json!({"KeyId": key}))
        .await
        .ok()
}

fn seconds(time: Timestamp) -> f64 {
    f64::from(u32::try_from(time.seconds()).unwrap())
}

#[tokio::test]
async fn after_a_rotation_on_demand_old_ciphertexts_open_and_new_ones_use_new_material() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let old = encrypt(&keystead, &key).await;
    let rotated = keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(rotated, json!({"KeyId": arn_of(&key)}));
    let new = encrypt(&keystead, &key).await;
    let (first, second) = (opens(&keystead, &old).await, opens(&keystead, &new).await);
    assert_ne!(first, second);
    assert_eq!(keystead.describe(&key).await["CurrentKeyMaterialId"], second);
    let listed = materials(&keystead, &key).await;
    assert_eq!(
        (
            &listed[0]["KeyMaterialId"],
            &listed[0]["KeyMaterialState"],
            listed[0].get("RotationDate")
        ),
        (&json!(first), &json!("NON_CURRENT"), None)
    );
    assert_eq!(
        (
            &listed[1]["KeyMaterialId"],
            &listed[1]["KeyMaterialState"],
            &listed[1]["RotationType"]
        ),
        (&json!(second), &json!("CURRENT"), &json!("ON_DEMAND"))
    );
    let records = keystead.records().await;
    let rotation = records
        .iter()
        .find(|record| record["eventName"] == "RotateKey")
        .unwrap();
    assert_eq!(rotation["serviceEventDetails"]["rotationType"], "ON_DEMAND");
    assert_eq!(rotation["serviceEventDetails"]["currentKeyMaterialId"], second);
    let rotations = keystead
        .call("ListKeyRotations", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(rotations["Rotations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_is_rotated_on_demand_25_times_at_most() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    for _ in 0..25 {
        keystead
            .call("RotateKeyOnDemand", json!({"KeyId": key}))
            .await
            .ok();
    }
    keystead.call("RotateKeyOnDemand", json!({"KeyId": key})).await.is(
        "LimitExceededException",
        &format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
             performed for this key: {}",
            arn_of(&key)
        ),
    );
    let mut pages = Vec::new();
    let mut body = json!({"KeyId": key, "Limit": 10});
    loop {
        let mut page = keystead.call("ListKeyRotations", body.clone()).await.ok();
        pages.append(page["Rotations"].as_array_mut().unwrap());
        if page["Truncated"] == json!(false) {
            break;
        }
        body["Marker"] = page["NextMarker"].take();
    }
    assert_eq!(pages.len(), 25);
    body["IncludeKeyMaterial"] = json!("ALL_KEY_MATERIAL");
    keystead
        .call("ListKeyRotations", body)
        .await
        .refused("InvalidMarkerException");
}

#[tokio::test]
async fn a_key_rotates_by_itself_each_period() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    assert_eq!(
        status(&keystead, &key).await,
        json!({"KeyId": key, "KeyRotationEnabled": false})
    );
    keystead
        .call(
            "EnableKeyRotation",
            json!({"KeyId": key, "RotationPeriodInDays": 90}),
        )
        .await
        .ok();
    let next = keystead.clock.now().after(90 * DAY);
    assert_eq!(
        status(&keystead, &key).await,
        json!({"KeyId": key, "KeyRotationEnabled": true, "RotationPeriodInDays": 90, "NextRotationDate": seconds(next)})
    );
    let old = encrypt(&keystead, &key).await;
    keystead.clock.advance(90 * DAY - Duration::from_secs(1));
    assert_eq!(materials(&keystead, &key).await.len(), 1);
    keystead.clock.advance(Duration::from_secs(1));
    until_materials(&keystead, &key, 2).await;
    assert_eq!(materials(&keystead, &key).await[1]["RotationType"], "AUTOMATIC");
    opens(&keystead, &old).await;
    let records = keystead.records().await;
    let rotation = records
        .iter()
        .find(|record| record["eventName"] == "RotateKey")
        .unwrap();
    assert_eq!(rotation["eventType"], "AwsServiceEvent");
    assert_eq!(rotation["serviceEventDetails"]["rotationType"], "AUTOMATIC");
    assert_eq!(rotation["resources"][0]["ARN"], arn_of(&key));
    keystead.clock.advance(90 * DAY);
    until_materials(&keystead, &key, 3).await;
    keystead
        .call("DisableKeyRotation", json!({"KeyId": key}))
        .await
        .ok();
    keystead
        .call("DisableKeyRotation", json!({"KeyId": key}))
        .await
        .ok();
    keystead.clock.advance(900 * DAY);
    assert_eq!(materials(&keystead, &key).await.len(), 3);
}

#[tokio::test]
async fn a_new_period_begins_when_it_is_set() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead
        .call("EnableKeyRotation", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(status(&keystead, &key).await["RotationPeriodInDays"], 365);
    keystead.clock.advance(100 * DAY);
    keystead
        .call(
            "EnableKeyRotation",
            json!({"KeyId": key, "RotationPeriodInDays": 2560}),
        )
        .await
        .ok();
    let next = keystead.clock.now().after(2560 * DAY);
    assert_eq!(status(&keystead, &key).await["NextRotationDate"], seconds(next));
    keystead.clock.advance(2559 * DAY);
    assert_eq!(materials(&keystead, &key).await.len(), 1);
    for days in [89, 2561] {
        let body = json!({"KeyId": key, "RotationPeriodInDays": days});
        keystead
            .call("EnableKeyRotation", body)
            .await
            .refused("ValidationException");
    }
}

#[tokio::test]
async fn an_automatic_rotation_that_is_near_keeps_one_on_demand_away() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead
        .call(
            "EnableKeyRotation",
            json!({"KeyId": key, "RotationPeriodInDays": 90}),
        )
        .await
        .ok();
    keystead.clock.advance(90 * DAY - Duration::from_secs(20 * 60));
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .refused("ConflictException");
}

#[tokio::test]
async fn a_disabled_key_rotates_when_it_is_enabled_again() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead
        .call(
            "EnableKeyRotation",
            json!({"KeyId": key, "RotationPeriodInDays": 90}),
        )
        .await
        .ok();
    keystead.call("DisableKey", json!({"KeyId": key})).await.ok();
    keystead.clock.advance(200 * DAY);
    assert_eq!(materials(&keystead, &key).await.len(), 1);
    keystead.call("EnableKey", json!({"KeyId": key})).await.ok();
    until_materials(&keystead, &key, 2).await;
}

#[tokio::test]
async fn a_cancelled_deletion_brings_the_rotation_back() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead
        .call(
            "EnableKeyRotation",
            json!({"KeyId": key, "RotationPeriodInDays": 90}),
        )
        .await
        .ok();
    keystead
        .call("ScheduleKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(status(&keystead, &key).await["KeyRotationEnabled"], false);
    keystead
        .call("CancelKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(status(&keystead, &key).await["KeyRotationEnabled"], true);
    keystead.call("EnableKey", json!({"KeyId": key})).await.ok();
    keystead.clock.advance(90 * DAY);
    until_materials(&keystead, &key, 2).await;
}

#[tokio::test]
async fn material_is_destroyed_after_the_waiting_period_and_the_grace_and_not_before() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
    let blob = encrypt(&keystead, &key).await;
    keystead
        .call(
            "ScheduleKeyDeletion",
            json!({"KeyId": key, "PendingWindowInDays": 7}),
        )
        .await
        .ok();
    keystead.clock.advance(7 * DAY);
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 2);
    keystead
        .call("Decrypt", json!({"CiphertextBlob": blob}))
        .await
        .refused("AccessDeniedException");
    keystead.clock.advance(GRACE - Duration::from_secs(1));
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 2);
    keystead.clock.advance(Duration::from_secs(1));
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 0);
    let records = keystead.records().await;
    let deletion = records
        .iter()
        .find(|record| record["eventName"] == "DeleteKey")
        .unwrap();
    assert_eq!(deletion["serviceEventDetails"]["keyId"], json!(key));
    assert_eq!(deletion["userIdentity"]["invokedBy"], "AWS Internal");
}

#[tokio::test]
async fn a_wall_clock_that_jumps_does_not_destroy_anything() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead
        .call(
            "ScheduleKeyDeletion",
            json!({"KeyId": key, "PendingWindowInDays": 7}),
        )
        .await
        .ok();
    // Somebody sets the clock a year ahead: the key is gone for its callers, its material is not.
    let right = keystead.clock.now();
    keystead.clock.set_wall(right.after(365 * DAY));
    keystead
        .call("DescribeKey", json!({"KeyId": key}))
        .await
        .refused("NotFoundException");
    // The worker looks at the clock once a minute.
    keystead.clock.advance(Duration::from_secs(60));
    keystead.settled().await;
    keystead.clock.set_wall(right.after(Duration::from_secs(60)));
    keystead.clock.advance(Duration::from_secs(60));
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 1);
    // Its date still comes, though it was seen to be due before.
    for _ in 0..3 {
        keystead.clock.advance(GRACE);
        keystead.settled().await;
    }
    assert_eq!(keystead.material_rows(&key), 1);
    keystead.clock.advance(7 * DAY);
    keystead.recorded("DeleteKey", Duration::from_secs(60)).await;
    assert_eq!(keystead.material_rows(&key), 0);
}
