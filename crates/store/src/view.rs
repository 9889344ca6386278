//! Reading: a snapshot of one revision, and a view that remembers what it was asked.

use std::fmt;
use std::ops::{Bound, Deref};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arn::Place;
use crypto::Unopenable;
use secret::SecretBuffer;

use crate::error::StoreError;
use crate::keyring::Purpose;
use crate::reads::{ABSENT, Mark, Range, ReadSet};
use crate::rowkey::{Domain, NameBuffer, RowKey};
use crate::shared::{Door, Shared};
use crate::state::{self, Entry, State, Stretch};
use crate::table::{Names, RowName, SecretTable, Table, TableSpec, secret_table_spec, table_spec};
use crate::writer::Message;

/// The store at one revision. Durable, complete, and unchanging; cheap to clone.
#[derive(Clone)]
pub struct Snapshot {
    pub(crate) state: Arc<State>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) door: Door,
}

impl Snapshot {
    /// The revision of the latest change in it.
    pub fn revision(&self) -> u64 {
        self.state.head.revision
    }

    /// Begins to read.
    pub fn view(&self) -> View {
        View {
            snapshot: self.clone(),
            reads: Mutex::default(),
        }
    }

    /// The domain of an account and Region; `None` where it was not created yet.
    pub fn domain(&self, place: &Place) -> Option<Domain> {
        self.state.keyring.domain_of(place)
    }

    /// Every regional domain and its account and Region.
    pub fn places(&self) -> Vec<(Domain, Place)> {
        let places = self.state.keyring.places();
        places.map(|(domain, place)| (domain, place.clone())).collect()
    }

    /// Rows of a table in a domain. Not part of any read set: for metrics and for limits that may be passed by
    /// a few when many callers hurry.
    pub fn count<T: Table>(&self, domain: Domain) -> u64 {
        self.state.count(T::ID, domain)
    }

    /// Whether all that was read is still so at this revision. For answers that took their time; of cold rows
    /// nothing is known here, and a read set with one does not hold.
    pub fn holds(&self, reads: &ReadSet) -> bool {
        self.holds_until(reads, reads.mark())
    }

    fn holds_until(&self, reads: &ReadSet, mark: Mark) -> bool {
        let rows = reads.rows_until(mark).iter().all(|(key, revision)| {
            let resident = self
                .shared
                .tables
                .get(key.table().0)
                .is_some_and(|spec| spec.resident);
            resident && self.state.rows.get(key).map_or(ABSENT, |row| row.revision) == *revision
        });
        rows && reads.ranges_hold(&self.state, mark)
    }

    /// Seals bytes that leave the store, such as a token or a marker, to what `aad` says of them.
    pub fn seal(
        &self,
        domain: Domain,
        purpose: Purpose,
        aad: &[&[u8]],
        text: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let keys = self.state.keyring.domain(domain)?;
        keys.seal(self.shared.entropy.as_ref(), purpose, aad, text)
    }

    /// Opens what [`Snapshot::seal`] sealed.
    pub fn open(
        &self,
        domain: Domain,
        purpose: Purpose,
        aad: &[&[u8]],
        sealed: &[u8],
    ) -> Result<SecretBuffer, Unopenable> {
        let keys = self.state.keyring.domain(domain).map_err(|_| Unopenable)?;
        keys.open(purpose, aad, sealed)
    }

    fn name(&self, spec: &TableSpec, domain: Domain, key: &impl RowName) -> Result<NameBuffer, StoreError> {
        self.shared.tables.check(spec)?;
        let keys = self.state.keyring.domain(domain)?;
        let mut name = NameBuffer::default();
        name.extend(&crate::rowkey::prefix_of(spec.id, domain));
        key.encode(&Names { table: spec.id, keys }, &mut name);
        Ok(name)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot(revision {})", self.revision())
    }
}

/// A record out of a snapshot, with where it stands.
pub struct Held<R> {
    record: Arc<R>,
    key: RowKey,
    revision: u64,
}

impl<R> Held<R> {
    /// The record, to be kept beyond the view.
    pub fn record(&self) -> &Arc<R> {
        &self.record
    }

    /// The key of its row.
    pub fn key(&self) -> &RowKey {
        &self.key
    }

    /// The revision of the change that wrote it.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}

impl<R> Deref for Held<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}

impl<R> Clone for Held<R> {
    fn clone(&self) -> Held<R> {
        Held {
            record: self.record.clone(),
            key: self.key.clone(),
            revision: self.revision,
        }
    }
}

