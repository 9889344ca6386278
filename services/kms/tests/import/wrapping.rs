//! How material is wrapped, and the tokens that it is brought with.

use serde_json::{Value, json};

use crate::*;
use inprocess::wrapping::{USUAL, bytes, text, wrap};
use inprocess::*;

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
    assert_eq!(keystead.material_rows(&key), 0);
}
