//! A group in the making: changes checked one after the other against all that came before.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::backend::{Backend, Group, StoredRow};
use crate::change::{Sealed, SealedRow};
use crate::error::{CommitError, StoreError, Unavailable};
use crate::head::head_row;
use crate::limits;
use crate::outbox::{self, OUTBOX};
use crate::reads::{ABSENT, ReadSet};
use crate::rowkey::{Domain, RowKey};
use crate::shared::Shared;
use crate::state::{Entry, State};
use crate::table::{IndexKey, Kind};

/// The durable state and the changes accepted on top of it.
pub(crate) struct Draft {
    pub(crate) state: State,
    /// What the group does to each row that it touches.
    rows: BTreeMap<RowKey, Option<StoredRow>>,
    /// Which rows it replaces or deletes, and of which revisions.
    pub(crate) replaced: Vec<(RowKey, u64)>,
    /// The audit records, by revision.
    pub(crate) records: Vec<(u64, Vec<Vec<u8>>)>,
    pub(crate) destroys: bool,
}

/// An audit record's row and value.
type SealedRecord = (RowKey, Arc<[u8]>);

/// What one write finds in its row's place.
struct Found<'a> {
    key: &'a RowKey,
    row: &'a Option<SealedRow>,
    old: Option<StoredRow>,
    old_entries: Vec<IndexKey>,
}

impl Draft {
    /// On top of `state`, without the outbox rows that the log holds by now.
    pub(crate) fn on(state: &State, shared: &Shared) -> Draft {
        let mut draft = Draft {
            state: state.clone(),
            rows: BTreeMap::new(),
            replaced: Vec::new(),
            records: Vec::new(),
            destroys: false,
        };
        for key in outbox::rows_through(state, shared.drained(), limits::PRUNED_ROWS) {
            if let Some(old) = draft.state.rows.get(&key).cloned() {
                draft.remove(shared, &key, &old);
                let logged = &mut draft.state.head.logged;
                *logged = outbox::revision_of(&key).map_or(*logged, |revision| revision.max(*logged));
            }
        }
        draft
    }

    /// Whether it changes nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Accepts a change if all that it rests on still holds, and gives it its revision.
    pub(crate) fn accept(
        &mut self,
        reads: &ReadSet,
        change: &Sealed,
        shared: &Shared,
        backend: &mut dyn Backend,
    ) -> Result<u64, CommitError> {
        for (key, seen) in reads.rows_until(reads.mark()) {
            let row = self.current(key, shared, backend)?;
            if row.map_or(ABSENT, |row| row.revision) != *seen {
                return Err(CommitError::Conflict);
            }
        }
        if !reads.ranges_hold(&self.state, reads.mark()) {
            return Err(CommitError::Conflict);
        }
        let waiting = self.state.count(OUTBOX, Domain::Installation);
        if !change.records.is_empty() && waiting > limits::OUTBOX_ROWS {
            return Err(CommitError::Unavailable(Unavailable::LogBehind(waiting)));
        }
        // All that can fail comes before the first thing that is changed.
        let revision = self.state.head.revision.saturating_add(1);
        let records = self.sealed_records(revision, &change.records, shared)?;
        let mut found = Vec::with_capacity(change.rows.len());
        for (key, row) in &change.rows {
            let old = self.current(key, shared, backend)?;
            let old_entries = self.entries_of(key, old.as_ref(), shared)?;
            found.push(Found {
                key,
                row,
                old,
                old_entries,
            });
        }
        self.apply(revision, change, found, records, shared);
        Ok(revision)
    }

