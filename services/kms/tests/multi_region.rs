//! Multi-Region keys: one history of material, one primary, and all else each key's own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

use std::time::Duration;

use inprocess::*;
use serde_json::{Value, json};
use store::suite::memory::Fault;

const REGIONS: [&str; 3] = [REGION, OTHER_REGION, THIRD_REGION];

/// A multi-Region key with replicas in these Regions, and its id.
async fn family(keystead: &Keystead, replicas: &[&str]) -> String {
    let key = keystead.key_with(json!({"MultiRegion": true})).await;
    for region in replicas {
        replicate(keystead, &key, region).await.ok();
    }
    key
}

async fn replicate(keystead: &Keystead, key: &str, region: &str) -> Answer {
    let members = json!({"KeyId": key, "ReplicaRegion": region});
    keystead.call("ReplicateKey", members).await
}

async fn describe_in(keystead: &Keystead, region: &str, key: &str) -> Value {
    let members = json!({"KeyId": key});
    keystead.call_in(region, "DescribeKey", members).await.ok()["KeyMetadata"].take()
}

async fn encrypt_in(keystead: &Keystead, region: &str, key: &str) -> Value {
    let members = json!({"KeyId": key, "Plaintext": "aGVsbG8=", "EncryptionContext": {"a": "b"}});
    keystead.call_in(region, "Encrypt", members).await.ok()["CiphertextBlob"].take()
}

async fn decrypt_in(keystead: &Keystead, region: &str, blob: &Value) -> Answer {
    let members = json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "b"}});
    keystead.call_in(region, "Decrypt", members).await
}

/// The materials of a key in a Region, oldest first, each with whether it is current.
async fn history(keystead: &Keystead, region: &str, key: &str) -> Vec<(String, String)> {
    let members = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = keystead.call_in(region, "ListKeyRotations", members).await.ok();
    let text = |entry: &Value, member: &str| entry[member].as_str().unwrap().to_owned();
    let entries = listed["Rotations"].as_array().unwrap().iter();
    entries
        .map(|entry| (text(entry, "KeyMaterialId"), text(entry, "KeyMaterialState")))
        .collect()
}

/// Checks that the keys in these Regions agree on what a family shares, and gives the history of their material.
async fn agreed(keystead: &Keystead, key: &str, primary: &str, replicas: &[&str]) -> Vec<(String, String)> {
    let arn = |region: &str| format!("arn:aws:kms:{region}:{ACCOUNT}:key/{key}");
    let mut shared = None;
    for region in std::iter::once(&primary).chain(replicas) {
        let metadata = describe_in(keystead, region, key).await;
        let configuration = &metadata["MultiRegionConfiguration"];
        let role = if *region == primary { "PRIMARY" } else { "REPLICA" };
        assert_eq!(configuration["MultiRegionKeyType"], role, "{region}");
        assert_eq!(
            configuration["PrimaryKey"],
            json!({"Arn": arn(primary), "Region": primary})
        );
        let listed: Vec<Value> = replicas
            .iter()
            .map(|region| json!({"Arn": arn(region), "Region": region}))
            .collect();
        assert_eq!(configuration["ReplicaKeys"], Value::from(listed), "{region}");
        let history = history(keystead, region, key).await;
        assert_eq!(history.iter().filter(|(_, state)| state == "CURRENT").count(), 1);
        assert_eq!(metadata["CurrentKeyMaterialId"], history.last().unwrap().0);
        let status = keystead
            .call_in(region, "GetKeyRotationStatus", json!({"KeyId": key}))
            .await
            .ok();
        let seen = (
            history,
            status["KeyRotationEnabled"].clone(),
            status["NextRotationDate"].clone(),
        );
        assert_eq!(shared.get_or_insert_with(|| seen.clone()), &seen, "{region}");
    }
    shared.unwrap().0
}

#[tokio::test]
async fn a_multi_region_key_has_its_own_form_of_id_and_tells_its_role() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[]).await;
    assert!(key.starts_with("mrk-") && key.len() == 36, "{key}");
    let metadata = keystead.describe(&key).await;
    assert_eq!(metadata["MultiRegion"], true);
    agreed(&keystead, &key, REGION, &[]).await;
    let single = keystead.describe(&keystead.key().await).await;
    assert_eq!(single["MultiRegion"], false);
    assert!(!members(&single).contains("MultiRegionConfiguration"));
}

