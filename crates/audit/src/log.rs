//! The log as its writers see it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ambient::{Clock, Entropy};
use tokio::sync::watch;

use crate::disk::{Directory, Disk};
use crate::error::{AuditError, Health};
use crate::limits;
use crate::queue::{Pushed, Queue};
use crate::recover::{Found, recover};
use crate::segment::{self, HEADER, Header};
use crate::spare::Spare;
use crate::writer::{Shared, Writer};

/// How a log is written.
#[derive(Clone)]
pub struct Options {
    /// The size of a new log's first segment, in bytes.
    pub first_segment: u64,
    /// The size that segments grow to, in bytes.
    pub segment: u64,
    /// How long to wait before changes that could not be recorded are tried again.
    pub retry: Duration,
    /// Told of each flush; it should only count.
    pub on_flush: Option<Arc<dyn Fn(Flush) + Send + Sync>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            first_segment: limits::FIRST_SEGMENT,
            segment: limits::SEGMENT,
            retry: limits::RETRY,
            on_flush: None,
        }
    }
}

/// One group of records made durable.
#[derive(Debug, Clone, Copy)]
pub struct Flush {
    /// How long it took to hand the bytes to the system.
    pub write: Duration,
    /// How long the flush itself took.
    pub latency: Duration,
    /// How many records the group had.
    pub frames: u64,
    /// How many bytes it had.
    pub bytes: u64,
}

/// What was found when a log was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Names the log; made at random when it was begun.
    pub log_id: [u8; 16],
    /// Whether the directory held no log and one was begun.
    pub begun: bool,
    /// The sequence number that the next record gets; records are counted from 1.
    pub next_sequence: u64,
    /// The highest revision of a change whose records are all there, 0 if none.
    pub highest_revision: u64,
    /// How many segments there are.
    pub segments: u64,
    /// What a write that never finished left, set aside.
    pub torn: Option<Torn>,
}

/// The remains of a write that was never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Where they are kept.
    pub path: PathBuf,
    /// How many bytes they are.
    pub bytes: u64,
}

/// Changes whose records are not durable in the log yet; they are in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangeLag {
    /// How many changes.
    pub changes: u64,
    /// How many bytes of records.
    pub bytes: u64,
}

impl ChangeLag {
    /// Whether so much is waiting that further changes should be refused.
    pub fn is_past_bound(self) -> bool {
        self.changes >= limits::LAGGING_CHANGES || self.bytes >= limits::LAGGING_BYTES
    }
}

/// The audit log of a node, open for writing; clones share it, and the last one to go closes it.
#[derive(Clone)]
pub struct AuditLog {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Arc<Queue>,
    durable: Arc<watch::Sender<u64>>,
    health: Arc<watch::Sender<Health>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl AuditLog {
    /// Opens the log in `dir`, or begins one there, and starts its writer.
    ///
    /// Only one process may do so at a time; the lock on the data directory sees to it.
    pub fn open(
        dir: &Path,
        options: Options,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<(AuditLog, Recovered), AuditError> {
        let disk = Directory::make(dir).map_err(AuditError::io("make", dir))?;
        AuditLog::open_on(Arc::new(disk), options, clock, entropy)
    }

    pub(crate) fn open_on(
        disk: Arc<dyn Disk>,
        options: Options,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<(AuditLog, Recovered), AuditError> {
        let (found, begun) = match recover(disk.as_ref())? {
            Some(found) => (found, false),
            None => (begin(disk.as_ref(), &options, clock.as_ref(), entropy)?, true),
        };
        let recovered = Recovered {
            log_id: found.header.log_id,
            begun,
            next_sequence: found.next_sequence,
            highest_revision: found.highest_revision,
            segments: found.segments,
            torn: found.torn.as_ref().map(|(name, bytes)| Torn {
                path: disk.path(name),
                bytes: *bytes,
            }),
        };
        let shared = Shared {
            queue: Arc::new(Queue::new(found.highest_revision)),
            durable: Arc::new(watch::Sender::new(found.highest_revision)),
            health: Arc::new(watch::Sender::new(Health::Ok)),
        };
        let (queue, durable, health) = (
            shared.queue.clone(),
            shared.durable.clone(),
            shared.health.clone(),
        );
        let dir = disk.dir().to_owned();
        let thread = Writer::new(disk, options, clock, shared, found)
            .and_then(|writer| ambient::task::thread("audit-writer", move || writer.run()))
            .map_err(AuditError::io("start the writer of", &dir))?;
        let inner = Inner {
            queue,
            durable,
            health,
            writer: Mutex::new(Some(thread)),
        };
        let log = AuditLog {
            inner: Arc::new(inner),
        };
        Ok((log, recovered))
    }

    /// Records one call, given [`Entry::encode`](crate::Entry::encode)'s bytes; ends when the record is
    /// durable, or could not be made so. Whoever stops waiting does not undo the record.
    pub async fn append(&self, payload: Vec<u8>) -> Result<(), AuditError> {
        loop {
            match self.inner.queue.push(&payload)? {
                Pushed::In(waiting) => return waiting.await,
                // How the group ends concerns those who are in it; there is room behind it.
                Pushed::Full(waiting) => drop(waiting.await),
            }
        }
    }

    /// Takes the records of a committed change; calls come in the order of revisions.
    ///
    /// It never waits for the disk. Records that cannot be written stay queued until they can. A revision that
    /// was queued before, or was in the log when it was opened, is recorded already and skipped. A change without
    /// records only moves [`AuditLog::durable_revision`] on.
    pub fn queue_change(&self, revision: u64, payloads: Vec<Vec<u8>>) -> Result<(), AuditError> {
        self.inner.queue.push_change(revision, &payloads)
    }

    /// The highest revision up to which the records of all queued changes are durable.
    pub fn durable_revision(&self) -> watch::Receiver<u64> {
        self.inner.durable.subscribe()
    }

    /// How many changes wait to be recorded.
    pub fn change_lag(&self) -> ChangeLag {
        self.inner.queue.lag()
    }

    /// Whether the log records what it is given.
    pub fn health(&self) -> Health {
        self.inner.health.borrow().clone()
    }

    /// Tells of every change of [`AuditLog::health`].
    pub fn health_changes(&self) -> watch::Receiver<Health> {
        self.inner.health.subscribe()
    }

    /// Writes what is queued, and ends the writer; further appends fail. Blocks for as long as that takes.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let health = self.health();
        f.debug_struct("AuditLog")
            .field("health", &health)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn close(&self) {
        self.queue.close();
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = writer.take()
            && thread.join().is_err()
        {
            tracing::error!("the audit log's writer ended in a panic");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Begins a log in a directory that has none.
fn begin(
    disk: &dyn Disk,
    options: &Options,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Found, AuditError> {
    let mut log_id = [0; 16];
    entropy.fill(&mut log_id)?;
    let header = Header {
        log_id,
        number: segment::FIRST,
        first_sequence: 1,
        highest_revision: 0,
        previous_end: 0,
        begun: clock.now(),
    };
    let name = segment::name_of(header.number);
    let spare = Spare::make(disk, options.first_segment.max(HEADER))?;
    let spare = spare.adopt(disk, &header.encode(), &name)?;
    Ok(Found {
        file: spare.file,
        capacity: spare.capacity,
        end: HEADER,
        next_sequence: header.first_sequence,
        highest_revision: 0,
        segments: 1,
        torn: None,
        header,
    })
}
