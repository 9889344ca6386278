//! Encrypting, decrypting, data keys and random bytes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inprocess::{ABSENT, Keystead, OTHER_REGION, STRANGER, alias_arn, arn_of, policy, statement};
use serde_json::{Value, json};

const TEXT: &str = "a text that nobody else has";

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

async fn encrypt(keystead: &Keystead, key: &str, context: Value) -> String {
    let body = json!({"KeyId": key, "Plaintext": base64(TEXT), "EncryptionContext": context});
    keystead.call("Encrypt", body).await.ok()["CiphertextBlob"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn what_was_encrypted_decrypts_under_every_name_of_its_key() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    keystead
        .call("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key}))
        .await
        .ok();
    let names = [
        key.clone(),
        arn_of(&key),
        "alias/a".to_owned(),
        alias_arn("alias/a"),
    ];
    for name in &names {
        let blob = encrypt(&keystead, name, json!({})).await;
        for other in &names {
            let opened = keystead
                .call("Decrypt", json!({"CiphertextBlob": blob, "KeyId": other}))
                .await
                .ok();
            assert_eq!(opened["Plaintext"], base64(TEXT));
            assert_eq!(opened["KeyId"], arn_of(&key));
            assert_eq!(opened["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
            assert_eq!(opened["KeyMaterialId"].as_str().unwrap().len(), 64);
        }
        keystead
            .call("Decrypt", json!({"CiphertextBlob": blob}))
            .await
            .ok();
    }
}

#[tokio::test]
async fn the_context_has_to_be_the_same_in_any_order() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let blob = encrypt(&keystead, &key, json!({"a": "1", "b": "2"})).await;
    let open = |context: Value| {
        keystead.call(
            "Decrypt",
            json!({"CiphertextBlob": blob, "EncryptionContext": context}),
        )
    };
    open(json!({"b": "2", "a": "1"})).await.ok();
    for wrong in [
        json!({}),
        json!({"a": "1"}),
        json!({"a": "2", "b": "1"}),
        json!({"A": "1", "b": "2"}),
    ] {
        open(wrong).await.is("InvalidCiphertextException", "");
    }
    let plain = encrypt(&keystead, &key, json!({})).await;
    keystead
        .call("Decrypt", json!({"CiphertextBlob": plain}))
        .await
        .ok();
}

#[tokio::test]
async fn a_ciphertext_that_was_touched_does_not_open() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let whole = STANDARD
        .decode(encrypt(&keystead, &key, json!({})).await)
        .unwrap();
    for at in 0..whole.len() {
        let mut touched = whole.clone();
        touched[at] ^= 1;
        let body = json!({"CiphertextBlob": STANDARD.encode(&touched)});
        let refused = keystead.call("Decrypt", body).await;
        // A header that names another key is told apart from one that names none, and from the rest.
        let code = refused.body["__type"].as_str().unwrap().to_owned();
        assert!(
            ["InvalidCiphertextException", "AccessDeniedException"].contains(&code.as_str()),
            "{at}: {code}"
        );
    }
    for cut in [1, 50, whole.len() - 1] {
        let body = json!({"CiphertextBlob": STANDARD.encode(&whole[..cut]), "KeyId": key});
        keystead
            .call("Decrypt", body)
            .await
            .is("InvalidCiphertextException", "");
    }
}

#[tokio::test]
async fn a_ciphertext_of_another_key_is_told_apart_where_a_key_is_named() {
    let keystead = Keystead::start().await;
    let (key, other) = (keystead.key().await, keystead.key().await);
    let blob = encrypt(&keystead, &key, json!({})).await;
    keystead
        .call("Decrypt", json!({"CiphertextBlob": blob, "KeyId": other}))
        .await
        .is(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        );
}

#[tokio::test]
async fn a_ciphertext_tells_nothing_of_a_key_that_its_reader_may_not_use() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let blob = encrypt(&keystead, &key, json!({})).await;
    let hidden = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, \
                  or you are not allowed to access.";
    let body = json!({"CiphertextBlob": blob});
    keystead
        .call_as(STRANGER, inprocess::REGION, "Decrypt", body.clone())
        .await
        .is("AccessDeniedException", hidden);
    keystead
        .call_as(inprocess::ACCOUNT, OTHER_REGION, "Decrypt", body.clone())
        .await
        .is("AccessDeniedException", hidden);
    let closed = policy(&[
        statement("Allow", &["kms:*"]),
        statement("Deny", &["kms:Decrypt", "kms:ReEncryptFrom"]),
    ]);
    keystead
        .call("PutKeyPolicy", json!({"KeyId": key, "Policy": closed}))
        .await
        .ok();
    keystead
        .call("Decrypt", body.clone())
        .await
        .is("AccessDeniedException", hidden);
    let other = keystead.key().await;
    let body = json!({"CiphertextBlob": blob, "DestinationKeyId": other});
    keystead
        .call("ReEncrypt", body)
        .await
        .is("AccessDeniedException", hidden);
    // Who names the key knows of it, and hears why.
    let told = keystead
        .call("Decrypt", json!({"CiphertextBlob": blob, "KeyId": key}))
        .await;
    assert!(
        told.refused("AccessDeniedException")
            .ends_with("with an explicit deny in a resource-based policy")
    );
}

#[tokio::test]
async fn re_encryption_moves_a_ciphertext_to_another_key_and_context() {
    let keystead = Keystead::start().await;
    let (key, other) = (keystead.key().await, keystead.key().await);
    let blob = encrypt(&keystead, &key, json!({"a": "1"})).await;
    let body = json!({
        "CiphertextBlob": blob, "SourceEncryptionContext": {"a": "1"},
        "DestinationKeyId": other, "DestinationEncryptionContext": {"b": "2"},
    });
    let moved = keystead.call("ReEncrypt", body).await.ok();
    assert_eq!(
        (&moved["SourceKeyId"], &moved["KeyId"]),
        (&json!(arn_of(&key)), &json!(arn_of(&other)))
    );
    let record = keystead.record().await;
    assert_eq!(record["resources"].as_array().unwrap().len(), 2);
    assert_eq!(
        record["additionalEventData"]["destinationKeyMaterialId"],
        moved["DestinationKeyMaterialId"]
    );
    let body =
        json!({"CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": {"b": "2"}, "KeyId": other});
    assert_eq!(
        keystead.call("Decrypt", body).await.ok()["Plaintext"],
        base64(TEXT)
    );
}

#[tokio::test]
async fn a_data_key_has_the_length_that_was_asked_for_and_its_ciphertext_opens_to_it() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let cases = [
        (json!({"KeySpec": "AES_256"}), 32),
        (json!({"KeySpec": "AES_128"}), 16),
        (json!({"NumberOfBytes": 1}), 1),
        (json!({"NumberOfBytes": 1024}), 1024),
    ];
    for (mut body, length) in cases {
        body["KeyId"] = json!(key);
        let made = keystead.call("GenerateDataKey", body.clone()).await.ok();
        let plaintext = STANDARD.decode(made["Plaintext"].as_str().unwrap()).unwrap();
        assert_eq!(plaintext.len(), length);
        let opened = keystead
            .call("Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]}))
            .await
            .ok();
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
        let blind = keystead.call("GenerateDataKeyWithoutPlaintext", body).await.ok();
        assert!(blind.get("Plaintext").is_none());
        let opened = keystead
            .call("Decrypt", json!({"CiphertextBlob": blind["CiphertextBlob"]}))
            .await
            .ok();
        assert_eq!(
            STANDARD
                .decode(opened["Plaintext"].as_str().unwrap())
                .unwrap()
                .len(),
            length
        );
    }
    for body in [
        json!({"KeyId": key}),
        json!({"KeyId": key, "KeySpec": "AES_256", "NumberOfBytes": 32}),
    ] {
        let refused = keystead.call("GenerateDataKey", body).await;
        refused.is(
            "ValidationException",
            "Please specify either number of bytes or key spec.",
        );
    }
}

#[tokio::test]
async fn random_bytes_need_a_number_and_no_key_store() {
    let keystead = Keystead::start().await;
    let drawn = keystead
        .call("GenerateRandom", json!({"NumberOfBytes": 24}))
        .await
        .ok();
    assert_eq!(
        STANDARD
            .decode(drawn["Plaintext"].as_str().unwrap())
            .unwrap()
            .len(),
        24
    );
    let record = keystead.record().await;
    assert_eq!(
        (&record["requestParameters"], &record["responseElements"]),
        (&Value::Null, &Value::Null)
    );
    keystead
        .call("GenerateRandom", json!({}))
        .await
        .is("ValidationException", "NumberOfBytes is required.");
    let body = json!({"NumberOfBytes": 24, "CustomKeyStoreId": "cks-1234567890abcdef0"});
    keystead
        .call("GenerateRandom", body)
        .await
        .refused("CustomKeyStoreNotFoundException");
}

#[tokio::test]
async fn a_disabled_or_leaving_key_does_nothing() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let blob = encrypt(&keystead, &key, json!({})).await;
    let calls = [
        ("Encrypt", json!({"KeyId": key, "Plaintext": "aGk="})),
        ("Decrypt", json!({"CiphertextBlob": blob})),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "DestinationKeyId": key}),
        ),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": key, "KeySpec": "AES_256"}),
        ),
        ("RotateKeyOnDemand", json!({"KeyId": key})),
        ("EnableKeyRotation", json!({"KeyId": key})),
        ("DisableKeyRotation", json!({"KeyId": key})),
    ];
    keystead.call("DisableKey", json!({"KeyId": key})).await.ok();
    for (operation, body) in &calls {
        let refused = keystead.call(operation, body.clone()).await;
        refused.is("DisabledException", &format!("{} is disabled.", arn_of(&key)));
    }
    keystead
        .call("ScheduleKeyDeletion", json!({"KeyId": key}))
        .await
        .ok();
    for (operation, body) in &calls {
        let refused = keystead.call(operation, body.clone()).await;
        refused.is(
            "KMSInvalidStateException",
            &format!("{} is pending deletion.", arn_of(&key)),
        );
    }
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_and_does_nothing() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let blob = encrypt(&keystead, &key, json!({})).await;
    let would = "The request would have succeeded, but the DryRun option is set.";
    for (operation, body) in [
        (
            "Encrypt",
            json!({"KeyId": key, "Plaintext": "aGk=", "DryRun": true}),
        ),
        ("Decrypt", json!({"CiphertextBlob": blob, "DryRun": true})),
        (
            "Decrypt",
            json!({"KeyId": key, "DryRun": true, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "DestinationKeyId": key, "DryRun": true}),
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": key, "KeySpec": "AES_256", "DryRun": true}),
        ),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": key, "KeySpec": "AES_256", "DryRun": true}),
        ),
    ] {
        keystead
            .call(operation, body)
            .await
            .is("DryRunOperationException", would);
        assert_eq!(keystead.record().await["errorCode"], "DryRunOperationException");
    }
    let body = json!({"KeyId": ABSENT, "Plaintext": "aGk=", "DryRun": true});
    keystead.call("Encrypt", body).await.refused("NotFoundException");
    let body = json!({"KeyId": key, "Plaintext": "aGk=", "DryRun": false});
    keystead.call("Encrypt", body).await.ok();
    let body = json!({"CiphertextBlob": blob, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]});
    keystead
        .call("Decrypt", body)
        .await
        .refused("ValidationException");
    keystead.call("Decrypt", json!({})).await.is(
        "ValidationException",
        "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be \
         null",
    );
}