    fn apply(
        &mut self,
        revision: u64,
        change: &Sealed,
        found: Vec<Found<'_>>,
        records: Vec<SealedRecord>,
        shared: &Shared,
    ) {
        self.state.head.revision = revision;
        if let Some(made) = &change.domain {
            let mut keyring = self.state.keyring.as_ref().clone();
            keyring.add(made.domain, made.keys.clone());
            self.state.keyring = Arc::new(keyring);
            self.put(shared, &made.row, revision, made.value.clone());
        }
        for Found {
            key,
            row,
            old,
            old_entries,
        } in found
        {
            for entry in &old_entries {
                self.state.entries.remove(&Entry::new(key, entry));
            }
            if let Some(old) = old {
                self.remove(shared, key, &old);
            }
            if let Some(row) = row {
                for entry in &row.entries {
                    self.state.entries.insert(Entry::new(key, entry));
                }
                self.put(shared, key, revision, row.value.clone());
            }
        }
        for (key, value) in records {
            self.put(shared, &key, revision, value);
        }
        if !change.records.is_empty() {
            self.records.push((revision, change.records.clone()));
        }
        self.destroys |= change.destroys;
    }

    fn put(&mut self, shared: &Shared, key: &RowKey, revision: u64, value: Arc<[u8]>) {
        self.state.head.add(&shared.head_keys.hash, key, revision, &value);
        self.state.count_more(key);
        let row = StoredRow { revision, value };
        if shared.is_resident(key) {
            self.state.rows.insert(key.clone(), row.clone());
        }
        self.rows.insert(key.clone(), Some(row));
    }

    fn remove(&mut self, shared: &Shared, key: &RowKey, old: &StoredRow) {
        self.state
            .head
            .subtract(&shared.head_keys.hash, key, old.revision, &old.value);
        self.state.count_fewer(key);
        self.state.rows.remove(key);
        self.rows.insert(key.clone(), None);
        self.replaced.push((key.clone(), old.revision));
    }

    /// The row as it is with all that was accepted.
    fn current(
        &self,
        key: &RowKey,
        shared: &Shared,
        backend: &mut dyn Backend,
    ) -> Result<Option<StoredRow>, CommitError> {
        if shared.is_resident(key) {
            return Ok(self.state.rows.get(key).cloned());
        }
        match self.rows.get(key) {
            Some(row) => Ok(row.clone()),
            None => backend
                .read(key.as_bytes())
                .map_err(|error| CommitError::Refused(StoreError::Backend(error))),
        }
    }

    fn entries_of(
        &self,
        key: &RowKey,
        row: Option<&StoredRow>,
        shared: &Shared,
    ) -> Result<Vec<IndexKey>, CommitError> {
        match row {
            Some(row) => shared
                .index_entries(&self.state.keyring, key, &row.value)
                .map_err(CommitError::Refused),
            None => Ok(Vec::new()),
        }
    }

    fn sealed_records(
        &self,
        revision: u64,
        records: &[Vec<u8>],
        shared: &Shared,
    ) -> Result<Vec<SealedRecord>, CommitError> {
        let keys = self
            .state
            .keyring
            .domain(Domain::Installation)
            .map_err(CommitError::Refused)?;
        let sealed = records.iter().zip(0..).map(|(record, place)| {
            let key = outbox::row(revision, place);
            let value = keys.seal_row(
                shared.entropy.as_ref(),
                Kind::Record,
                &key,
                outbox::FORMAT,
                record,
            )?;
            Ok((key, value))
        });
        sealed
            .collect::<Result<_, StoreError>>()
            .map_err(CommitError::Refused)
    }

    /// What the backend is to make durable: the rows, and the head over them.
    pub(crate) fn group(&self, shared: &Shared) -> Result<Group, StoreError> {
        let head = self
            .state
            .head
            .seal(&shared.head_keys, shared.entropy.as_ref())
            .map_err(StoreError::Seal)?;
        let head = StoredRow {
            revision: self.state.head.revision,
            value: head,
        };
        let mut rows = Vec::with_capacity(1 + self.rows.len());
        rows.push((head_row(), Some(head)));
        rows.extend(self.rows.iter().map(|(key, row)| (key.clone(), row.clone())));
        Ok(Group { rows })
    }
}
