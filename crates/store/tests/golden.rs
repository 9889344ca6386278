//! A store as its first release wrote it: this version opens it, and writes the same bytes.
//!
//! `golden/store-1.rows` holds every row of a small store, a line each: key, revision and value, the bytes in
//! hexadecimal digits. `golden/read.py` opens it as `docs/store-format.md` says, with nothing of this code.
//! `KEYSTEAD_GOLDEN=write` writes it anew, for as long as the format was not released.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ambient::{Entropy, SeededEntropy, Timestamp};
use secret::SecretArray;
use store::backend::{Group, StoredRow};
use store::due::{self, Item};
use store::lease::{Lease, Rival};
use store::suite::Site;
use store::suite::fixture::{
    HERE, Jewels, Log, Notes, Numbers, Opened, Papers, TABLES, block_on, named, note, place, root_key,
};
use store::suite::memory::Memory;
use store::{Change, Purpose, ReadSet, RowKey, Store, StoreOptions};

type Row = (Vec<u8>, u64, Vec<u8>);

/// "text", sealed in that order by the golden store, to what `tokens_and_markers_of_the_golden_store_open` says of it.
const TOKEN: &str = "01000000011309ac3f4e41512820fbf259ae492bb6f9c499e659fd88bb4405762c6f67ae5b3baf7b4b";
const MARKER: &str = "0100000001705be1047ba534f1c2bbe83fd5640cf02e2f18c6f0a9b4c61a98dded04ca722f44f967d4";

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/store-1.rows")
}

fn open(site: &Memory, entropy: Arc<dyn Entropy>) -> Opened {
    let log = Arc::new(Log::default());
    let backend = site.open().unwrap();
    let options = StoreOptions::new();
    let (store, vault) = Store::open(backend, &TABLES, root_key(), entropy, log.clone(), options).unwrap();
    Opened { store, vault, log }
}

/// A store with rows of each kind, which came about in several changes; the same bytes each time.
fn make() -> Memory {
    let memory = Memory::new();
    block_on(async {
        let Opened { store, .. } = open(&memory, Arc::new(SeededEntropy::new(1)));
        let there = store
            .create_domain(&place(111_122_223_333, "us-east-1"))
            .await
            .unwrap();
        let commit = async |change| store.commit(ReadSet::new(), change).await.unwrap().revision;

        let mut change = Change::new();
        change.put::<Notes>(there, named("alias/golden"), note(1, "alias/golden", 1));
        change.put::<Notes>(HERE, named("alias/golden"), note(2, "of the installation", 2));
        change.put::<Numbers>(there, *b"gone", 0);
        change.put::<Papers>(there, *b"cold", "a cold row".to_owned());
        change.put_secret::<Jewels>(there, *b"key1", SecretArray::copied_from(&[0x42; 32]).unwrap());
        change.record(b"the first record".to_vec());
        store.drained(commit(change).await);

        let mut change = Change::new();
        change.put::<Numbers>(there, *b"kept", u64::MAX);
        change.delete::<Numbers>(there, *b"gone");
        due::put(&mut change, &item(there));
        change.record(b"of two records the one".to_vec());
        change.record(b"and the other".to_vec());
        commit(change).await;

        let (holder, span) = ([0xaa; 16], Duration::from_secs(60));
        Lease::acquire(&store, "worker", holder, Rival::IsGone, NOW, span)
            .await
            .unwrap()
            .unwrap();
    });
    memory
}

fn item(domain: store::Domain) -> Item {
    Item {
        due: NOW,
        kind: 7,
        domain,
        subject: b"key1".to_vec(),
    }
}

fn rows_of(memory: &Memory) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut backend = memory.open().unwrap();
    backend
        .load(&[], None, &mut |key, revision, value| {
            rows.push((key.to_vec(), revision, value.to_vec()))
        })
        .unwrap();
    rows
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

fn kept() -> Vec<Row> {
    let text = std::fs::read_to_string(golden()).unwrap();
    let lines = text.lines().map(|line| {
        let parts: Vec<_> = line.split(' ').collect();
        (bytes(parts[0]), parts[1].parse().unwrap(), bytes(parts[2]))
    });
    lines.collect()
}

#[test]
fn a_store_is_written_as_the_golden_one() {
    let made = rows_of(&make());
    if std::env::var_os("KEYSTEAD_GOLDEN").is_some_and(|mode| mode == "write") {
        let lines = made
            .iter()
            .map(|(key, revision, value)| format!("{} {revision} {}\n", hex(key), hex(value)));
        std::fs::write(golden(), lines.collect::<String>()).unwrap();
    }
    assert_eq!(made, kept());
}

fn open_kept() -> Opened {
    let memory = Memory::new();
    let rows = kept().into_iter().map(|(key, revision, value)| {
        let value = value.into();
        (
            RowKey::from_bytes(&key).unwrap(),
            Some(StoredRow { revision, value }),
        )
    });
    let rows = rows.collect();
    memory.open().unwrap().commit(&Group { rows }).unwrap();
    open(&memory, Arc::new(SeededEntropy::new(2)))
}

#[test]
fn the_golden_store_opens_with_all_that_was_put_into_it() {
    let Opened { store, vault, .. } = open_kept();
    assert_eq!((store.head_revision(), store.logged_revision()), (5, 3));
    let there = store.domain(&place(111_122_223_333, "us-east-1")).unwrap();
    let view = store.snapshot().view();
    let read = |domain| {
        let held = view.get::<Notes>(domain, &named("alias/golden")).unwrap();
        held.unwrap().record().as_ref().clone()
    };
    assert_eq!(read(there), note(1, "alias/golden", 1));
    assert_eq!(read(HERE), note(2, "of the installation", 2));
    assert_eq!(view.index::<Notes>(there, 0, &[1], None, 9).unwrap().len(), 1);
    assert_eq!(*view.get::<Numbers>(there, b"kept").unwrap().unwrap(), u64::MAX);
    assert!(view.get::<Numbers>(there, b"gone").unwrap().is_none());
    let paper = block_on(view.get_cold::<Papers>(there, b"cold"))
        .unwrap()
        .unwrap();
    assert_eq!(*paper, "a cold row");
    let jewel = vault.open::<Jewels>(&view, there, b"key1").unwrap().unwrap();
    assert_eq!(jewel.expose(), &[0x42; 32]);
    assert_eq!(due::due(&view, NOW, 9).unwrap(), [item(there)]);
    let [waiting] = &store.outbox().unwrap()[..] else {
        unreachable!("only the second change's records were not drained")
    };
    assert_eq!(waiting.revision, 4);
    let expected: [&[u8]; 2] = [b"of two records the one", b"and the other"];
    assert_eq!(waiting.payloads, expected);
}

#[test]
fn tokens_and_markers_of_the_golden_store_open() {
    let Opened { store, .. } = open_kept();
    let snapshot = store.snapshot();
    let there = store.domain(&place(111_122_223_333, "us-east-1")).unwrap();
    let aad: [&[u8]; 2] = [b"what it is for", b"1"];
    for (purpose, kept) in [(Purpose::Token, TOKEN), (Purpose::Marker, MARKER)] {
        let sealed = snapshot.seal(there, purpose, &aad, b"text").unwrap();
        assert_eq!(hex(&sealed), kept);
        let opened = snapshot.open(there, purpose, &aad, &sealed).unwrap();
        assert_eq!(opened.expose(), b"text");
    }
}