impl<R: fmt::Debug> fmt::Debug for Held<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({:?} at {})", self.record, self.revision)
    }
}

/// An entry of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRow {
    /// The entry's bytes.
    pub bytes: Vec<u8>,
    /// The row that it points to.
    pub row: RowKey,
}

/// A snapshot being read. It remembers every row, absence and stretch that it was asked for, and nothing else of
/// it can be learnt: that is what makes a change that takes its [reads](View::into_reads) along safe.
pub struct View {
    snapshot: Snapshot,
    reads: Mutex<ReadSet>,
}

impl View {
    /// The snapshot that is read.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The revision that is read.
    pub fn revision(&self) -> u64 {
        self.snapshot.revision()
    }

    /// The domain of an account and Region. Domains don't go away, so this is not remembered.
    pub fn domain(&self, place: &Place) -> Option<Domain> {
        self.snapshot.domain(place)
    }

    /// The record of a row, or that there is none.
    pub fn get<T: Table>(&self, domain: Domain, key: &T::Key) -> Result<Option<Held<T::Record>>, StoreError> {
        const { assert!(T::RESIDENT, "a cold table is read by `get_cold`") };
        let name = self.snapshot.name(&table_spec::<T>(), domain, key)?;
        self.held::<T>(name.as_slice())
    }

    /// The record of a row that an index or a scan gave.
    pub fn get_row<T: Table>(&self, row: &RowKey) -> Result<Option<Held<T::Record>>, StoreError> {
        const { assert!(T::RESIDENT, "a cold table is read by `get_cold`") };
        self.snapshot.shared.tables.check(&table_spec::<T>())?;
        if row.table() != T::ID {
            return Err(StoreError::UnknownTable(T::NAME));
        }
        self.held::<T>(row.as_bytes())
    }

    fn held<T: Table>(&self, key: &[u8]) -> Result<Option<Held<T::Record>>, StoreError> {
        let Some((key, row)) = self.row(key) else {
            return Ok(None);
        };
        let record = self.snapshot.shared.record::<T>(&self.snapshot.state, key, row)?;
        Ok(Some(Held {
            record,
            key: key.clone(),
            revision: row.revision,
        }))
    }

    /// The record of a row of a cold table, or that there is none, awaited from the backend.
    ///
    /// [`StoreError::Superseded`] says that it was changed after this snapshot; that it was deleted since can't
    /// be told from its absence, but a change that rests on it is refused all the same.
    pub async fn get_cold<T: Table>(
        &self,
        domain: Domain,
        key: &T::Key,
    ) -> Result<Option<Held<T::Record>>, StoreError> {
        const { assert!(!T::RESIDENT, "a resident table is read by `get`") };
        let name = self.snapshot.name(&table_spec::<T>(), domain, key)?;
        let key = RowKey::bound(name.as_slice());
        let asked = key.clone();
        let row = self
            .snapshot
            .door
            .ask(|answer| Message::Read(asked, answer))
            .await
            .map_err(|_| StoreError::Closed)??;
        let Some(row) = row else {
            self.note().row(&key, ABSENT);
            return Ok(None);
        };
        if row.revision > self.revision() {
            return Err(StoreError::Superseded);
        }
        self.note().row(&key, row.revision);
        let record = self
            .snapshot
            .shared
            .open_record::<T>(&self.snapshot.state, &key, &row)?;
        Ok(Some(Held {
            record: Arc::new(record),
            key,
            revision: row.revision,
        }))
    }

