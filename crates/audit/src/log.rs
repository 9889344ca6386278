//! The log as its writers see it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, Entropy};
use tokio::sync::watch;

use crate::error::{AuditError, Health};
use crate::limits;

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

/// The audit log of a node, open for writing; clones share it.
#[derive(Clone)]
pub struct AuditLog {
    durable: Arc<watch::Sender<u64>>,
    health: Arc<watch::Sender<Health>>,
}

impl AuditLog {
    /// Opens the log in `dir`, or begins one there, and starts its writer.
    pub fn open(
        _dir: &Path,
        _options: Options,
        _clock: Arc<dyn Clock>,
        _entropy: &dyn Entropy,
    ) -> Result<(AuditLog, Recovered), AuditError> {
        Err(AuditError::Closed)
    }

    /// Records one call; ends when the record is durable.
    pub async fn append(&self, _payload: Vec<u8>) -> Result<(), AuditError> {
        Err(AuditError::Closed)
    }

    /// Takes the records of a committed change; calls come in the order of revisions.
    pub fn queue_change(&self, _revision: u64, _payloads: Vec<Vec<u8>>) {}

    /// The highest revision up to which all changes are durable in the log.
    pub fn durable_revision(&self) -> watch::Receiver<u64> {
        self.durable.subscribe()
    }

    /// How many changes wait to be recorded.
    pub fn change_lag(&self) -> ChangeLag {
        ChangeLag::default()
    }

    /// Whether the log records what it is given.
    pub fn health(&self) -> Health {
        self.health.borrow().clone()
    }

    /// Tells of every change of [`AuditLog::health`].
    pub fn health_changes(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Writes what is queued, and ends the writer.
    pub fn close(&self) {}
}
