//! Private keys, which are brought as PKCS #8.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair, RsaKeyPair,
};
use serde_json::{Value, json};

use crate::*;
use inprocess::wrapping::{USUAL, bytes, wrap};
use inprocess::*;

/// A private key, and its public key as SubjectPublicKeyInfo.
struct Pair {
    private: Vec<u8>,
    public: Vec<u8>,
}

fn rsa() -> Pair {
    let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let public: PublicKeyX509Der<'_> = RsaKeyPair::public_key(&pair).as_der().unwrap();
    Pair {
        private: private.as_ref().to_vec(),
        public: public.as_ref().to_vec(),
    }
}

fn ecc(algorithm: &'static EcdsaSigningAlgorithm) -> Pair {
    let private = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref()).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    Pair {
        private: private.as_ref().to_vec(),
        public: public.as_ref().to_vec(),
    }
}

async fn key_of(keystead: &Keystead, spec: &str, usage: &str) -> String {
    keystead
        .external(json!({"KeySpec": spec, "KeyUsage": usage}))
        .await
}

/// Imports material in a way of its own.
async fn import_by(keystead: &Keystead, key: &str, way: (&str, &str), material: &[u8]) -> Answer {
    let parameters = keystead.parameters(REGION, key, way).await;
    let wrapped = wrap(way.0, &parameters, material);
    keystead
        .bring(REGION, key, &parameters, &wrapped, json!({}))
        .await
}

async fn public_key(keystead: &Keystead, key: &str) -> Answer {
    keystead.call("GetPublicKey", json!({"KeyId": key})).await
}

const BEHIND_AES: (&str, &str) = ("RSA_AES_KEY_WRAP_SHA_256", "RSA_2048");

#[tokio::test]
async fn a_private_key_works_here_once_it_is_imported() {
    let keystead = Keystead::start().await;
    for (pair, spec, usage, way) in [
        (rsa(), "RSA_2048", "SIGN_VERIFY", BEHIND_AES),
        (rsa(), "RSA_2048", "ENCRYPT_DECRYPT", BEHIND_AES),
        (
            ecc(&ECDSA_P256_SHA256_ASN1_SIGNING),
            "ECC_NIST_P256",
            "SIGN_VERIFY",
            USUAL,
        ),
        (
            ecc(&ECDSA_P256_SHA256_ASN1_SIGNING),
            "ECC_NIST_P256",
            "KEY_AGREEMENT",
            BEHIND_AES,
        ),
        (
            ecc(&ECDSA_P521_SHA512_ASN1_SIGNING),
            "ECC_NIST_P521",
            "SIGN_VERIFY",
            ("RSAES_OAEP_SHA_256", "RSA_3072"),
        ),
    ] {
        let key = key_of(&keystead, spec, usage).await;
        let pending = format!("{} is pending import.", arn_of(&key));
        public_key(&keystead, &key)
            .await
            .is("KMSInvalidStateException", &pending);
        let imported = import_by(&keystead, &key, way, &pair.private).await.ok();
        assert_eq!(imported, json!({"KeyId": arn_of(&key)}));
        let told = public_key(&keystead, &key).await.ok();
        assert_eq!(bytes(&told["PublicKey"]), pair.public, "{spec} {usage}");
        let metadata = keystead.describe(&key).await;
        assert_eq!(
            (&metadata["KeyState"], &metadata["ExpirationModel"]),
            (&json!("Enabled"), &json!("KEY_MATERIAL_DOES_NOT_EXPIRE"))
        );
        assert!(!members(&metadata).contains("CurrentKeyMaterialId"));
        delete(&keystead, &key, json!({})).await.ok();
        public_key(&keystead, &key)
            .await
            .is("KMSInvalidStateException", &pending);
        // Only the same key comes back.
        let other = match spec {
            "RSA_2048" => rsa(),
            "ECC_NIST_P256" => ecc(&ECDSA_P256_SHA256_ASN1_SIGNING),
            _ => ecc(&ECDSA_P521_SHA512_ASN1_SIGNING),
        };
        import_by(&keystead, &key, way, &other.private)
            .await
            .refused("IncorrectKeyMaterialException");
        import_by(&keystead, &key, BEHIND_AES, &pair.private).await.ok();
        assert_eq!(public_key(&keystead, &key).await.ok(), told);
    }
}