    /// Up to `limit` records of a table in a domain, from a row's name on, in order of row names. What is
    /// remembered ends with the last one given, or with the table where there are fewer.
    pub fn scan<T: Table>(
        &self,
        domain: Domain,
        from: Bound<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Held<T::Record>>, StoreError> {
        let rows = self.stretch::<T>(domain, from, limit, Range::Rows)?;
        let (shared, state) = (&self.snapshot.shared, &self.snapshot.state);
        let held = rows.into_iter().filter_map(|key| {
            let row = state.rows.get(&key)?;
            Some(shared.record::<T>(state, &key, row).map(|record| Held {
                record,
                revision: row.revision,
                key,
            }))
        });
        held.collect()
    }

    /// As [`View::scan`], but only which rows there are: none is opened, and what they hold may change without
    /// a conflict.
    pub fn scan_names<T: Table>(
        &self,
        domain: Domain,
        from: Bound<&[u8]>,
        limit: usize,
    ) -> Result<Vec<RowKey>, StoreError> {
        self.stretch::<T>(domain, from, limit, Range::Names)
    }

    fn stretch<T: Table>(
        &self,
        domain: Domain,
        from: Bound<&[u8]>,
        limit: usize,
        range: fn(Arc<State>, Stretch<RowKey>) -> Range,
    ) -> Result<Vec<RowKey>, StoreError> {
        const { assert!(T::RESIDENT, "a cold table can't be scanned") };
        self.snapshot.shared.tables.check(&table_spec::<T>())?;
        let state = &self.snapshot.state;
        let mut stretch = state::rows_from(T::ID, domain, from);
        let rows: Vec<RowKey> = state
            .rows
            .range(state::bounds(&stretch))
            .take(limit)
            .map(|(key, _)| key.clone())
            .collect();
        if let Some(last) = rows.last().filter(|_| rows.len() == limit) {
            stretch.1 = Bound::Included(last.clone());
        }
        self.note().range(range(state.clone(), stretch));
        Ok(rows)
    }

    /// Up to `limit` entries of an index whose bytes begin with `prefix` and lie behind `after`, in order. What
    /// is remembered is which entries there are; the rows they point to are remembered as they are [got](View::get_row).
    pub fn index<T: Table>(
        &self,
        domain: Domain,
        index: u8,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<IndexRow>, StoreError> {
        let entry = |entry: &Entry| IndexRow {
            bytes: entry.bytes().to_vec(),
            row: entry.row().clone(),
        };
        self.entries::<T, _>(domain, index, prefix, after, limit, |entries| {
            entries.map(entry).collect()
        })
    }

    /// How many entries of an index begin with `prefix`, `limit` at most. Remembered as [`View::index`] is: for
    /// limits that must hold exactly.
    pub fn count_index<T: Table>(
        &self,
        domain: Domain,
        index: u8,
        prefix: &[u8],
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.entries::<T, _>(domain, index, prefix, None, limit, |entries| entries.count())
    }

    fn entries<T: Table, A>(
        &self,
        domain: Domain,
        index: u8,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
        gather: impl FnOnce(&mut dyn Iterator<Item = &Entry>) -> A,
    ) -> Result<A, StoreError> {
        const { assert!(T::INDEXED, "the table has no index") };
        self.snapshot.shared.tables.check(&table_spec::<T>())?;
        let state = &self.snapshot.state;
        let mut stretch = state::entries_from(T::ID, domain, index, prefix, after);
        let (mut given, mut last) = (0_usize, None);
        let mut entries = state
            .entries
            .range(state::bounds(&stretch))
            .take(limit)
            .inspect(|entry| {
                given += 1;
                last = Some(*entry);
            });
        let gathered = gather(&mut entries);
        if let Some(last) = last.filter(|_| given == limit) {
            stretch.1 = Bound::Included(last.clone());
        }
        self.note().range(Range::Entries(state.clone(), stretch));
        Ok(gathered)
    }

    /// What was read so far.
    pub fn reads(&self) -> ReadSet {
        self.note().clone()
    }

    /// How far it was read by now.
    pub fn mark(&self) -> Mark {
        self.note().mark()
    }

    /// Whether all that was read up to a mark is still so at another revision; see [`Snapshot::holds`].
    pub fn holds_at(&self, now: &Snapshot, mark: Mark) -> bool {
        self.revision() == now.revision() || now.holds_until(&self.note(), mark)
    }

    /// What was read, for the change that rests on it.
    pub fn into_reads(self) -> ReadSet {
        self.reads.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn secret<T: SecretTable>(
        &self,
        domain: Domain,
        key: &T::Key,
    ) -> Result<Option<Arc<T::Secret>>, StoreError> {
        let name = self.snapshot.name(&secret_table_spec::<T>(), domain, key)?;
        let Some((key, row)) = self.row(name.as_slice()) else {
            return Ok(None);
        };
        self.snapshot
            .shared
            .secret::<T>(&self.snapshot.state, key, row)
            .map(Some)
    }

    fn row(&self, key: &[u8]) -> Option<(&RowKey, &crate::backend::StoredRow)> {
        let rows = &self.snapshot.state.rows;
        let found = match RowKey::short(key) {
            Some(key) => rows.get_key_value(&key),
            None => rows.get_key_value(key),
        };
        match found {
            Some((key, row)) => self.note().row(key, row.revision),
            None => self.note().row(&RowKey::bound(key), ABSENT),
        }
        found
    }

    fn note(&self) -> MutexGuard<'_, ReadSet> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View(revision {}, {:?})", self.revision(), self.note())
    }
}
