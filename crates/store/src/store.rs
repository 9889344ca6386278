//! The store itself: opening it, reading it, changing it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ambient::Entropy;
use arn::Place;
use crypto::root::RootKey;
use tokio::sync::watch;

use crate::backend::{Backend, BackendError, Cause};
use crate::change::Change;
use crate::error::{CommitError, OpenError, StoreError, Unavailable};
use crate::health::Health;
use crate::keyring::{self, DOMAIN_KEYS};
use crate::outbox::{self, OutboxSink, Waiting};
use crate::reads::{Range, ReadSet};
use crate::root::RootSource;
use crate::rowkey::{Domain, RowKey};
use crate::shared::{Caches, Door, Gone, Shared};
use crate::state::end_of_rows;
use crate::table::TableSpec;
use crate::vault::Vault;
use crate::view::Snapshot;
use crate::writer::{self, Message, Observer, Request};
use crate::{due, lease, limits, load};

/// What may be chosen when a store is opened.
#[derive(Default, Clone)]
pub struct StoreOptions {
    pub(crate) caches: Caches,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl StoreOptions {
    /// What the store chooses by itself.
    pub fn new() -> StoreOptions {
        StoreOptions::default()
    }

    /// Bytes of opened records to keep, about; [`limits::RECORD_CACHE_BYTES`] unless set.
    pub fn record_cache_bytes(mut self, bytes: u64) -> StoreOptions {
        self.caches.record_bytes = bytes;
        self
    }

    /// Opened secrets to keep; [`limits::SECRET_CACHE_ENTRIES`] unless set.
    pub fn secret_cache_entries(mut self, entries: usize) -> StoreOptions {
        self.caches.secret_entries = entries;
        self
    }

    /// Who is told of every group, for metrics.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> StoreOptions {
        self.observer = Some(observer);
        self
    }
}

/// A change that is durable and visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Its revision. Every change has one of its own, one greater than the change before.
    pub revision: u64,
}

/// An open store. Cheap to clone; the last clone that goes closes it in the background, [`Store::close`] in order.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
    door: Door,
    root: Arc<RootKey>,
    created: bool,
}

impl Store {
    /// Opens the store that lies in `backend`, or makes one where there is nothing.
    ///
    /// It reads every row, checks that they add up to the sealed head, and starts the writer. It blocks while it
    /// does. `tables` are all that the caller's services declare. `sink` gets the audit records of every change
    /// from now on; those that wait from before are in [`Store::outbox`].
    pub fn open(
        backend: Box<dyn Backend>,
        tables: &[TableSpec],
        root: impl RootSource,
        entropy: Arc<dyn Entropy>,
        sink: Arc<dyn OutboxSink>,
        options: StoreOptions,
    ) -> Result<(Store, Vault), OpenError> {
        let tables = load::all_tables(tables, &[lease::SPEC, due::SPEC])?;
        let mut backend = backend;
        let loaded = load::open(backend.as_mut(), &tables, Box::new(root), entropy.as_ref())?;
        let shared = Arc::new(Shared::new(
            loaded.state,
            tables,
            entropy,
            loaded.head_keys,
            &options.caches,
        ));
        let queue = writer::start(backend, shared.clone(), sink, options.observer)
            .map_err(|error| OpenError::Thread(Cause::new(error)))?;
        let store = Store {
            shared,
            door: Door::Queue(queue),
            root: Arc::new(loaded.root),
            created: loaded.created,
        };
        let vault = Vault {
            _only_made_with_a_store: (),
        };
        Ok((store, vault))
    }

    /// Whether there was nothing, and [`Store::open`] made it.
    pub fn is_new(&self) -> bool {
        self.created
    }

