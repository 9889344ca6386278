//! Where a row stands: its table, its domain, its name.

use std::borrow::Borrow;
use std::fmt;

use smallvec::SmallVec;

use crate::compact::{Compact, INLINE};

/// A table's number, the first byte of its rows' keys. Below 10 they are the store's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u8);

/// The number of an account and Region in this store, assigned when the domain is created; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(pub u32);

/// Whose row it is, and so which domain key seals it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// The whole installation's: accounts, access keys, the certificate authority, due work.
    Installation,
    /// One account's in one Region.
    Regional(DomainId),
}

impl Domain {
    /// The domain's number in row keys.
    pub fn number(self) -> u32 {
        match self {
            Domain::Installation => 0,
            Domain::Regional(DomainId(number)) => number,
        }
    }

    /// The domain with this number.
    pub fn from_number(number: u32) -> Domain {
        match number {
            0 => Domain::Installation,
            number => Domain::Regional(DomainId(number)),
        }
    }
}

/// The bytes of a row key while they are being written.
#[derive(Debug, Default)]
pub struct NameBuffer(SmallVec<[u8; 64]>);

impl NameBuffer {
    /// Appends `bytes`.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// What was written.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// A row's key: table, domain in four bytes (big-endian), name. Ordered by these bytes; cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey(Compact);

const PREFIX: usize = 5;

pub(crate) fn prefix_of(table: TableId, domain: Domain) -> [u8; PREFIX] {
    let [a, b, c, d] = domain.number().to_be_bytes();
    [table.0, a, b, c, d]
}

impl RowKey {
    /// The row `name` of `table` in `domain`.
    pub fn new(table: TableId, domain: Domain, name: &[u8]) -> RowKey {
        let mut bytes: SmallVec<[u8; 64]> = SmallVec::from_slice(&prefix_of(table, domain));
        bytes.extend_from_slice(name);
        RowKey(Compact::from(bytes.as_slice()))
    }

    /// A key as a backend keeps it; `None` where it is too short to be one.
    pub fn from_bytes(bytes: &[u8]) -> Option<RowKey> {
        (bytes.len() >= PREFIX).then(|| RowKey(Compact::from(bytes)))
    }

    pub(crate) fn bound(bytes: &[u8]) -> RowKey {
        RowKey(Compact::from(bytes))
    }

    /// The key that `bytes` are, if that takes no allocation.
    pub(crate) fn short(bytes: &[u8]) -> Option<RowKey> {
        (bytes.len() <= INLINE).then(|| RowKey::bound(bytes))
    }

    /// The whole key.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The table.
    pub fn table(&self) -> TableId {
        TableId(self.as_bytes().first().copied().unwrap_or_default())
    }

    /// The domain.
    pub fn domain(&self) -> Domain {
        match self.as_bytes() {
            [_, a, b, c, d, ..] => Domain::from_number(u32::from_be_bytes([*a, *b, *c, *d])),
            _ => Domain::Installation,
        }
    }

    /// What follows the domain: the name as its [`RowName`](crate::RowName) wrote it.
    pub fn name(&self) -> &[u8] {
        self.as_bytes().get(PREFIX..).unwrap_or_default()
    }
}

impl Borrow<[u8]> for RowKey {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_falls_into_its_parts() {
        let key = RowKey::new(TableId(20), Domain::Regional(DomainId(0x0102)), b"name");
        assert_eq!(key.as_bytes(), b"\x14\x00\x00\x01\x02name");
        assert_eq!(
            (key.table(), key.domain(), key.name()),
            (TableId(20), Domain::Regional(DomainId(258)), b"name".as_slice())
        );
        assert_eq!(RowKey::from_bytes(key.as_bytes()), Some(key));
        assert_eq!(RowKey::from_bytes(b"abcd"), None);
    }

    #[test]
    fn a_key_of_a_uuid_and_a_kind_needs_no_allocation() {
        let key = RowKey::new(TableId(20), Domain::Installation, &[7; 17]);
        assert!(matches!(key.0, Compact::Inline { .. }));
    }
}