#[tokio::test]
async fn a_replica_is_made_with_properties_of_its_own() {
    let keystead = Keystead::start().await;
    let key = keystead
        .key_with(json!({
            "MultiRegion": true, "Description": "of the primary", "Tags": [{"TagKey": "a", "TagValue": "b"}]
        }))
        .await;
    let made = replicate(&keystead, &key, OTHER_REGION).await.ok();
    let metadata = &made["ReplicaKeyMetadata"];
    assert_eq!(metadata["KeyState"], "Creating");
    assert_eq!(metadata["Enabled"], false);
    assert_eq!(metadata["Description"], "");
    assert_eq!(
        metadata["Arn"],
        format!("arn:aws:kms:{OTHER_REGION}:{ACCOUNT}:key/{key}")
    );
    assert!(!members(metadata).contains("CurrentKeyMaterialId"));
    assert!(
        made["ReplicaPolicy"]
            .as_str()
            .unwrap()
            .contains("Enable IAM User Permissions")
    );
    assert!(!members(&made).contains("ReplicaTags"));
    let seen = describe_in(&keystead, OTHER_REGION, &key).await;
    assert_eq!(
        (&seen["KeyState"], &seen["Enabled"]),
        (&json!("Enabled"), &json!(true))
    );
    agreed(&keystead, &key, REGION, &[OTHER_REGION]).await;

    let own = policy(&[statement("Allow", &["kms:*"])]);
    let made = keystead
        .call(
            "ReplicateKey",
            json!({
                "KeyId": arn_of(&key), "ReplicaRegion": THIRD_REGION, "Policy": own, "Description": "of the replica",
                "Tags": [{"TagKey": "c", "TagValue": "d"}],
            }),
        )
        .await
        .ok();
    assert_eq!(made["ReplicaPolicy"], own);
    assert_eq!(made["ReplicaTags"], json!([{"TagKey": "c", "TagValue": "d"}]));
    assert_eq!(made["ReplicaKeyMetadata"]["Description"], "of the replica");
    let of_primary = keystead
        .call("ListResourceTags", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(of_primary["Tags"], json!([{"TagKey": "a", "TagValue": "b"}]));
    agreed(&keystead, &key, REGION, &[OTHER_REGION, THIRD_REGION]).await;

    keystead
        .call_in(OTHER_REGION, "DisableKey", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(keystead.describe(&key).await["KeyState"], "Enabled");
    let blob = encrypt_in(&keystead, REGION, &key).await;
    decrypt_in(&keystead, OTHER_REGION, &blob)
        .await
        .refused("DisabledException");
    decrypt_in(&keystead, THIRD_REGION, &blob).await.ok();
}

#[tokio::test]
async fn each_region_opens_what_another_sealed_before_and_after_rotation_and_a_change_of_the_primary() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    let mut blobs = Vec::new();
    for region in [REGION, OTHER_REGION] {
        blobs.push(encrypt_in(&keystead, region, &key).await);
    }
    keystead
        .call("RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
    let history = agreed(&keystead, &key, REGION, &[OTHER_REGION]).await;
    assert_eq!(history.len(), 2);
    for region in [REGION, OTHER_REGION] {
        blobs.push(encrypt_in(&keystead, region, &key).await);
    }
    // A replica that comes later has all that was before.
    replicate(&keystead, &key, THIRD_REGION).await.ok();
    let move_to = json!({"KeyId": key, "PrimaryRegion": OTHER_REGION});
    keystead.call("UpdatePrimaryRegion", move_to).await.ok();
    agreed(&keystead, &key, OTHER_REGION, &[REGION, THIRD_REGION]).await;
    keystead
        .call_in(OTHER_REGION, "RotateKeyOnDemand", json!({"KeyId": key}))
        .await
        .ok();
    for region in REGIONS {
        blobs.push(encrypt_in(&keystead, region, &key).await);
    }
    let history = agreed(&keystead, &key, OTHER_REGION, &[REGION, THIRD_REGION]).await;
    assert_eq!(history.len(), 3);
    let mut materials = Vec::new();
    for blob in &blobs {
        for region in REGIONS {
            let opened = decrypt_in(&keystead, region, blob).await.ok();
            assert_eq!(opened["Plaintext"], "aGVsbG8=");
            assert_eq!(
                opened["KeyId"],
                format!("arn:aws:kms:{region}:{ACCOUNT}:key/{key}")
            );
            materials.push(opened["KeyMaterialId"].as_str().unwrap().to_owned());
        }
    }
    materials.dedup();
    let listed: Vec<&str> = history.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(materials, listed);
    // Another key's ciphertext is another key's in every Region.
    let other = family(&keystead, &[OTHER_REGION]).await;
    let members = json!({
        "CiphertextBlob": blobs[0], "EncryptionContext": {"a": "b"}, "KeyId": other
    });
    let refused = keystead.call_in(OTHER_REGION, "Decrypt", members).await;
    refused.refused("IncorrectKeyException");
}

#[tokio::test]
async fn only_a_primary_is_replicated_and_once_to_each_region() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    replicate(&keystead, &key, OTHER_REGION)
        .await
        .refused("AlreadyExistsException");
    replicate(&keystead, &key, REGION)
        .await
        .refused("AlreadyExistsException");
    replicate(&keystead, &key, "eu-west-3")
        .await
        .refused("ValidationException");
    replicate(&keystead, &key, "cn-north-1")
        .await
        .refused("ValidationException");
    replicate(&keystead, &key, "Nowhere")
        .await
        .refused("ValidationException");
    let members = json!({"KeyId": key, "ReplicaRegion": THIRD_REGION});
    let arn = format!("arn:aws:kms:{OTHER_REGION}:{ACCOUNT}:key/{key}");
    keystead.call_in(OTHER_REGION, "ReplicateKey", members).await.is(
        "UnsupportedOperationException",
        &format!("{arn} is not a multi-region primary key."),
    );
    let single = keystead.key().await;
    replicate(&keystead, &single, OTHER_REGION).await.is(
        "UnsupportedOperationException",
        &format!("{} is not a multi-region primary key.", arn_of(&single)),
    );
    keystead.call("DisableKey", json!({"KeyId": key})).await.ok();
    replicate(&keystead, &key, THIRD_REGION)
        .await
        .refused("DisabledException");
    agreed(&keystead, &key, REGION, &[OTHER_REGION]).await;
}

#[tokio::test]
async fn the_primary_moves_to_a_replica_alone() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    let to = |region: &str| json!({"KeyId": key, "PrimaryRegion": region});
    keystead
        .call("UpdatePrimaryRegion", to(THIRD_REGION))
        .await
        .refused("NotFoundException");
    keystead
        .call("UpdatePrimaryRegion", to("eu-west-3"))
        .await
        .refused("NotFoundException");
    keystead
        .call("UpdatePrimaryRegion", to(REGION))
        .await
        .refused("UnsupportedOperationException");
    keystead
        .call_in(OTHER_REGION, "UpdatePrimaryRegion", to(REGION))
        .await
        .refused("UnsupportedOperationException");
    let single = json!({"KeyId": keystead.key().await, "PrimaryRegion": OTHER_REGION});
    keystead
        .call("UpdatePrimaryRegion", single)
        .await
        .refused("UnsupportedOperationException");
    keystead
        .call_in(OTHER_REGION, "DisableKey", json!({"KeyId": key}))
        .await
        .ok();
    keystead
        .call("UpdatePrimaryRegion", to(OTHER_REGION))
        .await
        .refused("DisabledException");
    agreed(&keystead, &key, REGION, &[OTHER_REGION]).await;
    keystead
        .call_in(OTHER_REGION, "EnableKey", json!({"KeyId": key}))
        .await
        .ok();
    keystead.call("UpdatePrimaryRegion", to(OTHER_REGION)).await.ok();
    agreed(&keystead, &key, OTHER_REGION, &[REGION]).await;
    let record = keystead.record_of("UpdatePrimaryRegion").await;
    assert_eq!(record["requestParameters"]["primaryRegion"], OTHER_REGION);
}

