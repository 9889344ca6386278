//! What holds of every spec in the table, whatever its family.

use std::collections::BTreeMap;

use ambient::SeededEntropy;
use proptest::prelude::*;
use secret::SecretBuffer;

use super::*;
use crate::backing::{Message, Signing, VerificationOfMac, VerificationOfSignature};
use crate::ciphertext::Header;
use crate::material::{KeyKind, KeyName, MaterialId};

/// Two keys of one spec.
fn pair(spec: &KeySpec) -> [Material; 2] {
    [1, 2].map(|seed| spec.work().generate(&SeededEntropy::new(seed)).unwrap())
}

fn entropy() -> SeededEntropy {
    SeededEntropy::new(3)
}

/// The material as the store has it, read anew.
fn stored(material: &Material) -> Material {
    let mut bytes = SecretBuffer::default();
    material.encode(&mut bytes);
    Material::decode(bytes.expose()).unwrap()
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at % bytes.len();
    bytes[at] ^= 1;
    bytes
}

/// Each usage of each spec.
fn uses() -> impl Iterator<Item = (&'static KeySpec, &'static Use)> {
    let of_spec = |spec: &&'static KeySpec| {
        let spec = *spec;
        spec.uses.iter().map(move |each| (spec, each))
    };
    KEY_SPECS.iter().flat_map(of_spec)
}

fn message(form: MessageForm, fill: u8) -> Vec<u8> {
    match form {
        MessageForm::Raw => vec![fill; 100],
        MessageForm::Digest(length) => vec![fill; length],
        MessageForm::ExternalMu => vec![fill; 64],
    }
}

fn as_form(form: MessageForm, bytes: &[u8]) -> Message<'_> {
    match form {
        MessageForm::Raw => Message::Raw(bytes),
        MessageForm::Digest(_) => Message::Digest(bytes),
        MessageForm::ExternalMu => Message::ExternalMu(bytes),
    }
}

