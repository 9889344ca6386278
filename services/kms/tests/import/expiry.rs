//! Material that goes by itself.

use std::time::Duration;

use serde_json::{Value, json};

use crate::*;
use inprocess::*;

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
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 1);
    keystead.clock.advance(GRACE - SECOND_LONG);
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 1);
    let record = keystead.recorded("DeleteExpiredKeyMaterial", SECOND_LONG).await;
    assert_eq!(keystead.material_rows(&key), 0);
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
    keystead.settled().await;
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    // For a date within what is left of the grace: from then on there is a whole one.
    keystead
        .import(&key, &FIRST, until(&keystead, GRACE / 2))
        .await
        .ok();
    decrypt(&keystead, &blob).await.ok();
    keystead.clock.advance(GRACE / 2);
    keystead.settled().await;
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    keystead.clock.advance(GRACE - SECOND_LONG);
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 1);
    // For good: nothing is destroyed any more.
    keystead.import(&key, &FIRST, json!({})).await.ok();
    keystead.clock.advance(400 * DAY);
    keystead.settled().await;
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 1);
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
    keystead.settled().await;
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
    assert_eq!(keystead.material_rows(&key), 1);
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
    assert_eq!(keystead.material_rows(&key), 2);
    keystead.clock.advance(DAY);
    let record = keystead
        .recorded("DeleteExpiredKeyMaterial", Duration::from_secs(60))
        .await;
    assert_eq!(record["serviceEventDetails"]["keyMaterialId"], second);
    assert_eq!(keystead.material_rows(&key), 1);
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
    assert_eq!(keystead.material_rows(&key), 2);
    assert_eq!(
        states(&keystead, REGION, &key).await,
        expect(&[("CURRENT", true), ("PENDING_ROTATION", true)])
    );
    keystead.clock.advance(2 * GRACE);
    keystead.settled().await;
    assert_eq!(keystead.material_rows(&key), 2);
}

#[tokio::test]
async fn a_wall_clock_that_jumps_destroys_nothing_and_forgets_nothing() {
    let keystead = Keystead::start().await;
    let key = keystead.external(json!({})).await;
    keystead
        .import(&key, &FIRST, until(&keystead, 10 * DAY))
        .await
        .ok();
    let right = keystead.clock.now();
    keystead.clock.set_wall(right.after(365 * DAY));
    assert_eq!(state(&keystead, &key).await, "PendingImport");
    // The worker looks at the clock once a minute, and has seen it when nothing is due any more.
    keystead.clock.advance(Duration::from_secs(60));
    keystead.settled().await;
    assert_eq!(keystead.due_rows(&key), 0);
    keystead.clock.set_wall(right);
    assert_eq!(state(&keystead, &key).await, "Enabled");
    for _ in 0..3 {
        keystead.clock.advance(GRACE);
        keystead.settled().await;
    }
    assert_eq!((keystead.material_rows(&key), keystead.due_rows(&key)), (1, 1));
    encrypt(&keystead, &key).await.ok();
    keystead.clock.advance(10 * DAY);
    keystead
        .recorded("DeleteExpiredKeyMaterial", Duration::from_secs(60))
        .await;
    assert_eq!((keystead.material_rows(&key), keystead.due_rows(&key)), (0, 0));
}
