//! What a table is: declared once, by its owner.

use secret::SecretBuffer;

use crate::keyring::DomainKeys;
use crate::rowkey::{NameBuffer, TableId};

/// A record's bytes are not of the form they should have. Never says what they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub &'static str);

/// What a row is found by, and how it is written into the row's key.
pub trait RowName: Send + Sync + 'static {
    /// Appends the name's bytes; what an operator must not read in the store goes through [`Names::hash`].
    fn encode(&self, names: &Names<'_>, out: &mut NameBuffer);
}

/// The keyed hash of names, of one domain and one table.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    pub(crate) table: TableId,
    pub(crate) keys: &'a DomainKeys,
}

impl Names<'_> {
    /// HMAC-SHA-256 of `name` under the domain's key for row names; equal names of two tables differ in it.
    pub fn hash(&self, name: &[u8]) -> [u8; 32] {
        self.keys.hash_name(self.table, name)
    }
}

impl<const N: usize> RowName for [u8; N] {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(self);
    }
}

impl RowName for Vec<u8> {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(self);
    }
}

/// The name of the only row of a table in its domain.
impl RowName for () {
    fn encode(&self, _: &Names<'_>, _: &mut NameBuffer) {}
}

/// Text that the store must not show: it stands in row keys as a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HashedName(pub String);

impl RowName for HashedName {
    fn encode(&self, names: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&names.hash(self.0.as_bytes()));
    }
}

/// One entry of a resident secondary index. Entries are ordered by `bytes`; to list page by page they must
/// differ within their index, so end them with the row's own name where the rest may repeat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexKey {
    /// Which of the table's indexes.
    pub index: u8,
    /// What it is ordered by, [`limits::INDEX_BYTES`](crate::limits::INDEX_BYTES) at most; in memory only.
    pub bytes: Vec<u8>,
}

/// A table of records.
pub trait Table: 'static {
    /// Its number: 10 or more, forever its own.
    const ID: TableId;
    /// What operators call it.
    const NAME: &'static str;
    /// Whether its rows are held in memory (sealed) with every snapshot; a cold table's stay in the backend.
    const RESIDENT: bool = true;
    /// Whether [`Table::index`] gives entries. Then its records are opened when the store is.
    const INDEXED: bool = false;
    /// The format that `encode` writes. Records of later formats are refused, of earlier ones read.
    const FORMAT: u8;
    /// What its rows are found by.
    type Key: RowName;
    /// What they hold.
    type Record: Send + Sync + 'static;

    /// Writes a record in the format [`Table::FORMAT`].
    fn encode(record: &Self::Record, out: &mut SecretBuffer);

    /// Reads a record of this or an earlier format.
    fn decode(format: u8, bytes: &[u8]) -> Result<Self::Record, Unreadable>;

    /// The record's entries in the table's indexes.
    fn index(record: &Self::Record, out: &mut Vec<IndexKey>) {
        let _ = (record, out);
    }
}

/// A table of secrets, such as key material: sealed under the label "material", opened by the
/// [`Vault`](crate::Vault) alone, and always resident.
pub trait SecretTable: 'static {
    /// Its number: 10 or more, forever its own.
    const ID: TableId;
    /// What operators call it.
    const NAME: &'static str;
    /// The format that `encode` writes. Secrets of later formats are refused, of earlier ones read.
    const FORMAT: u8;
    /// What its rows are found by.
    type Key: RowName;
    /// What they hold; it has to erase itself on drop.
    type Secret: Send + Sync + 'static;

    /// Writes a secret in the format [`SecretTable::FORMAT`].
    fn encode(secret: &Self::Secret, out: &mut SecretBuffer);

    /// Reads a secret of this or an earlier format.
    fn decode(format: u8, bytes: &[u8]) -> Result<Self::Secret, Unreadable>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Record,
    Secret,
    /// The store's own rows that no domain key seals: the head and what leads to the domain keys.
    Bare,
}

type Entries = fn(u8, &[u8], &mut Vec<IndexKey>) -> Result<(), Unreadable>;

/// A table's declaration without its types, for [`Store::open`](crate::Store::open).
#[derive(Debug, Clone, Copy)]
pub struct TableSpec {
    pub(crate) id: TableId,
    pub(crate) name: &'static str,
    pub(crate) format: u8,
    pub(crate) resident: bool,
    pub(crate) kind: Kind,
    pub(crate) entries: Option<Entries>,
}

impl TableSpec {
    /// The table's number.
    pub fn id(&self) -> TableId {
        self.id
    }

    /// What operators call the table.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// The declaration of a table of records.
pub const fn table_spec<T: Table>() -> TableSpec {
    TableSpec {
        id: T::ID,
        name: T::NAME,
        format: T::FORMAT,
        resident: T::RESIDENT,
        kind: Kind::Record,
        entries: if T::INDEXED { Some(entries_of::<T>) } else { None },
    }
}

/// The declaration of a table of secrets.
pub const fn secret_table_spec<T: SecretTable>() -> TableSpec {
    TableSpec {
        id: T::ID,
        name: T::NAME,
        format: T::FORMAT,
        resident: true,
        kind: Kind::Secret,
        entries: None,
    }
}

fn entries_of<T: Table>(format: u8, bytes: &[u8], out: &mut Vec<IndexKey>) -> Result<(), Unreadable> {
    T::index(&T::decode(format, bytes)?, out);
    Ok(())
}
