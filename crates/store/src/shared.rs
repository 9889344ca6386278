//! What the store's handles, its snapshots and its writer have in common.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ambient::Entropy;
use arc_swap::ArcSwap;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Weighter};
use tokio::sync::{mpsc, oneshot, watch};

use crate::RowKey;
use crate::backend::StoredRow;
use crate::error::StoreError;
use crate::health::Health;
use crate::keyring::{HeadKeys, Keyring};
use crate::limits;
use crate::state::State;
use crate::table::{IndexKey, Kind, SecretTable, Table, TableSpec};
use crate::writer::Message;

pub(crate) struct Shared {
    pub(crate) published: ArcSwap<State>,
    pub(crate) tables: Tables,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) head_keys: HeadKeys,
    /// Up to which revision the log holds the audit records durably.
    pub(crate) drained: AtomicU64,
    pub(crate) revision: watch::Sender<u64>,
    /// As the writer knows it; that it died it can not tell.
    pub(crate) health: watch::Sender<Health>,
    records: Opened,
    secrets: Opened,
}

/// Opened rows by key and revision. A revision is written once, so an entry never goes stale.
type Opened = Cache<(RowKey, u64), Arc<dyn Any + Send + Sync>, BySize>;

#[derive(Clone)]
struct BySize(u64);

impl Weighter<(RowKey, u64), Arc<dyn Any + Send + Sync>> for BySize {
    fn weight(&self, _: &(RowKey, u64), _: &Arc<dyn Any + Send + Sync>) -> u64 {
        self.0
    }
}

/// Bytes that an opened record is taken to occupy: a rough mean, since a type-erased one does not say.
const RECORD_BYTES: u64 = 512;

impl Shared {
    pub(crate) fn new(
        state: State,
        tables: Tables,
        entropy: Arc<dyn Entropy>,
        head_keys: HeadKeys,
        caches: &Caches,
    ) -> Shared {
        let records = usize::try_from(caches.record_bytes / RECORD_BYTES).unwrap_or(usize::MAX);
        Shared {
            revision: watch::Sender::new(state.head.revision),
            health: watch::Sender::new(Health::Ok),
            published: ArcSwap::from_pointee(state),
            tables,
            entropy,
            head_keys,
            drained: AtomicU64::new(0),
            records: opened(records),
            secrets: opened(caches.secret_entries),
        }
    }

    /// The record in the row `key`, out of the cache or opened.
    pub(crate) fn record<T: Table>(
        &self,
        state: &State,
        key: &RowKey,
        row: &StoredRow,
    ) -> Result<Arc<T::Record>, StoreError> {
        let place = (key.clone(), row.revision);
        if let Some(record) = self.records.get(&place).and_then(|record| record.downcast().ok()) {
            return Ok(record);
        }
        let record: Arc<T::Record> = Arc::new(self.open_record::<T>(state, key, row)?);
        self.records.insert(place, record.clone());
        Ok(record)
    }

    /// The record in the row `key`, opened and not kept.
    pub(crate) fn open_record<T: Table>(
        &self,
        state: &State,
        key: &RowKey,
        row: &StoredRow,
    ) -> Result<T::Record, StoreError> {
        let (format, text) = state
            .keyring
            .domain(key.domain())?
            .open_row(Kind::Record, key, &row.value)
            .map_err(|_| StoreError::Damaged(T::NAME))?;
        T::decode(format, text.expose()).map_err(|_| StoreError::Damaged(T::NAME))
    }

    /// The secret in the row `key`, out of the cache or opened.
    pub(crate) fn secret<T: SecretTable>(
        &self,
        state: &State,
        key: &RowKey,
        row: &StoredRow,
    ) -> Result<Arc<T::Secret>, StoreError> {
        let place = (key.clone(), row.revision);
        if let Some(secret) = self.secrets.get(&place).and_then(|secret| secret.downcast().ok()) {
            return Ok(secret);
        }
        let (format, text) = state
            .keyring
            .domain(key.domain())?
            .open_row(Kind::Secret, key, &row.value)
            .map_err(|_| StoreError::Damaged(T::NAME))?;
        let secret = T::decode(format, text.expose()).map_err(|_| StoreError::Damaged(T::NAME))?;
        let secret: Arc<T::Secret> = Arc::new(secret);
        self.secrets.insert(place.clone(), secret.clone());
        // The writer publishes first and forgets then, so whoever kept a secret too late sees that here.
        let current = self.published.load();
        if current
            .rows
            .get(key)
            .is_none_or(|current| current.revision != row.revision)
        {
            self.secrets.remove(&place);
        }
        Ok(secret)
    }

