//! How fast a large store is written, opened and read. Run by hand, in release:
//! `cargo test --release -p store-sqlite --test load -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of it is for a test")]

use std::sync::Arc;

use ambient::{Clock, SystemClock, SystemEntropy, task};
use store::suite::fixture::{HERE, Jewels, Log, Numbers, TABLES, block_on, root_key};
use store::{Change, ReadSet, Store, StoreOptions, Vault};
use store_sqlite::Sqlite;

const ROWS: u32 = 1_000_000;
const ROWS_A_CHANGE: u32 = 5_000;

fn open(directory: &std::path::Path) -> (Store, Vault) {
    let backend = Box::new(Sqlite::open(directory).unwrap());
    Store::open(
        backend,
        &TABLES,
        root_key(),
        Arc::new(SystemEntropy),
        Arc::new(Log::default()),
        StoreOptions::new(),
    )
    .unwrap()
}

/// Kilobytes of this process that are in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "takes a while, and tells figures rather than right from wrong"]
fn a_million_rows_load_in_seconds() {
    let clock = SystemClock::start();
    let timed = |what: &str, since| {
        let now = clock.monotonic();
        println!("{what}: {:?}", now.since(since));
        now
    };
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("store");
    block_on(async {
        let (store, _) = open(&path);
        let start = clock.monotonic();
        for from in (0..ROWS).step_by(ROWS_A_CHANGE as usize) {
            let mut change = Change::new();
            for row in from..from + ROWS_A_CHANGE {
                let mixed = row.wrapping_mul(2_654_435_761); // in no order, as random ids are
                change.put::<Numbers>(HERE, mixed.to_be_bytes(), u64::from(row));
                if row % 100 == 0 {
                    let secret = secret::SecretArray::copied_from(&[1; 32]).unwrap();
                    change.put_secret::<Jewels>(HERE, mixed.to_be_bytes(), secret);
                }
            }
            store.commit(ReadSet::new(), change).await.unwrap();
        }
        timed("wrote", start);
        store.close().await.unwrap();
    });
    let before = resident();
    let start = clock.monotonic();
    let (store, vault) = open(&path);
    let loaded = timed("opened", start);
    println!(
        "memory: {} KiB, {} of it for the rows",
        resident(),
        resident() - before
    );
    let snapshot = store.snapshot();
    let read = |rows: u32| {
        for row in 0..rows {
            let view = snapshot.view();
            let key = row.wrapping_mul(2_654_435_761).to_be_bytes();
            assert!(view.get::<Numbers>(HERE, &key).unwrap().is_some());
        }
    };
    let view = snapshot.view();
    vault.open::<Jewels>(&view, HERE, &[0; 4]).unwrap().unwrap();
    read(50_000);
    let first = timed("50,000 rows opened", loaded);
    (0..20).for_each(|_| read(50_000));
    timed("1,000,000 rows out of the cache", first);
    let store = Arc::new(store);
    for callers in [1_u32, 32, 64] {
        block_on(async {
            let start = clock.monotonic();
            let all: Vec<_> = (0..callers)
                .map(|caller| {
                    let store = store.clone();
                    task::spawn(async move {
                        for number in 0..6400 / callers {
                            let mut change = Change::new();
                            let key = (caller << 16 | number).to_be_bytes();
                            change.put::<Numbers>(HERE, key, 1);
                            change.put::<Numbers>(HERE, (u32::MAX - number).to_be_bytes(), 1);
                            change.record(vec![7; 600]);
                            store
                                .commit(store.snapshot().view().into_reads(), change)
                                .await
                                .unwrap();
                        }
                    })
                })
                .collect();
            for caller in all {
                caller.await.unwrap();
            }
            timed(&format!("6,400 changes by {callers} callers"), start);
        });
        store.drained(store.head_revision());
    }
    let start = clock.monotonic();
    block_on(store.close()).unwrap();
    timed("closed", start);
}
