//! Multi-Region keys: material is brought to each Region, new material to the primary first.

use std::time::Duration;

use serde_json::{Value, json};
use store::suite::memory::Fault;

use crate::*;
use inprocess::*;

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
    assert_eq!(keystead.material_rows(&key), 4);
    delete(&keystead, &key, json!({"KeyMaterialId": second}))
        .await
        .ok();
    assert_eq!(keystead.material_rows(&key), 2);
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
    assert_eq!(keystead.material_rows(&key), 2);
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
    let there = states(&keystead, OTHER_REGION, &key).await;
    assert_eq!(there, expect(&[("CURRENT", true), ("PENDING_ROTATION", false)]));
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
    let last = materials(keystead, REGION, key).await.pop().unwrap().0;
    keystead.memory.plan([fault]);
    let answer = match step {
        "rotate" => keystead.call("RotateKeyOnDemand", json!({"KeyId": key})).await,
        "delete" => delete(keystead, key, json!({"KeyMaterialId": last})).await,
        _ => keystead.import_in(region, key, material, members).await,
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
        (here, there, keystead.material_rows(&key))
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