    /// Drops what was opened of a row that is no more.
    pub(crate) fn forget(&self, key: RowKey, revision: u64) {
        let place = (key, revision);
        self.records.remove(&place);
        self.secrets.remove(&place);
    }

    pub(crate) fn is_resident(&self, key: &RowKey) -> bool {
        self.tables.get(key.table().0).is_some_and(|spec| spec.resident)
    }

    /// The index entries of a row as it stands.
    pub(crate) fn index_entries(
        &self,
        keyring: &Keyring,
        key: &RowKey,
        value: &[u8],
    ) -> Result<Vec<IndexKey>, StoreError> {
        self.tables.index_entries(keyring, key, value)
    }

    pub(crate) fn drained(&self) -> u64 {
        self.drained.load(Ordering::Acquire)
    }
}

/// How much is kept opened.
#[derive(Debug, Clone)]
pub(crate) struct Caches {
    pub(crate) record_bytes: u64,
    pub(crate) secret_entries: usize,
}

impl Default for Caches {
    fn default() -> Caches {
        Caches {
            record_bytes: limits::RECORD_CACHE_BYTES,
            secret_entries: limits::SECRET_CACHE_ENTRIES,
        }
    }
}

fn opened(entries: usize) -> Opened {
    // The estimate is low, so that a small installation pays for what it uses.
    Cache::with(
        entries.min(1024),
        u64::try_from(entries).unwrap_or(u64::MAX),
        BySize(1),
        DefaultHashBuilder::default(),
        quick_cache::sync::DefaultLifecycle::default(),
    )
}

/// The declared tables, by number.
pub(crate) struct Tables(Box<[Option<TableSpec>; 256]>);

impl Tables {
    /// `None` where a number is taken twice.
    pub(crate) fn of(specs: impl IntoIterator<Item = TableSpec>) -> Result<Tables, u8> {
        let mut tables = Box::new([None; 256]);
        for spec in specs {
            match tables.get_mut(usize::from(spec.id.0)) {
                Some(place @ None) => *place = Some(spec),
                _ => return Err(spec.id.0),
            }
        }
        Ok(Tables(tables))
    }

    pub(crate) fn get(&self, id: u8) -> Option<&TableSpec> {
        self.0.get(usize::from(id)).and_then(Option::as_ref)
    }

    pub(crate) fn index_entries(
        &self,
        keyring: &Keyring,
        key: &RowKey,
        value: &[u8],
    ) -> Result<Vec<IndexKey>, StoreError> {
        let mut out = Vec::new();
        if let Some((spec, entries)) = self
            .get(key.table().0)
            .and_then(|spec| Some((spec, spec.entries?)))
        {
            let damaged = || StoreError::Damaged(spec.name);
            let keys = keyring.domain(key.domain())?;
            let (format, text) = keys.open_row(spec.kind, key, value).map_err(|_| damaged())?;
            entries(format, text.expose(), &mut out).map_err(|_| damaged())?;
        }
        Ok(out)
    }

    /// That the table was declared, as what it is used as.
    pub(crate) fn check(&self, spec: &TableSpec) -> Result<(), StoreError> {
        match self.get(spec.id.0) {
            Some(declared)
                if declared.name == spec.name
                    && declared.kind == spec.kind
                    && declared.resident == spec.resident
                    && declared.entries.is_some() == spec.entries.is_some() =>
            {
                Ok(())
            }
            _ => Err(StoreError::UnknownTable(spec.name)),
        }
    }
}

/// The way to the writer: its queue, or the private one of whoever has its turn.
#[derive(Clone)]
pub(crate) enum Door {
    Queue(mpsc::Sender<Message>),
    Turn(mpsc::UnboundedSender<Message>),
}

impl Door {
    /// Hands a message over and waits for its answer.
    pub(crate) async fn ask<A>(
        &self,
        message: impl FnOnce(oneshot::Sender<A>) -> Message,
    ) -> Result<A, Gone> {
        let (answer, answered) = oneshot::channel();
        let message = message(answer);
        match self {
            Door::Queue(queue) => queue.send(message).await.map_err(|_| Gone::BeforeAsked)?,
            Door::Turn(queue) => queue.send(message).map_err(|_| Gone::BeforeAsked)?,
        }
        answered.await.map_err(|_| Gone::BeforeAnswered)
    }

    /// Whether nobody is left to answer.
    pub(crate) fn is_shut(&self) -> bool {
        match self {
            Door::Queue(queue) => queue.is_closed(),
            Door::Turn(queue) => queue.is_closed(),
        }
    }
}

/// The writer is gone: it ended, or its thread died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store's writer has ended")]
pub(crate) enum Gone {
    BeforeAsked,
    BeforeAnswered,
}
