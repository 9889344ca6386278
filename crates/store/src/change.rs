//! A change: rows to put and delete, and the audit records that commit with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use secret::SecretBuffer;

use crate::error::StoreError;
use crate::keyring::NewDomain;
use crate::limits;
use crate::rowkey::{Domain, NameBuffer, RowKey, prefix_of};
use crate::shared::Shared;
use crate::state::State;
use crate::table::{
    IndexKey, Kind, Names, RowName, SecretTable, Table, TableSpec, secret_table_spec, table_spec,
};

/// What is to become of rows, all of it or nothing. It is sealed by [`Store::commit`](crate::Store::commit), on
/// the caller's thread. Of several writes to one row the last counts.
#[derive(Default)]
pub struct Change {
    writes: Vec<Box<dyn Write>>,
    records: Vec<Vec<u8>>,
    destroys: bool,
    domain: Option<NewDomain>,
}

impl Change {
    /// Changes nothing yet.
    pub fn new() -> Change {
        Change::default()
    }

    /// Puts a record, whether there was one or not; that there was none, or which, is up to the read set.
    pub fn put<T: Table>(&mut self, domain: Domain, key: T::Key, record: T::Record) {
        self.writes.push(Box::new(Put::<T> { domain, key, record }));
    }

    /// Deletes a row, if it is there.
    pub fn delete<T: Table>(&mut self, domain: Domain, key: T::Key) {
        self.writes.push(Box::new(Delete {
            spec: table_spec::<T>(),
            domain,
            key,
        }));
    }

    /// Puts a secret.
    pub fn put_secret<T: SecretTable>(
        &mut self,
        domain: Domain,
        key: T::Key,
        secret: impl Into<Arc<T::Secret>>,
    ) {
        let secret = secret.into();
        self.writes.push(Box::new(PutSecret::<T> { domain, key, secret }));
    }

    /// Destroys a secret: its row is deleted, and before the commit is answered what the row left in the
    /// backend's files is overwritten.
    pub fn destroy<T: SecretTable>(&mut self, domain: Domain, key: T::Key) {
        self.destroys = true;
        self.writes.push(Box::new(Delete {
            spec: secret_table_spec::<T>(),
            domain,
            key,
        }));
    }

    /// Adds an audit record, which goes to the log when the change was committed, and only then.
    pub fn record(&mut self, payload: Vec<u8>) {
        self.records.push(payload);
    }

    /// Whether nothing is to be changed or recorded.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.records.is_empty() && self.domain.is_none()
    }

    pub(crate) fn with_domain(domain: NewDomain) -> Change {
        Change {
            domain: Some(domain),
            ..Change::default()
        }
    }

    pub(crate) fn seal(self, shared: &Shared, state: &State) -> Result<Sealed, StoreError> {
        let mut rows = BTreeMap::new();
        for write in self.writes {
            let (key, row) = write.seal(shared, state)?;
            rows.insert(key, row);
        }
        let sealed = Sealed {
            rows,
            records: self.records,
            destroys: self.destroys,
            domain: self.domain,
        };
        if sealed.bytes() > limits::CHANGE_BYTES {
            return Err(StoreError::TooLarge("of all rows together"));
        }
        Ok(sealed)
    }
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Change({} rows, {} audit records)",
            self.writes.len(),
            self.records.len()
        )
    }
}

/// A change that holds no secret in the clear but its audit records, which are sealed when their revision is known.
pub(crate) struct Sealed {
    pub(crate) rows: BTreeMap<RowKey, Option<SealedRow>>,
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) destroys: bool,
    pub(crate) domain: Option<NewDomain>,
}

pub(crate) struct SealedRow {
    pub(crate) value: Arc<[u8]>,
    pub(crate) entries: Vec<IndexKey>,
}

impl Sealed {
    /// About how many bytes a backend has to write.
    pub(crate) fn bytes(&self) -> usize {
        let rows = self.rows.iter().map(|(key, row)| {
            let value = row.as_ref().map_or(0, |row| row.value.len());
            key.as_bytes().len() + value
        });
        rows.chain(self.records.iter().map(Vec::len)).sum()
    }
}

trait Write: Send + Sync {
    fn seal(&self, shared: &Shared, state: &State) -> Result<(RowKey, Option<SealedRow>), StoreError>;
}

struct Put<T: Table> {
    domain: Domain,
    key: T::Key,
    record: T::Record,
}

impl<T: Table> Write for Put<T> {
    fn seal(&self, shared: &Shared, state: &State) -> Result<(RowKey, Option<SealedRow>), StoreError> {
        let key = row_key(shared, state, &table_spec::<T>(), self.domain, &self.key)?;
        let mut text = SecretBuffer::with_capacity(256);
        T::encode(&self.record, &mut text);
        let mut entries = Vec::new();
        if T::INDEXED {
            T::index(&self.record, &mut entries);
        }
        if entries
            .iter()
            .any(|entry| entry.bytes.len() > limits::INDEX_BYTES)
        {
            return Err(StoreError::TooLarge(T::NAME));
        }
        let keys = state.keyring.domain(self.domain)?;
        let value = keys.seal_row(
            shared.entropy.as_ref(),
            Kind::Record,
            &key,
            T::FORMAT,
            text.expose(),
        )?;
        Ok((key, Some(SealedRow { value, entries })))
    }
}

struct PutSecret<T: SecretTable> {
    domain: Domain,
    key: T::Key,
    secret: Arc<T::Secret>,
}

impl<T: SecretTable> Write for PutSecret<T> {
    fn seal(&self, shared: &Shared, state: &State) -> Result<(RowKey, Option<SealedRow>), StoreError> {
        let key = row_key(shared, state, &secret_table_spec::<T>(), self.domain, &self.key)?;
        let mut text = SecretBuffer::with_capacity(64);
        T::encode(&self.secret, &mut text);
        let keys = state.keyring.domain(self.domain)?;
        let value = keys.seal_row(
            shared.entropy.as_ref(),
            Kind::Secret,
            &key,
            T::FORMAT,
            text.expose(),
        )?;
        let entries = Vec::new();
        Ok((key, Some(SealedRow { value, entries })))
    }
}

struct Delete<K> {
    spec: TableSpec,
    domain: Domain,
    key: K,
}

impl<K: RowName> Write for Delete<K> {
    fn seal(&self, shared: &Shared, state: &State) -> Result<(RowKey, Option<SealedRow>), StoreError> {
        Ok((row_key(shared, state, &self.spec, self.domain, &self.key)?, None))
    }
}

fn row_key(
    shared: &Shared,
    state: &State,
    spec: &TableSpec,
    domain: Domain,
    key: &impl RowName,
) -> Result<RowKey, StoreError> {
    shared.tables.check(spec)?;
    let keys = state.keyring.domain(domain)?;
    let mut name = NameBuffer::default();
    name.extend(&prefix_of(spec.id, domain));
    key.encode(&Names { table: spec.id, keys }, &mut name);
    if name.as_slice().len() > limits::ROW_NAME {
        return Err(StoreError::TooLarge(spec.name));
    }
    Ok(RowKey::bound(name.as_slice()))
}