    /// The store as of its latest visible change.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.shared.published.load_full(),
            shared: self.shared.clone(),
            door: self.door.clone(),
        }
    }

    /// The revision of the latest visible change; the log is never behind it by more than the outbox holds.
    pub fn head_revision(&self) -> u64 {
        self.shared.published.load().head.revision
    }

    /// Up to which revision the store gave its audit records away to a log that held them durably. A log that tells
    /// of less has lost records, or is an older copy.
    pub fn logged_revision(&self) -> u64 {
        self.shared.published.load().head.logged
    }

    /// Follows the revision of the latest visible change.
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.shared.revision.subscribe()
    }

    /// The domain of an account and Region; `None` where it was not created yet.
    pub fn domain(&self, place: &Place) -> Option<Domain> {
        self.shared.published.load().keyring.domain_of(place)
    }

    /// Creates the domain of an account and Region, with a domain key of its own, unless it is there.
    pub async fn create_domain(&self, place: &Place) -> Result<Domain, CommitError> {
        let mut conflicts = 0;
        loop {
            let snapshot = self.snapshot();
            if let Some(domain) = snapshot.domain(place) {
                return Ok(domain);
            }
            let next = snapshot.state.keyring.next();
            let domain = Domain::Regional(next.ok_or(CommitError::Refused(StoreError::UnknownDomain))?);
            let (made, _) =
                keyring::new_domain(&self.root, self.shared.entropy.as_ref(), domain, Some(place))
                    .map_err(|error| CommitError::Refused(StoreError::Seal(error)))?;
            let mut reads = ReadSet::new();
            let from = std::ops::Bound::Included(RowKey::bound(&[DOMAIN_KEYS.0]));
            reads.range(Range::Names(
                snapshot.state.clone(),
                (from, end_of_rows(&[DOMAIN_KEYS.0])),
            ));
            match self.commit(reads, Change::with_domain(made)).await {
                Ok(_) => return Ok(domain),
                Err(CommitError::Conflict) if conflicts < limits::DOMAIN_CONFLICTS => conflicts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes a change if all that `reads` holds is still so, and answers when it is durable and visible.
    ///
    /// A caller that stops waiting does not stop the change.
    pub async fn commit(&self, reads: ReadSet, change: Change) -> Result<Committed, CommitError> {
        let state = self.shared.published.load_full();
        commit(&self.shared, &state, &self.door, reads, change).await
    }

    /// Waits for the writer, and stops it: until the turn ends nobody else changes anything. For a change that
    /// met conflicts three times. Whoever has the turn must not wait for another change.
    pub async fn turn(&self) -> Result<Turn, CommitError> {
        let turn = self.door.ask(Message::Turn).await;
        turn.map_err(|_| CommitError::Unavailable(Unavailable::Closed))?
    }

    /// Whether all that was read is still so; see [`Snapshot::holds`].
    pub fn holds(&self, reads: &ReadSet) -> bool {
        self.snapshot().holds(reads)
    }

    /// The audit records that wait in the outbox, in order: after opening, those that the log may lack.
    pub fn outbox(&self) -> Result<Vec<Waiting>, StoreError> {
        outbox::waiting(&self.shared.published.load())
    }

    /// Says that the log durably holds the audit records of every change up to `revision`. They leave the
    /// outbox with a later group.
    pub fn drained(&self, revision: u64) {
        self.shared.drained.fetch_max(revision, Ordering::AcqRel);
    }

    /// Whether changes are taken.
    pub fn health(&self) -> Health {
        match self.shared.health.borrow().clone() {
            // Whoever closes in order says so before the door is shut.
            Health::Ok | Health::Failing(_) if self.door.is_shut() => Health::Dead,
            health => health,
        }
    }

    /// Tells of every change of [`Store::health`] but the writer's death.
    pub fn health_changes(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    /// Answers what was queued, takes drained records out of the outbox, and puts the backend in order. A store
    /// that was closed before is in order; one whose writer died is not.
    pub async fn close(&self) -> Result<(), BackendError> {
        match self.door.ask(Message::Close).await {
            Ok(closed) => closed,
            Err(_) if matches!(self.health(), Health::Closed) => Ok(()),
            Err(gone) => Err(lost_writer(gone)),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store(revision {})", self.head_revision())
    }
}

async fn commit(
    shared: &Shared,
    state: &crate::state::State,
    door: &Door,
    reads: ReadSet,
    change: Change,
) -> Result<Committed, CommitError> {
    let change = change.seal(shared, state).map_err(CommitError::Refused)?;
    let answer = door
        .ask(|answer| {
            Message::Commit(Box::new(Request {
                reads,
                change,
                answer,
            }))
        })
        .await;
    answer.map_err(|gone| match gone {
        Gone::BeforeAsked => CommitError::Unavailable(Unavailable::Closed),
        Gone::BeforeAnswered => CommitError::OutcomeUnknown(lost_writer(gone)),
    })?
}

fn lost_writer(gone: Gone) -> BackendError {
    BackendError::Io {
        place: "the store".to_owned(),
        cause: Cause::new(gone),
    }
}

/// The writer's exclusive turn. While it lasts its snapshot is the latest, so a change that rests on it meets no
/// conflict. It ends with its commit, or when it is dropped.
pub struct Turn {
    pub(crate) snapshot: Snapshot,
}

impl Turn {
    /// The store as it stays during this turn.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Makes a change as [`Store::commit`] does, and ends the turn.
    pub async fn commit(self, reads: ReadSet, change: Change) -> Result<Committed, CommitError> {
        let Snapshot { state, shared, door } = &self.snapshot;
        commit(shared, state, door, reads, change).await
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Door::Turn(queue) = &self.snapshot.door {
            // The writer is gone, or has ended the turn with its commit: either way there is nothing to end.
            let _ = queue.send(Message::End);
        }
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Turn({:?})", self.snapshot)
    }
}