#[test]
fn every_signature_verifies_for_its_message_and_key_alone() {
    let mut tried = 0;
    for (spec, each) in uses() {
        let Use::Signatures(algorithms) = each else {
            continue;
        };
        let [own, other] = pair(spec);
        let read = stored(&own);
        for algorithm in *algorithms {
            for form in algorithm.forms {
                let (bytes, wrong) = (message(*form, 1), message(*form, 2));
                let request = Signing {
                    algorithm,
                    message: as_form(*form, &bytes),
                };
                let signature = spec.work().sign(&own, &request, &entropy()).unwrap();
                let verify = |key: &Material, message: &[u8], signature: &[u8]| {
                    let request = VerificationOfSignature {
                        algorithm,
                        message: as_form(*form, message),
                        signature,
                    };
                    spec.work().verify(key, &request)
                };
                assert_eq!(
                    verify(&read, &bytes, &signature),
                    Ok(()),
                    "{spec:?} {algorithm:?}"
                );
                let mismatch = Err(BackingFailed::Mismatch);
                assert_eq!(
                    verify(&own, &wrong, &signature),
                    mismatch,
                    "{spec:?} {algorithm:?}"
                );
                assert_eq!(
                    verify(&other, &bytes, &signature),
                    mismatch,
                    "{spec:?} {algorithm:?}"
                );
                assert_eq!(verify(&own, &bytes, &[]), mismatch, "{spec:?} {algorithm:?}");
                for at in [0, 7, signature.len() / 2, signature.len() - 1] {
                    let bent = flipped(&signature, at);
                    assert_eq!(
                        verify(&own, &bytes, &bent),
                        mismatch,
                        "{spec:?} {algorithm:?} {at}"
                    );
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn a_message_and_its_digest_are_one_message() {
    for (name, hash) in [
        ("RSA_2048", &aws_lc_rs::digest::SHA256),
        ("ECC_NIST_P256", &aws_lc_rs::digest::SHA256),
        ("ECC_NIST_P384", &aws_lc_rs::digest::SHA384),
        ("ECC_NIST_P521", &aws_lc_rs::digest::SHA512),
        ("ECC_SECG_P256K1", &aws_lc_rs::digest::SHA256),
    ] {
        let spec = find(name).unwrap();
        let [key, _] = pair(spec);
        let Some(Use::Signatures(algorithms)) = spec.use_for(KeyUsage::SignVerify) else {
            panic!("{name} signs")
        };
        let digest = aws_lc_rs::digest::digest(hash, b"message");
        for (given, asked) in [
            (Message::Raw(b"message"), Message::Digest(digest.as_ref())),
            (Message::Digest(digest.as_ref()), Message::Raw(b"message")),
        ] {
            let algorithm = &algorithms[0];
            let request = Signing {
                algorithm,
                message: given,
            };
            let signature = spec.work().sign(&key, &request, &entropy()).unwrap();
            let request = VerificationOfSignature {
                algorithm,
                message: asked,
                signature: &signature,
            };
            assert_eq!(spec.work().verify(&key, &request), Ok(()), "{name}");
        }
    }
}

#[test]
fn every_form_of_message_that_an_algorithm_does_not_take_is_refused() {
    for (spec, each) in uses() {
        let Use::Signatures(algorithms) = each else {
            continue;
        };
        let [key, _] = pair(spec);
        for algorithm in *algorithms {
            let lengths: Vec<usize> = algorithm
                .forms
                .iter()
                .filter_map(|form| match form {
                    MessageForm::Digest(length) => Some(*length),
                    _ => None,
                })
                .collect();
            for length in [0, 1, 20, 28, 32, 48, 63, 64, 65] {
                let bytes = vec![1; length];
                let mut wrong = Vec::new();
                if !lengths.contains(&length) {
                    // Ed25519ph takes any length: which is right is the table's to say.
                    if algorithm.scheme != Scheme::Ed25519ph {
                        wrong.push(Message::Digest(&bytes));
                    }
                }
                if !algorithm.forms.contains(&MessageForm::ExternalMu) || length != 64 {
                    wrong.push(Message::ExternalMu(&bytes));
                }
                for message in wrong {
                    let request = Signing { algorithm, message };
                    let refused = spec.work().sign(&key, &request, &entropy());
                    assert_eq!(
                        refused,
                        Err(BackingFailed::Unsupported),
                        "{spec:?} {algorithm:?} {length}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_ciphertext_opens_under_its_key_and_algorithm_alone() {
    let header = Header {
        account: "111122223333".parse().unwrap(),
        key: KeyName::new(KeyKind::SingleRegion, [1; 16]),
        material: MaterialId::from_bytes([2; 32]),
    };
    let context = BTreeMap::new();
    for (spec, each) in uses() {
        let Use::Encryption(algorithms) = each else {
            continue;
        };
        let [own, other] = pair(spec);
        let read = stored(&own);
        for algorithm in *algorithms {
            let encrypt = |length: usize| {
                let plaintext = vec![7; length];
                let request = Encryption {
                    algorithm,
                    header: &header,
                    context: &context,
                    plaintext: &plaintext,
                };
                spec.work().encrypt(&own, &request, &entropy())
            };
            let decrypt = |key: &Material, algorithm, ciphertext: &[u8]| {
                let request = Decryption {
                    algorithm,
                    context: &context,
                    ciphertext,
                };
                spec.work().decrypt(key, &request)
            };
            for length in [1, 32, algorithm.longest_plaintext] {
                let ciphertext = encrypt(length).unwrap();
                let opened = decrypt(&read, algorithm, &ciphertext).unwrap();
                assert_eq!(opened.expose(), vec![7; length], "{spec:?} {algorithm:?}");
                assert!(ciphertext.len() <= 6144);
                let unopenable = Err(BackingFailed::Unopenable);
                assert_eq!(decrypt(&other, algorithm, &ciphertext), unopenable);
                assert_eq!(decrypt(&own, algorithm, &ciphertext[1..]), unopenable);
                assert_eq!(decrypt(&own, algorithm, &[]), unopenable);
                for at in [0, 1, ciphertext.len() / 2, ciphertext.len() - 1] {
                    assert_eq!(
                        decrypt(&own, algorithm, &flipped(&ciphertext, at)),
                        unopenable,
                        "{at}"
                    );
                }
                for foreign in algorithms.iter().filter(|foreign| *foreign != algorithm) {
                    assert_eq!(decrypt(&own, foreign, &ciphertext), unopenable);
                }
            }
            if !algorithm.takes_context {
                assert_eq!(
                    encrypt(algorithm.longest_plaintext + 1),
                    Err(BackingFailed::TooLong)
                );
            }
        }
    }
}

#[test]
fn every_mac_is_of_its_message_and_key_alone() {
    for (spec, each) in uses() {
        let Use::Macs(algorithms) = each else { continue };
        let [own, other] = pair(spec);
        for algorithm in *algorithms {
            let mac = spec.work().mac(&own, algorithm, b"message").unwrap();
            let verify = |key: &Material, message: &[u8], mac: &[u8]| {
                let request = VerificationOfMac {
                    algorithm,
                    message,
                    mac,
                };
                spec.work().verify_mac(key, &request)
            };
            assert_eq!(verify(&stored(&own), b"message", &mac), Ok(()));
            let mismatch = Err(BackingFailed::Mismatch);
            assert_eq!(verify(&own, b"massage", &mac), mismatch);
            assert_eq!(verify(&other, b"message", &mac), mismatch);
            assert_eq!(verify(&own, b"message", &mac[1..]), mismatch);
            assert_eq!(verify(&own, b"message", &flipped(&mac, 3)), mismatch);
        }
    }
}

#[test]
fn both_sides_agree_on_one_secret_and_no_foreign_key_is_taken() {
    let all: Vec<(&KeySpec, Vec<u8>)> = KEY_SPECS
        .iter()
        .filter_map(|spec| {
            let [key, _] = pair(spec);
            Some((*spec, spec.work().public_key(&key).ok()?))
        })
        .collect();
    for (spec, each) in uses() {
        let Use::Agreement(_) = each else { continue };
        let [own, other] = pair(spec);
        let [own_public, other_public] = [&own, &other].map(|key| spec.work().public_key(key).unwrap());
        let secret = spec.work().agree(&own, &other_public).unwrap();
        assert_eq!(spec.work().agree(&stored(&other), &own_public).unwrap(), secret);
        let unfit = Err(BackingFailed::UnfitKey);
        for (foreign, public) in all.iter().filter(|(foreign, _)| *foreign != spec) {
            assert_eq!(
                spec.work().agree(&own, public),
                unfit,
                "{spec:?} with {foreign:?}"
            );
        }
        assert!(spec.is_peer(&other_public));
        for (foreign, public) in all.iter().filter(|(foreign, _)| *foreign != spec) {
            assert!(!spec.is_peer(public), "{spec:?} with {foreign:?}");
        }
        assert!(!spec.is_peer(&other_public[1..]) && !spec.is_peer(&[]));
        let bent = flipped(&other_public, other_public.len() - 1);
        assert_eq!(spec.work().agree(&own, &bent), unfit);
        assert_eq!(spec.work().agree(&own, &other_public[1..]), unfit);
        assert_eq!(
            spec.work().agree(&own, &[&other_public[..], &[0]].concat()),
            unfit
        );
        assert_eq!(spec.work().agree(&own, &[]), unfit);
        // A bare point is no SubjectPublicKeyInfo.
        let point = &other_public[other_public.len() - (secret.len() * 2 + 1)..];
        assert_eq!(spec.work().agree(&own, point), unfit);
    }
}

#[test]
fn what_is_exported_is_imported_as_the_same_and_by_no_other_spec() {
    for spec in KEY_SPECS {
        let [own, other] = pair(spec);
        assert!(!own.is(&other), "{spec:?}");
        let mut bytes = SecretBuffer::default();
        own.encode(&mut bytes);
        let form = &bytes.expose()[1..];
        let imported = spec.work().import(form).unwrap();
        assert!(imported.is(&own), "{spec:?}");
        let again = spec.work().import(&[form, &[0]].concat());
        assert_eq!(again.err(), Some(BackingFailed::UnfitKey), "{spec:?}");
        let short = spec.work().import(&form[..form.len() - 1]);
        assert_eq!(short.err(), Some(BackingFailed::UnfitKey), "{spec:?}");
        for foreign in KEY_SPECS.iter().filter(|foreign| *foreign != spec) {
            // Any bytes of the right number are a secret key.
            let takes_any = foreign.family != Family::Asymmetric;
            if takes_any && foreign.work().import(&vec![0; form.len()]).is_ok() {
                continue;
            }
            let refused = foreign.work().import(form).err();
            assert_eq!(refused, Some(BackingFailed::UnfitKey), "{spec:?} as {foreign:?}");
        }
    }
}

#[test]
fn only_asymmetric_keys_have_a_public_key_and_key_pairs_are_asymmetric() {
    for spec in KEY_SPECS {
        let [key, _] = pair(spec);
        let public = spec.work().public_key(&key);
        assert_eq!(public.is_ok(), spec.family == Family::Asymmetric, "{spec:?}");
        assert!(
            !spec.data_key_pairs || spec.family == Family::Asymmetric,
            "{spec:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..200_usize) {
        for spec in KEY_SPECS.iter().filter(|spec| !spec.name.starts_with("RSA_4") && !spec.name.starts_with("RSA_3")) {
            let _ = spec.work().import(&bytes);
        }
        let spec = find("ECC_NIST_P256").unwrap();
        let [key, other] = pair(spec);
        let _ = spec.work().agree(&key, &bytes);
        let mut public = spec.work().public_key(&other).unwrap();
        public.truncate(cut);
        let _ = spec.work().agree(&key, &public);
        for name in ["ECC_NIST_P256", "ECC_NIST_EDWARDS25519", "ML_DSA_44"] {
            let spec = find(name).unwrap();
            let [key, _] = pair(spec);
            let Some(Use::Signatures(algorithms)) = spec.use_for(KeyUsage::SignVerify) else { continue };
            let request = VerificationOfSignature {
                algorithm: &algorithms[0],
                message: Message::Raw(b"message"),
                signature: &bytes,
            };
            prop_assert_eq!(spec.work().verify(&key, &request), Err(BackingFailed::Mismatch));
        }
    }
}