#[tokio::test]
async fn both_keys_have_to_allow_a_change_of_the_primary() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    let closed = policy(&[
        statement("Allow", &["kms:*"]),
        statement("Deny", &["kms:UpdatePrimaryRegion"]),
    ]);
    let members = json!({"KeyId": key, "Policy": closed});
    keystead.call_in(OTHER_REGION, "PutKeyPolicy", members).await.ok();
    let members = json!({"KeyId": key, "PrimaryRegion": OTHER_REGION});
    keystead
        .call("UpdatePrimaryRegion", members)
        .await
        .refused("AccessDeniedException");
    agreed(&keystead, &key, REGION, &[OTHER_REGION]).await;
}

#[tokio::test]
async fn rotation_is_the_primarys_and_reaches_every_region() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
        let refused = keystead
            .call_in(OTHER_REGION, operation, json!({"KeyId": key}))
            .await;
        refused.refused("UnsupportedOperationException");
    }
    let members = json!({"KeyId": key, "RotationPeriodInDays": 90});
    keystead.call("EnableKeyRotation", members).await.ok();
    replicate(&keystead, &key, THIRD_REGION).await.ok();
    agreed(&keystead, &key, REGION, &[OTHER_REGION, THIRD_REGION]).await;
    keystead.clock.advance(DAY * 91);
    let record = keystead.recorded("RotateKey", Duration::from_secs(60)).await;
    assert_eq!(record["awsRegion"], REGION);
    let history = agreed(&keystead, &key, REGION, &[OTHER_REGION, THIRD_REGION]).await;
    assert_eq!(history.len(), 2);
    let synchronized: Vec<Value> = keystead
        .records()
        .await
        .into_iter()
        .filter(|record| record["eventName"] == "SynchronizeMultiRegionKey")
        .map(|record| record["awsRegion"].clone())
        .collect();
    assert_eq!(synchronized, [OTHER_REGION, THIRD_REGION]);
    // The plan goes on in the new primary's Region, and there alone.
    let members = json!({"KeyId": key, "PrimaryRegion": OTHER_REGION});
    keystead.call("UpdatePrimaryRegion", members).await.ok();
    keystead.clock.advance(DAY * 91);
    keystead
        .until("ListKeyRotations", json!({"KeyId": key}), |answer| {
            answer.body["Rotations"]
                .as_array()
                .is_some_and(|rotations| rotations.len() == 2)
        })
        .await;
    assert_eq!(
        agreed(&keystead, &key, OTHER_REGION, &[REGION, THIRD_REGION])
            .await
            .len(),
        3
    );
    keystead
        .call_in(OTHER_REGION, "DisableKeyRotation", json!({"KeyId": key}))
        .await
        .ok();
    agreed(&keystead, &key, OTHER_REGION, &[REGION, THIRD_REGION]).await;
}

