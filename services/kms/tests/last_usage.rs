//! When a key was last used: in memory, and again out of the audit log.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

use std::time::Duration;

use inprocess::*;
use serde_json::{Value, json};

async fn last(keystead: &Keystead, key: &str) -> Value {
    keystead.call("GetKeyLastUsage", json!({"KeyId": key})).await.ok()
}

async fn encrypt(keystead: &Keystead, key: &str) -> Value {
    let members = json!({"KeyId": key, "Plaintext": "eA=="});
    keystead.call("Encrypt", members).await.ok()["CiphertextBlob"].take()
}

#[tokio::test]
async fn a_key_tells_of_its_last_use_and_the_record_of_it() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let unused = last(&keystead, &key).await;
    assert_eq!(unused["KeyId"], key);
    assert_eq!(unused["KeyLastUsage"], json!({}));
    assert_eq!(unused["TrackingStartDate"], unused["KeyCreationDate"]);
    encrypt(&keystead, &key).await;
    keystead.clock.advance(Duration::from_secs(90));
    let blob = encrypt(&keystead, &key).await;
    let record = keystead.record().await;
    let used = last(&keystead, &key).await["KeyLastUsage"].take();
    assert_eq!(used["Operation"], "Encrypt");
    assert_eq!(used["CloudTrailEventId"], record["eventID"]);
    assert_eq!(used["KmsRequestId"], record["requestID"]);
    assert_eq!(used["Timestamp"], 1_700_000_090.0);

    // Neither a refusal nor a dry run nor a look is a use.
    keystead.clock.advance(Duration::from_secs(90));
    let members = json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "b"}});
    keystead
        .call("Decrypt", members)
        .await
        .refused("InvalidCiphertextException");
    let members = json!({"KeyId": key, "Plaintext": "eA==", "DryRun": true});
    keystead
        .call("Encrypt", members)
        .await
        .refused("DryRunOperationException");
    keystead.describe(&key).await;
    assert_eq!(last(&keystead, &key).await["KeyLastUsage"], used);
}

#[tokio::test]
async fn a_re_encryption_uses_both_keys() {
    let keystead = Keystead::start().await;
    let (source, destination) = (keystead.key().await, keystead.key().await);
    let blob = encrypt(&keystead, &source).await;
    let members = json!({"CiphertextBlob": blob, "DestinationKeyId": destination});
    keystead.call("ReEncrypt", members).await.ok();
    for key in [&source, &destination] {
        assert_eq!(
            last(&keystead, key).await["KeyLastUsage"]["Operation"],
            "ReEncrypt"
        );
    }
}

#[tokio::test]
async fn a_use_from_another_account_is_told_by_the_owners_record() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let open = policy(&[statement("Allow", &["kms:*"])]);
    keystead
        .call("PutKeyPolicy", json!({"KeyId": key, "Policy": open}))
        .await
        .ok();
    let members = json!({"KeyId": arn_of(&key), "Plaintext": "eA=="});
    keystead.call_as(STRANGER, REGION, "Encrypt", members).await.ok();
    let records = keystead.records().await;
    let owners = records
        .iter()
        .rfind(|record| record["eventName"] == "Encrypt" && record["recipientAccountId"] == ACCOUNT)
        .unwrap();
    let used = last(&keystead, &key).await["KeyLastUsage"].take();
    assert_eq!(used["CloudTrailEventId"], owners["eventID"]);
}

#[tokio::test]
async fn replicas_are_told_of_each_for_itself() {
    let keystead = Keystead::start().await;
    let key = keystead.key_with(json!({"MultiRegion": true})).await;
    let members = json!({"KeyId": key, "ReplicaRegion": OTHER_REGION});
    keystead.call("ReplicateKey", members).await.ok();
    let members = json!({"KeyId": key, "Plaintext": "eA=="});
    keystead.call_in(OTHER_REGION, "Encrypt", members).await.ok();
    assert_eq!(last(&keystead, &key).await["KeyLastUsage"], json!({}));
    let there = keystead
        .call_in(OTHER_REGION, "GetKeyLastUsage", json!({"KeyId": key}))
        .await;
    assert_eq!(there.ok()["KeyLastUsage"]["Operation"], "Encrypt");
}

#[tokio::test]
async fn a_start_finds_the_last_uses_in_the_log() {
    let keystead = Keystead::start().await;
    let (used, unused) = (keystead.key().await, keystead.key().await);
    encrypt(&keystead, &used).await;
    let before = last(&keystead, &used).await;
    keystead.clock.advance(Duration::from_secs(600));
    let keystead = keystead.forge(|_, _, _| Ok(())).await;
    assert_eq!(last(&keystead, &used).await, before);
    assert_eq!(last(&keystead, &unused).await["KeyLastUsage"], json!({}));
}
