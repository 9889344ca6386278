//! A store and an audit log that do not belong together, by mistake or by an intruder's hand.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, ManualClock, SystemEntropy, Timestamp};
use audit::{Origin, Reader, Start};
use crypto::root::RootKey;
use engine::{Installation, OpenError, Options};
use identity::NewAccessKey;
use secret::LockedKey;
use store::StoreOptions;
use store::suite::Site;
use store::suite::memory::Memory;

const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "777788889999"];

fn open(memory: &Memory, audit: &Path) -> Result<Installation, OpenError> {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_700_000_000)));
    let root = RootKey::from_key(LockedKey::copied_from(&[7; 32]).unwrap()).unwrap();
    Installation::open(Options {
        audit,
        log: audit::Options::default(),
        backend: memory.open().unwrap(),
        root: Box::new(root),
        store: StoreOptions::new(),
        services: &[],
        regions: vec!["us-east-1".parse().unwrap()],
        destruction_grace: Duration::from_secs(3600),
        attestations: attestation::Verifier::trusting([attestation::NITRO_ROOT]).unwrap(),
        issuers: engine::Issuers::none(clock.clone()),
        clock: clock as Arc<dyn Clock>,
        entropy: Arc::new(SystemEntropy),
        on_unknown_members: Arc::new(|_| {}),
    })
}

/// Opens, makes one account, and ends in order.
async fn make(memory: &Memory, audit: &Path, account: &str) {
    let installation = open(memory, audit).unwrap();
    let key = NewAccessKey::draw(&SystemEntropy).unwrap();
    installation
        .create_account(account.parse().unwrap(), &key)
        .await
        .unwrap();
    installation.start().await.unwrap().close().await;
}

fn names(audit: &Path) -> Vec<String> {
    let frames = Reader::open(audit, Start::Oldest).unwrap();
    let frames = frames.map(|frame| frame.unwrap());
    frames
        .filter(|frame| matches!(frame.origin(), Some(Origin::Change { .. })))
        .map(|frame| frame.entry().unwrap().event_name.to_owned())
        .collect()
}

fn rendered(audit: &Path) -> Vec<serde_json::Value> {
    let frames = Reader::open(audit, Start::Oldest).unwrap();
    let texts = frames.map(|frame| audit::render(&frame.unwrap().entry().unwrap()));
    texts.map(|text| serde_json::from_str(&text).unwrap()).collect()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_log_is_refused_each_time() {
    let (memory, audit, older) = (
        Memory::new(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    make(&memory, audit.path(), ACCOUNTS[0]).await;
    copy(audit.path(), older.path());
    for account in &ACCOUNTS[1..] {
        make(&memory, audit.path(), account).await;
    }
    // So that what the log holds has left the store.
    open(&memory, audit.path())
        .unwrap()
        .start()
        .await
        .unwrap()
        .close()
        .await;
    for _ in 0..2 {
        let refused = open(&memory, older.path()).map(|_| ());
        assert!(matches!(refused, Err(OpenError::LogBehindStore { store, log }) if store > log));
    }
    open(&memory, audit.path()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_copy_of_the_log_lacks_and_the_store_still_has_is_recorded_again() {
    let (memory, audit, older) = (
        Memory::new(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    make(&memory, audit.path(), ACCOUNTS[0]).await;
    copy(audit.path(), older.path());
    let installation = open(&memory, audit.path()).unwrap();
    let key = NewAccessKey::draw(&SystemEntropy).unwrap();
    installation
        .create_account(ACCOUNTS[1].parse().unwrap(), &key)
        .await
        .unwrap();
    drop(installation); // before anything was drained
    open(&memory, older.path())
        .unwrap()
        .start()
        .await
        .unwrap()
        .close()
        .await;
    assert_eq!(names(older.path()), ["CreateAccount", "CreateAccount"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_gone_is_begun_anew_with_a_record_of_that() {
    let (memory, audit, new) = (
        Memory::new(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    make(&memory, audit.path(), ACCOUNTS[0]).await;
    open(&memory, audit.path())
        .unwrap()
        .start()
        .await
        .unwrap()
        .close()
        .await;
    for _ in 0..2 {
        open(&memory, new.path())
            .unwrap()
            .start()
            .await
            .unwrap()
            .close()
            .await;
        assert_eq!(names(new.path()), ["BeginAuditLog"]);
    }
    let old = open(&memory, audit.path()).map(|_| ());
    assert!(matches!(old, Err(OpenError::LogBehindStore { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_the_installation_is_recorded_by_its_name_alone() {
    let (memory, audit) = (Memory::new(), tempfile::tempdir().unwrap());
    make(&memory, audit.path(), ACCOUNTS[0]).await;
    let installation = open(&memory, audit.path()).unwrap();
    let secret = secret::SecretBytes::copied_from(b"not to be recorded");
    installation.keep_secret("authority", secret).await.unwrap();
    installation.start().await.unwrap().close().await;
    let record = rendered(audit.path()).pop().unwrap();
    assert_eq!(record["eventName"], "PutInstallationSecret");
    assert_eq!(record["recipientAccountId"], ACCOUNTS[0]);
    assert_eq!(
        record["serviceEventDetails"],
        serde_json::json!({"name": "authority"})
    );
    assert!(!record.to_string().contains("recorded"), "{record}");
}
