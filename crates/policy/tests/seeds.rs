//! What fuzzing found worth keeping: each text of the seeds is parsed and asked as the fuzz target does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../../../fuzz/shared/policy.rs"]
#[allow(unreachable_pub, reason = "the fuzz target uses it too")]
mod shared;

#[test]
fn every_text_of_the_seeds_is_asked() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/policy");
    let mut count = 0;
    for entry in std::fs::read_dir(seeds).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        // As the fuzzer does, which passes over what is no text.
        if let Ok(text) = std::str::from_utf8(&bytes) {
            shared::ask(text);
            count += 1;
        }
    }
    assert!(count >= 10, "{count}");
}