#[tokio::test]
async fn a_primary_waits_for_its_replicas_before_it_is_deleted() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION, THIRD_REGION]).await;
    let schedule = json!({"KeyId": key, "PendingWindowInDays": 7});
    let scheduled = keystead.call("ScheduleKeyDeletion", schedule.clone()).await.ok();
    assert_eq!(scheduled["KeyState"], "PendingReplicaDeletion");
    assert!(!members(&scheduled).contains("DeletionDate"));
    let waiting = keystead.describe(&key).await;
    assert_eq!(waiting["KeyState"], "PendingReplicaDeletion");
    assert_eq!(waiting["PendingDeletionWindowInDays"], 7);
    assert!(!members(&waiting).contains("DeletionDate"));
    let arn = arn_of(&key);
    keystead
        .call("Encrypt", json!({"KeyId": key, "Plaintext": "eA=="}))
        .await
        .is(
            "KMSInvalidStateException",
            &format!("{arn} is pending replica deletion."),
        );
    keystead
        .call("ScheduleKeyDeletion", schedule.clone())
        .await
        .refused("KMSInvalidStateException");
    // It can be called back like any other.
    keystead
        .call("CancelKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(keystead.describe(&key).await["KeyState"], "Disabled");
    keystead.call("EnableKey", json!({"KeyId": key})).await.ok();
    keystead.call("ScheduleKeyDeletion", schedule.clone()).await.ok();

    for (region, left) in [(OTHER_REGION, vec![THIRD_REGION]), (THIRD_REGION, vec![])] {
        keystead
            .call_in(region, "ScheduleKeyDeletion", schedule.clone())
            .await
            .ok();
        keystead.clock.advance(DAY * 7);
        let replicas: Vec<Value> = left.iter().map(|region| json!(region)).collect();
        for _ in 0..400 {
            let seen = keystead.describe(&key).await["MultiRegionConfiguration"]["ReplicaKeys"].take();
            let seen: Vec<Value> = seen
                .as_array()
                .unwrap()
                .iter()
                .map(|key| key["Region"].clone())
                .collect();
            if seen == replicas {
                break;
            }
            keystead.clock.advance(Duration::from_secs(60));
            tokio::task::yield_now().await;
        }
        let metadata = keystead.describe(&key).await;
        assert_eq!(
            metadata["MultiRegionConfiguration"]["ReplicaKeys"]
                .as_array()
                .unwrap()
                .len(),
            left.len()
        );
        let state = if left.is_empty() {
            "PendingDeletion"
        } else {
            "PendingReplicaDeletion"
        };
        assert_eq!(metadata["KeyState"], state);
    }
    let metadata = keystead.describe(&key).await;
    assert!(members(&metadata).contains("DeletionDate"));
    keystead.clock.advance(DAY * 7);
    keystead
        .call("DescribeKey", json!({"KeyId": key}))
        .await
        .refused("NotFoundException");
}

