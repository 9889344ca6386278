//! Audit records that committed with their changes and wait for the log.

use secret::SecretBuffer;

use crate::error::StoreError;
use crate::rowkey::{Domain, RowKey, TableId};
use crate::state::{State, end_of_rows};
use crate::table::Kind;

/// The table of the outbox. Its rows are named by revision and place within the change.
pub(crate) const OUTBOX: TableId = TableId(3);
pub(crate) const FORMAT: u8 = 1;

/// Where audit records of changes go: the log.
pub trait OutboxSink: Send + Sync + 'static {
    /// Takes the audit records of one change, in order of revisions, each revision once. It is called when the
    /// change is durable and not yet visible, on the writer's thread: it must not wait for anything.
    fn queue(&self, revision: u64, payloads: Vec<Vec<u8>>);
}

/// Audit records that wait in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The revision of their change.
    pub revision: u64,
    /// The records.
    pub payloads: Vec<Vec<u8>>,
}

pub(crate) fn row(revision: u64, place: u32) -> RowKey {
    let mut name = [0; 12];
    let (first, last) = name.split_at_mut(8);
    first.copy_from_slice(&revision.to_be_bytes());
    last.copy_from_slice(&place.to_be_bytes());
    RowKey::new(OUTBOX, Domain::Installation, &name)
}

/// The revision of the change that an outbox row belongs to.
pub(crate) fn revision_of(key: &RowKey) -> Option<u64> {
    key.name()
        .first_chunk()
        .map(|revision| u64::from_be_bytes(*revision))
}

/// The rows of changes up to `revision`, `limit` at most.
pub(crate) fn rows_through(state: &State, revision: u64, limit: usize) -> Vec<RowKey> {
    state
        .rows
        .range(row(0, 0)..=row(revision, u32::MAX))
        .take(limit)
        .map(|(key, _)| key.clone())
        .collect()
}

/// All that waits, in order.
pub(crate) fn waiting(state: &State) -> Result<Vec<Waiting>, StoreError> {
    let damaged = || StoreError::Damaged("outbox");
    let keys = state.keyring.domain(Domain::Installation)?;
    let end = end_of_rows(&[OUTBOX.0]);
    let from = std::ops::Bound::Included(row(0, 0));
    let mut all: Vec<Waiting> = Vec::new();
    for (key, stored) in state.rows.range((from, end)) {
        let revision = revision_of(key).ok_or_else(damaged)?;
        let (_, payload): (u8, SecretBuffer) = keys
            .open_row(Kind::Record, key, &stored.value)
            .map_err(|_| damaged())?;
        let payload = payload.expose().to_vec();
        match all.last_mut() {
            Some(last) if last.revision == revision => last.payloads.push(payload),
            _ => all.push(Waiting {
                revision,
                payloads: vec![payload],
            }),
        }
    }
    Ok(all)
}