#[tokio::test]
async fn what_cannot_be_honoured_is_refused_and_never_ignored() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let recipient = json!({"AttestationDocument": "aGk=", "KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    let body = json!({"KeyId": key, "KeySpec": "AES_256", "Recipient": recipient});
    keystead
        .call("GenerateDataKey", body)
        .await
        .refused("ValidationException");
    let body = json!({"KeyId": key, "Plaintext": "aGk=", "GrantTokens": ["t"]});
    keystead
        .call("Encrypt", body)
        .await
        .refused("InvalidGrantTokenException");
    let body = json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    keystead.call("Encrypt", body).await.is(
        "InvalidKeyUsageException",
        "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.",
    );
    let body = json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionContext": {"a": "x".repeat(9000)}});
    keystead
        .call("Encrypt", body)
        .await
        .refused("ValidationException");
}

#[tokio::test]
async fn records_of_cryptography_hold_no_text_and_no_ciphertext() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let blob = encrypt(&keystead, &key, json!({"purpose": "test"})).await;
    let record = keystead.record().await;
    assert_eq!(
        record["requestParameters"],
        json!({"keyId": key, "encryptionContext": {"purpose": "test"}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"})
    );
    assert_eq!(
        (&record["responseElements"], &record["readOnly"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(record["resources"][0]["ARN"], arn_of(&key));
    let text = keystead
        .records()
        .await
        .iter()
        .map(Value::to_string)
        .collect::<String>();
    assert!(!text.contains(&base64(TEXT)) && !text.contains(&blob));
}

#[tokio::test]
async fn whether_a_foreign_key_exists_is_told_by_nothing_in_the_request() {
    let keystead = Keystead::start().await;
    let (there, gone) = (arn_of(&keystead.key().await), arn_of(ABSENT));
    let as_stranger = |operation, body| keystead.call_as(STRANGER, inprocess::REGION, operation, body);
    let body = json!({"KeyId": there, "Plaintext": "aGk="});
    let blob = keystead.call("Encrypt", body).await.ok()["CiphertextBlob"].take();
    let calls = |key: &str| {
        [
            (
                "Encrypt",
                json!({"KeyId": key, "Plaintext": "aGk=", "GrantTokens": ["t"]}),
            ),
            ("DescribeKey", json!({"KeyId": key, "GrantTokens": ["t"]})),
            (
                "GenerateDataKey",
                json!({"KeyId": key, "KeySpec": "AES_256", "GrantTokens": ["t"]}),
            ),
            (
                "Decrypt",
                json!({"KeyId": key, "CiphertextBlob": blob, "GrantTokens": ["t"]}),
            ),
            ("Decrypt", json!({"KeyId": key, "CiphertextBlob": blob})),
            (
                "ReEncrypt",
                json!({"SourceKeyId": key, "CiphertextBlob": blob, "DestinationKeyId": ABSENT}),
            ),
            (
                "ReEncrypt",
                json!({"SourceKeyId": key, "CiphertextBlob": blob, "DestinationKeyId": "alias/none"}),
            ),
            (
                "ReEncrypt",
                json!({"SourceKeyId": key, "CiphertextBlob": blob, "DestinationKeyId": key}),
            ),
            (
                "ReEncrypt",
                json!({"SourceKeyId": there, "CiphertextBlob": blob, "DestinationKeyId": key}),
            ),
            (
                "ReEncrypt",
                json!({"SourceKeyId": key, "CiphertextBlob": blob, "DestinationKeyId": there}),
            ),
        ]
    };
    for ((operation, to_there), (_, to_gone)) in calls(&there).into_iter().zip(calls(&gone)) {
        let (of_there, of_gone) = (
            as_stranger(operation, to_there).await.body,
            as_stranger(operation, to_gone).await.body,
        );
        assert_eq!(of_there, of_gone, "{operation}");
    }
}