#[tokio::test]
async fn a_replica_that_was_destroyed_can_be_made_again() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    let blob = encrypt_in(&keystead, OTHER_REGION, &key).await;
    let schedule = json!({"KeyId": key, "PendingWindowInDays": 7});
    keystead
        .call_in(OTHER_REGION, "ScheduleKeyDeletion", schedule)
        .await
        .ok();
    keystead.clock.advance(DAY * 7);
    keystead.recorded("DeleteKey", Duration::from_secs(60)).await;
    agreed(&keystead, &key, REGION, &[]).await;
    replicate(&keystead, &key, OTHER_REGION).await.ok();
    decrypt_in(&keystead, OTHER_REGION, &blob).await.ok();
    agreed(&keystead, &key, REGION, &[OTHER_REGION]).await;
}

#[tokio::test]
async fn a_replica_leaves_a_record_in_either_region() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    let records = keystead.records().await;
    let of = |name: &str| {
        records
            .iter()
            .rfind(|record| record["eventName"] == name)
            .unwrap()
    };
    let replicated = of("ReplicateKey");
    assert_eq!(replicated["awsRegion"], REGION);
    assert_eq!(replicated["requestParameters"]["replicaRegion"], OTHER_REGION);
    assert_eq!(replicated["responseElements"]["replicaKeyMetadata"]["keyId"], key);
    let created = of("CreateKey");
    assert_eq!(created["awsRegion"], OTHER_REGION);
    assert_eq!(
        created["resources"][0]["ARN"],
        format!("arn:aws:kms:{OTHER_REGION}:{ACCOUNT}:key/{key}")
    );
}

#[tokio::test]
async fn a_fault_of_the_store_leaves_one_primary_and_one_history() {
    let keystead = Keystead::start().await;
    let key = family(&keystead, &[OTHER_REGION]).await;
    let mut blobs = vec![encrypt_in(&keystead, REGION, &key).await];
    let (mut primary, mut replicas) = (REGION, vec![OTHER_REGION]);
    let (mut kept, mut lost) = (0, 0);
    for fault in [Fault::Refused, Fault::Broken, Fault::Lost, Fault::Kept] {
        for operation in ["RotateKeyOnDemand", "UpdatePrimaryRegion", "ReplicateKey"] {
            let before = agreed(&keystead, &key, primary, &replicas).await.len();
            let successor = replicas[0];
            let missing = REGIONS
                .into_iter()
                .find(|region| *region != primary && !replicas.contains(region));
            let members = match operation {
                "UpdatePrimaryRegion" => json!({"KeyId": key, "PrimaryRegion": successor}),
                "ReplicateKey" => json!({"KeyId": key, "ReplicaRegion": missing.unwrap_or(REGION)}),
                _ => json!({"KeyId": key}),
            };
            keystead.memory.plan([Some(fault)]);
            let answer = keystead.call_in(primary, operation, members).await;
            keystead.memory.calm();
            // Whatever the caller heard, all of it happened or nothing did, in every Region.
            let happened = answer.status == 200;
            match happened {
                true => kept += 1,
                false => lost += 1,
            }
            if happened && operation == "UpdatePrimaryRegion" {
                replicas[0] = std::mem::replace(&mut primary, successor);
            }
            if let (true, "ReplicateKey", Some(region)) = (happened, operation, missing) {
                replicas.push(region);
            }
            let after = agreed(&keystead, &key, primary, &replicas).await.len();
            assert_eq!(
                after,
                before + usize::from(happened && operation == "RotateKeyOnDemand"),
                "{fault:?}"
            );
            for region in std::iter::once(&primary).chain(&replicas) {
                blobs.push(encrypt_in(&keystead, region, &key).await);
                for blob in &blobs {
                    decrypt_in(&keystead, region, blob).await.ok();
                }
            }
        }
    }
    assert!(kept > 0 && lost > 0, "{kept} kept, {lost} lost");
}
