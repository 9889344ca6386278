//! A data directory's store, opened in this process while no server has it. Each runs as a process of its own, whose
//! memory is then the store's.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, Entropy, Monotonic, SystemClock, SystemEntropy};
use arn::Place;
use crypto::root::RootKey;
use serde::{Deserialize, Serialize};
use store::{Change, Domain, OutboxSink, ReadSet, Store, StoreOptions, Vault};
use store_sqlite::Sqlite;

use crate::figures::Round;
use crate::process;
use crate::signed::REGION;
use crate::stop::Stop;

/// Keys that are written as one change.
const KEYS_A_CHANGE: usize = 2_000;

/// What opening a store and keys in it came to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Opened {
    /// Seconds to open the store.
    pub(crate) load_s: f64,
    /// Bytes of memory that it took.
    pub(crate) resident: u64,
    /// Microseconds to open a key that was not opened before: its record, its policy and its material.
    pub(crate) cold_p50_us: f64,
    /// The same, for the slowest hundredth.
    pub(crate) cold_p99_us: f64,
    /// The same, for a key that is in the caches.
    pub(crate) warm_p50_us: f64,
}

/// Puts so many keys into the store.
pub(crate) fn fill(directory: &Path, keys: usize) -> Result<(), Stop> {
    let (store, _) = open_store(directory)?;
    let (domain, place) = home(&store)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let now = SystemClock::start().now();
    for ids in kms::generator::draw(keys, &SystemEntropy)?.chunks(KEYS_A_CHANGE) {
        let mut change = Change::new();
        for id in ids {
            kms::generator::add(&mut change, domain, place.account, id, now, &SystemEntropy)?;
        }
        runtime.block_on(store.commit(ReadSet::new(), change))?;
    }
    runtime.block_on(store.close())?;
    Ok(())
}

/// Opens the store and so many keys, evenly drawn, each once; prints [`Opened`] and then the ids.
pub(crate) fn open(directory: &Path, opened: usize) -> Result<(), Stop> {
    let clock = SystemClock::start();
    let own = std::process::id();
    let before = process::resident(own)?;
    let begun = clock.monotonic();
    let (store, vault) = open_store(directory)?;
    let load = clock.monotonic().since(begun);
    let resident = process::resident(own)?.saturating_sub(before);
    let (domain, _) = home(&store)?;
    let mut ids = kms::generator::ids(&store.snapshot().view(), domain)?;
    shuffle(&mut ids)?;
    ids.truncate(opened);
    let time = |id: &str| -> Result<Monotonic, Stop> {
        let view = store.snapshot().view();
        match kms::generator::open(&view, &vault, domain, id)? {
            true => Ok(clock.monotonic()),
            false => Err(format!("the key {id} is not there").into()),
        }
    };
    let each = |id: &String| {
        let begun = clock.monotonic();
        let took = time(id)?.since(begun);
        Ok::<_, Stop>(u64::try_from(took.as_nanos())?)
    };
    let mut cold: Vec<u64> = ids.iter().map(each).collect::<Result<_, _>>()?;
    let last = ids.last().ok_or("no key")?;
    let mut warm: Vec<u64> = (0..opened).map(|_| each(last)).collect::<Result<_, _>>()?;
    let cold = Round::of(&mut cold, Duration::from_secs(1), Duration::ZERO);
    let warm = Round::of(&mut warm, Duration::from_secs(1), Duration::ZERO);
    let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
    let figures = Opened {
        load_s: load.as_secs_f64(),
        resident,
        cold_p50_us: microseconds(cold.p50),
        cold_p99_us: microseconds(cold.p99),
        warm_p50_us: microseconds(warm.p50),
    };
    println!("{}\n{}", serde_json::to_string(&figures)?, ids.join("\n"));
    Ok(())
}

pub(crate) fn open_store(directory: &Path) -> Result<(Store, Vault), Stop> {
    let root = RootKey::from_file_content(&fs::read(directory.join("local/root.key"))?)?;
    let backend = Box::new(Sqlite::open(&directory.join("store"))?);
    Ok(Store::open(
        backend,
        &engine::tables(&[&kms::KMS, &iam::IAM]),
        root,
        Arc::new(SystemEntropy),
        Arc::new(NoLog),
        StoreOptions::new(),
    )?)
}

/// The one account and Region of the directory.
pub(crate) fn home(store: &Store) -> Result<(Domain, Place), Stop> {
    let places = store.snapshot().places();
    let home = places
        .into_iter()
        .find(|(_, place)| place.region.as_str() == REGION);
    home.ok_or_else(|| "the store has no account and Region".into())
}

/// Puts the ids into an order of chance: the ones that come first are then evenly drawn.
fn shuffle(ids: &mut [String]) -> Result<(), Stop> {
    let mut random = [0; 8];
    for end in (1..ids.len()).rev() {
        SystemEntropy.fill(&mut random)?;
        // A remainder of 64 bits is as good as even.
        let place = u64::from_be_bytes(random) % (end as u64 + 1);
        ids.swap(end, usize::try_from(place)?);
    }
    Ok(())
}

/// Nothing is recorded here.
struct NoLog;

impl OutboxSink for NoLog {
    fn queue(&self, _: u64, _: Vec<Vec<u8>>) {}
}