#[tokio::test]
async fn a_signature_outlives_the_material_that_made_it() {
    let keystead = Keystead::start().await;
    let key = key_of(&keystead, "ECC_NIST_P256", "SIGN_VERIFY").await;
    let pair = ecc(&ECDSA_P256_SHA256_ASN1_SIGNING);
    keystead
        .import(&key, &pair.private, until(&keystead, DAY))
        .await
        .ok();
    let signing = json!({"KeyId": key, "Message": "aGk=", "SigningAlgorithm": "ECDSA_SHA_256"});
    let signed = keystead.call("Sign", signing.clone()).await.ok();
    let verify = async || {
        let mut members = signing.clone();
        members["Signature"] = signed["Signature"].clone();
        keystead.call("Verify", members).await
    };
    verify().await.ok();
    keystead.clock.advance(DAY);
    verify().await.refused("KMSInvalidStateException");
    keystead.import(&key, &pair.private, json!({})).await.ok();
    verify().await.ok();
}

#[tokio::test]
async fn what_is_no_private_key_of_the_spec_is_refused() {
    let keystead = Keystead::start().await;
    let (rsa, p256) = (rsa(), ecc(&ECDSA_P256_SHA256_ASN1_SIGNING));
    let changed = |at: usize| {
        let mut changed = rsa.private.clone();
        changed[at] ^= 0x40;
        changed
    };
    let longer = [&rsa.private[..], &[0]].concat();
    for (spec, wrong) in [
        ("RSA_3072", rsa.private.clone()),
        ("RSA_2048", p256.private.clone()),
        ("RSA_2048", rsa.public.clone()),
        ("RSA_2048", rsa.private[..rsa.private.len() - 1].to_vec()),
        ("RSA_2048", longer),
        ("RSA_2048", changed(1)),
        ("RSA_2048", changed(400)),
        ("RSA_2048", vec![0x30]),
        ("ECC_NIST_P256", rsa.private.clone()),
        ("ECC_NIST_P384", p256.private.clone()),
        ("ECC_SECG_P256K1", p256.private.clone()),
        ("ECC_NIST_EDWARDS25519", p256.private.clone()),
        ("ML_DSA_44", p256.private.clone()),
        ("SM2", p256.private.clone()),
    ] {
        let key = key_of(&keystead, spec, "SIGN_VERIFY").await;
        import_by(&keystead, &key, BEHIND_AES, &wrong)
            .await
            .refused("IncorrectKeyMaterialException");
        assert_eq!(state(&keystead, &key).await, "PendingImport");
        assert_eq!(keystead.material_rows(&key), 0);
    }
}

#[tokio::test]
async fn a_replica_of_an_imported_private_key_is_given_the_same_one() {
    let keystead = Keystead::start().await;
    let members = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "MultiRegion": true});
    let key = keystead.external(members).await;
    let [pair, other] = [0; 2].map(|_| ecc(&ECDSA_P256_SHA256_ASN1_SIGNING));
    keystead.import(&key, &pair.private, json!({})).await.ok();
    let members = json!({"KeyId": key, "ReplicaRegion": OTHER_REGION});
    keystead.call("ReplicateKey", members).await.ok();
    let there = keystead
        .import_in(OTHER_REGION, &key, &other.private, json!({}))
        .await;
    there.refused("IncorrectKeyMaterialException");
    keystead
        .import_in(OTHER_REGION, &key, &pair.private, json!({}))
        .await
        .ok();
    let told = keystead
        .call_in(OTHER_REGION, "GetPublicKey", json!({"KeyId": key}))
        .await
        .ok();
    assert_eq!(bytes(&told["PublicKey"]), pair.public);
}

#[tokio::test]
async fn a_key_of_every_spec_can_wait_for_its_material() {
    let keystead = Keystead::start().await;
    for (spec, usage) in [
        ("RSA_4096", "ENCRYPT_DECRYPT"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY"),
        ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"),
        ("ML_DSA_87", "SIGN_VERIFY"),
        ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE"),
        ("SM2", "KEY_AGREEMENT"),
    ] {
        let key = key_of(&keystead, spec, usage).await;
        let metadata: Value = keystead.describe(&key).await;
        assert_eq!(
            (&metadata["KeyState"], &metadata["Origin"]),
            (&json!("PendingImport"), &json!("EXTERNAL")),
            "{spec}"
        );
        keystead.parameters(REGION, &key, BEHIND_AES).await;
    }
}
