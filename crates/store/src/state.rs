//! What a node holds in memory of one revision: resident rows, sealed, and the indexes over them.

use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::backend::StoredRow;
use crate::compact::Compact;
use crate::head::Head;
use crate::keyring::Keyring;
use crate::rowkey::{Domain, RowKey, TableId, prefix_of};
use crate::table::IndexKey;

/// One entry of a secondary index: ordered by table, domain, index, its bytes, and then its row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    prefix: [u8; 6],
    bytes: Compact,
    row: RowKey,
}

impl Entry {
    pub(crate) fn new(row: &RowKey, key: &IndexKey) -> Entry {
        Entry {
            prefix: index_prefix(row.table(), row.domain(), key.index),
            bytes: Compact::from(key.bytes.as_slice()),
            row: row.clone(),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    pub(crate) fn row(&self) -> &RowKey {
        &self.row
    }
}

fn index_prefix(table: TableId, domain: Domain, index: u8) -> [u8; 6] {
    let [a, b, c, d, e] = prefix_of(table, domain);
    [a, b, c, d, e, index]
}

/// A stretch of an ordered map.
pub(crate) type Stretch<T> = (Bound<T>, Bound<T>);

/// A stretch as a range.
pub(crate) fn bounds<T>(stretch: &Stretch<T>) -> impl RangeBounds<T> + '_ {
    (stretch.0.as_ref(), stretch.1.as_ref())
}

/// The rows of one table and domain from `from` on, by name.
pub(crate) fn rows_from(table: TableId, domain: Domain, from: Bound<&[u8]>) -> Stretch<RowKey> {
    let low = match from {
        Bound::Unbounded => Bound::Included(RowKey::bound(&prefix_of(table, domain))),
        Bound::Included(name) => Bound::Included(RowKey::new(table, domain, name)),
        Bound::Excluded(name) => Bound::Excluded(RowKey::new(table, domain, name)),
    };
    (low, end_of_rows(&prefix_of(table, domain)))
}

/// Where the rows end whose keys begin with `prefix`.
pub(crate) fn end_of_rows(prefix: &[u8]) -> Bound<RowKey> {
    successor(prefix).map_or(Bound::Unbounded, |end| Bound::Excluded(RowKey::bound(&end)))
}

/// The entries of one index whose bytes begin with `prefix` and, where it is given, lie behind `after`.
pub(crate) fn entries_from(
    table: TableId,
    domain: Domain,
    index: u8,
    prefix: &[u8],
    after: Option<&[u8]>,
) -> Stretch<Entry> {
    let place = index_prefix(table, domain, index);
    let bound = |place, bytes: &[u8]| Entry {
        prefix: place,
        bytes: Compact::from(bytes),
        row: RowKey::bound(&[]),
    };
    let low = match after.filter(|after| *after >= prefix) {
        // The least bytes behind `after` are those and a zero.
        Some(after) => bound(place, &[after, &[0]].concat()),
        None => bound(place, prefix),
    };
    let high = match successor(prefix) {
        Some(end) => Some(bound(place, &end)),
        None => successor(&place)
            .and_then(|place| place.try_into().ok())
            .map(|place| bound(place, &[])),
    };
    (
        Bound::Included(low),
        high.map_or(Bound::Unbounded, Bound::Excluded),
    )
}

/// The least bytes greater than all that begin with `prefix`; `None` where there are none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

/// All that is resident at one revision. Cloning shares everything.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) head: Head,
    pub(crate) rows: OrdMap<RowKey, StoredRow>,
    pub(crate) entries: OrdSet<Entry>,
    /// Rows by table and domain, cold ones too.
    pub(crate) counts: OrdMap<(TableId, u32), u64>,
    pub(crate) keyring: Arc<Keyring>,
}

impl State {
    pub(crate) fn count(&self, table: TableId, domain: Domain) -> u64 {
        self.counts.get(&(table, domain.number())).copied().unwrap_or(0)
    }

    pub(crate) fn count_more(&mut self, key: &RowKey) {
        let count = self
            .counts
            .entry((key.table(), key.domain().number()))
            .or_insert(0);
        *count = count.saturating_add(1);
    }

    pub(crate) fn count_fewer(&mut self, key: &RowKey) {
        let count = self
            .counts
            .entry((key.table(), key.domain().number()))
            .or_insert(0);
        *count = count.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_its_successor_begins() {
        assert_eq!(successor(b"ab").as_deref(), Some(b"ac".as_slice()));
        assert_eq!(successor(b"a\xff\xff").as_deref(), Some(b"b".as_slice()));
        assert_eq!(successor(b"\xff\xff"), None);
        assert_eq!(successor(b""), None);
    }

    #[test]
    fn an_index_does_not_run_into_the_next() {
        let (table, domain) = (TableId(22), Domain::from_number(1));
        let entry = |index, bytes: &[u8]| {
            Entry::new(
                &RowKey::new(table, domain, b"r"),
                &IndexKey {
                    index,
                    bytes: bytes.to_vec(),
                },
            )
        };
        let entries: OrdSet<Entry> = [
            entry(0, b"a"),
            entry(0, b"b"),
            entry(0, b"\xff\xff"),
            entry(1, b"a"),
        ]
        .into_iter()
        .collect();
        let count = |prefix: &[u8], after| {
            entries
                .range(entries_from(table, domain, 0, prefix, after))
                .count()
        };
        assert_eq!(count(b"", None), 3);
        assert_eq!(count(b"\xff", None), 1);
        assert_eq!(count(b"", Some(b"a".as_slice())), 2);
        assert_eq!(count(b"b", Some(b"a".as_slice())), 1);
        assert_eq!(count(b"a", Some(b"b".as_slice())), 0);
    }
}
