//! What a power cut leaves of a destroyed secret.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use secret::SecretArray;
use store::suite::fixture::{HERE, Jewels, Log, TABLES, block_on, entropy, root_key};
use store::{Change, ReadSet, Store, StoreOptions};
use store_sqlite::{FILE, Sqlite};
use testkit::{Loss, Operation, Recording};

const DIRECTORY: &str = "KEYSTEAD_RECORDED_STORE";

#[test]
#[ignore = "what the other test runs and records"]
fn a_program_that_destroys_a_secret_and_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let backend = Box::new(Sqlite::open(Path::new(&directory)).unwrap());
    let options = StoreOptions::new();
    let log = Arc::new(Log::default());
    let (store, _) = Store::open(backend, &TABLES, root_key(), entropy(), log, options).unwrap();
    block_on(async {
        let mut change = Change::new();
        change.put_secret::<Jewels>(HERE, [1; 4], SecretArray::copied_from(&[42; 32]).unwrap());
        store.commit(ReadSet::new(), change).await.unwrap();
        let mut change = Change::new();
        change.destroy::<Jewels>(HERE, [1; 4]);
        store.commit(ReadSet::new(), change).await.unwrap();
    });
    // Without an end in order, which would empty the log once more.
    std::process::exit(0);
}

#[test]
fn a_power_cut_right_after_a_secret_was_destroyed_brings_nothing_back() {
    let place = tempfile::tempdir().unwrap();
    let recording = Recording::of(place.path()).unwrap();
    let mut program = Command::new(std::env::current_exe().unwrap());
    program
        .args([
            "--exact",
            "--ignored",
            "a_program_that_destroys_a_secret_and_is_killed",
        ])
        .env(DIRECTORY, recording.root().join("store"));
    recording.attach(&mut program);
    assert!(program.status().unwrap().success());
    let recorded = recording.finish().unwrap();
    let name = format!("store/{FILE}-wal");
    let truncated = recorded
        .steps()
        .iter()
        .rfind(|step| step.operation == Operation::Resize && step.path == name);
    let truncated = truncated.unwrap().sequence;
    let log_after = |sequence| {
        let mut replay = recorded.replay();
        replay.advance(sequence).unwrap();
        replay.power_cut(Loss::Everything).file(&name).unwrap()
    };
    assert!(!log_after(truncated).is_empty(), "a truncation alone lasts");
    assert!(log_after(recorded.last()).is_empty());
}
