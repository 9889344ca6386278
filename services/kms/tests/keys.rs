//! Keys: making, describing, listing, switching and deleting them.

mod common;

use common::*;
use serde_json::json;

#[tokio::test]
async fn a_key_is_made_and_described() {
    let keystead = Keystead::start().await;
    let made = keystead.call("CreateKey", json!({})).await.ok()["KeyMetadata"].take();
    let id = made["KeyId"].as_str().unwrap().to_owned();
    let material = made["CurrentKeyMaterialId"].as_str().unwrap();
    assert_eq!(
        made,
        json!({
            "AWSAccountId": ACCOUNT, "KeyId": id, "Arn": arn_of(&id), "CreationDate": 1_700_000_000.0, "Enabled": true,
            "Description": "", "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": false, "CurrentKeyMaterialId": material,
        })
    );
    for name in [id.clone(), arn_of(&id)] {
        assert_eq!(keystead.describe(&name).await, made);
    }
}
