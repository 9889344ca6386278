//! Tables, a log and a store for tests.

use std::sync::{Arc, Mutex};

use ambient::{Entropy, SeededEntropy};
use arn::Place;
use crypto::root::RootKey;
use minicbor::{Decode, Encode};
use secret::{LockedKey, SecretArray, SecretBuffer};

use crate::suite::Site;
use crate::{
    Change, Committed, Domain, HashedName, IndexKey, OpenError, OutboxSink, ReadSet, SecretTable, Store,
    StoreOptions, Table, TableId, TableSpec, Unreadable, Vault, cbor, secret_table_spec, table_spec,
};

/// A resident, indexed table.
#[derive(Debug)]
pub struct Notes;

/// A record with a name, an owner and a number.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Note {
    /// Who it belongs to.
    #[n(0)]
    pub owner: u8,
    /// What it is called.
    #[n(1)]
    pub name: String,
    /// What it says.
    #[n(2)]
    pub value: u64,
}

/// The index of notes by owner, then name.
pub const BY_OWNER: u8 = 0;

impl Table for Notes {
    const ID: TableId = TableId(200);
    const NAME: &'static str = "notes";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = HashedName;
    type Record = Note;

    fn encode(record: &Note, out: &mut SecretBuffer) {
        cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Note, Unreadable> {
        cbor::decode(bytes)
    }

    fn index(record: &Note, out: &mut Vec<IndexKey>) {
        let bytes = [&[record.owner], record.name.as_bytes()].concat();
        let index = BY_OWNER;
        out.push(IndexKey { index, bytes });
    }
}

/// A resident table without an index, in the order of its keys.
#[derive(Debug)]
pub struct Numbers;

impl Table for Numbers {
    const ID: TableId = TableId(201);
    const NAME: &'static str = "numbers";
    const FORMAT: u8 = 1;
    type Key = [u8; 4];
    type Record = u64;

    fn encode(record: &u64, out: &mut SecretBuffer) {
        cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<u64, Unreadable> {
        cbor::decode(bytes)
    }
}

/// A cold table.
#[derive(Debug)]
pub struct Papers;

impl Table for Papers {
    const ID: TableId = TableId(202);
    const NAME: &'static str = "papers";
    const RESIDENT: bool = false;
    const FORMAT: u8 = 1;
    type Key = [u8; 4];
    type Record = String;

    fn encode(record: &String, out: &mut SecretBuffer) {
        cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<String, Unreadable> {
        cbor::decode(bytes)
    }
}

/// A table of secrets.
#[derive(Debug)]
pub struct Jewels;

impl SecretTable for Jewels {
    const ID: TableId = TableId(203);
    const NAME: &'static str = "jewels";
    const FORMAT: u8 = 1;
    type Key = [u8; 4];
    type Secret = SecretArray<32>;

    fn encode(secret: &SecretArray<32>, out: &mut SecretBuffer) {
        out.extend(secret.expose());
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<SecretArray<32>, Unreadable> {
        SecretArray::copied_from(bytes).ok_or(Unreadable("not 32 bytes"))
    }
}

/// All of them.
pub const TABLES: [TableSpec; 4] = [
    table_spec::<Notes>(),
    table_spec::<Numbers>(),
    table_spec::<Papers>(),
    secret_table_spec::<Jewels>(),
];

/// What reached the log: revision and payloads of each change.
#[derive(Debug, Default)]
pub struct Log(Mutex<Vec<(u64, Vec<Vec<u8>>)>>);

impl Log {
    /// All of it.
    pub fn entries(&self) -> Vec<(u64, Vec<Vec<u8>>)> {
        self.0.lock().unwrap().clone()
    }
}

impl OutboxSink for Log {
    fn queue(&self, revision: u64, payloads: Vec<Vec<u8>>) {
        self.0.lock().unwrap().push((revision, payloads));
    }
}

/// An open store, its vault and its log.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Its vault.
    pub vault: Vault,
    /// Its log.
    pub log: Arc<Log>,
}

/// The root key that tests use.
pub fn root_key() -> RootKey {
    RootKey::from_key(LockedKey::copied_from(&[7; 32]).unwrap()).unwrap()
}

/// Opens a store at `site` under [`root_key`].
pub fn try_open(site: &dyn Site) -> Result<Opened, OpenError> {
    try_open_with(site, &TABLES)
}

/// Opens a store with other tables.
pub fn try_open_with(site: &dyn Site, tables: &[TableSpec]) -> Result<Opened, OpenError> {
    let log = Arc::new(Log::default());
    let (store, vault) = Store::open(
        site.open()?,
        tables,
        root_key(),
        entropy(),
        log.clone(),
        StoreOptions::new(),
    )?;
    Ok(Opened { store, vault, log })
}

/// As [`try_open`], where nothing can be wrong.
pub fn open(site: &dyn Site) -> Opened {
    try_open(site).unwrap()
}

/// Random bytes that no two calls of a test process repeat.
pub fn entropy() -> Arc<dyn Entropy> {
    static SEED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let seed = SEED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Arc::new(SeededEntropy::new(seed))
}

/// Runs a future to its end, with several threads for what it spawns.
pub fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(work)
}

/// The domain of the installation, where most tests put their rows.
pub const HERE: Domain = Domain::Installation;

/// An account and Region.
pub fn place(account: u64, region: &str) -> Place {
    Place {
        account: arn::AccountId::from_number(account).unwrap(),
        region: region.parse().unwrap(),
    }
}

/// A note's key.
pub fn named(name: &str) -> HashedName {
    HashedName(name.to_owned())
}

/// A note.
pub fn note(owner: u8, name: &str, value: u64) -> Note {
    Note {
        owner,
        name: name.to_owned(),
        value,
    }
}

/// A change that puts one note.
pub fn putting(note: Note) -> Change {
    let mut change = Change::new();
    change.put::<Notes>(HERE, named(&note.name), note);
    change
}

impl Opened {
    /// Puts one note, whatever was there.
    pub async fn put(&self, note: Note) -> Committed {
        self.store.commit(ReadSet::new(), putting(note)).await.unwrap()
    }

    /// Puts numbers, whatever was there.
    pub async fn put_numbers(&self, numbers: impl IntoIterator<Item = (u32, u64)>) -> Committed {
        let mut change = Change::new();
        for (key, number) in numbers {
            change.put::<Numbers>(HERE, key.to_be_bytes(), number);
        }
        self.store.commit(ReadSet::new(), change).await.unwrap()
    }

    /// What a note says at present.
    pub fn value(&self, name: &str) -> Option<u64> {
        let view = self.store.snapshot().view();
        view.get::<Notes>(HERE, &named(name))
            .unwrap()
            .map(|note| note.value)
    }

    /// Closes the store in order.
    pub async fn close(self) {
        self.store.close().await.unwrap();
    }
}
