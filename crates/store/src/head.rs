//! The head: what the whole store holds, sealed, so that no row goes missing or comes back unnoticed.
//!
//! A keyed hash of each row (its key, its revision, the tag of its seal) is added up modulo 2^256. Adding and
//! subtracting keeps the sum current at the cost of the changed rows alone, and loading recomputes it. Who can't
//! compute the hashes can't find rows of another store, or of this one at another time, that add up to the same.
//!
//! ```text
//! revision │ logged │ rows │ sum
//!    8     │   8    │  8   │ 32, little-endian; the others big-endian
//! ```

use std::sync::Arc;

use ambient::Entropy;
use crypto::seal;
use crypto::subkey::HashKey;

use crate::RowKey;
use crate::error::OpenError;
use crate::keyring::{self, HeadKeys, damaged};
use crate::rowkey::{Domain, TableId};

/// The table of the head, which is one row and not counted by itself.
pub(crate) const HEAD: TableId = TableId(0);
const FORMAT: u8 = 1;

pub(crate) fn head_row() -> RowKey {
    RowKey::new(HEAD, Domain::Installation, &[])
}

/// A sum of row hashes modulo 2^256, least significant word first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum([u64; 4]);

impl Sum {
    fn of_bytes(bytes: [u8; 32]) -> Sum {
        let mut words = [0; 4];
        let (chunks, _) = bytes.as_chunks::<8>();
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = u64::from_le_bytes(*chunk);
        }
        Sum(words)
    }

    pub(crate) fn add(&mut self, other: Sum) {
        let mut carry = false;
        for (word, more) in self.0.iter_mut().zip(other.0) {
            let (sum, first) = word.overflowing_add(more);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, first || second);
        }
    }

    pub(crate) fn subtract(&mut self, other: Sum) {
        let mut borrow = false;
        for (word, less) in self.0.iter_mut().zip(other.0) {
            let (rest, first) = word.overflowing_sub(less);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (rest, first || second);
        }
    }
}

/// What the rows of a store add up to at one revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) revision: u64,
    pub(crate) rows: u64,
    pub(crate) sum: Sum,
    /// Up to which revision the log held the audit records, durably, when the last of their rows was deleted here.
    /// A log that tells of less is not the one that was there.
    pub(crate) logged: u64,
}

impl Head {
    pub(crate) fn add(&mut self, hash: &HashKey, key: &RowKey, revision: u64, value: &[u8]) {
        self.sum.add(term(hash, key, revision, value));
        self.rows = self.rows.wrapping_add(1);
    }

    pub(crate) fn subtract(&mut self, hash: &HashKey, key: &RowKey, revision: u64, value: &[u8]) {
        self.sum.subtract(term(hash, key, revision, value));
        self.rows = self.rows.wrapping_sub(1);
    }

    /// Adds what another thread counted.
    pub(crate) fn merge(&mut self, other: &Head) {
        self.sum.add(other.sum);
        self.rows = self.rows.wrapping_add(other.rows);
    }

    /// Whether both count the same rows.
    pub(crate) fn same_rows(&self, other: &Head) -> bool {
        self.rows == other.rows && self.sum == other.sum
    }

    /// The head row's value.
    pub(crate) fn seal(
        &self,
        keys: &HeadKeys,
        entropy: &dyn Entropy,
    ) -> Result<Arc<[u8]>, crypto::SealFailed> {
        let mut text = Vec::with_capacity(56);
        text.extend_from_slice(&self.revision.to_be_bytes());
        text.extend_from_slice(&self.logged.to_be_bytes());
        text.extend_from_slice(&self.rows.to_be_bytes());
        self.sum
            .0
            .iter()
            .for_each(|word| text.extend_from_slice(&word.to_le_bytes()));
        keyring::seal_value(&keys.seal, entropy, &head_row(), FORMAT, &text)
    }

    /// Reads the head row's value.
    pub(crate) fn open(keys: &HeadKeys, value: &[u8]) -> Result<Head, OpenError> {
        let (format, sealed) = value.split_first().ok_or_else(|| damaged("the head is empty"))?;
        if *format > FORMAT {
            return Err(OpenError::NewerFormat {
                what: "a head of a later format".to_owned(),
            });
        }
        let text = keys
            .seal
            .open(&[head_row().as_bytes(), &[*format]], sealed)
            .map_err(|_| damaged("the head does not open"))?;
        Head::read(text.expose()).ok_or_else(|| damaged("the head is of no known form"))
    }

    fn read(text: &[u8]) -> Option<Head> {
        let (revision, text) = text.split_first_chunk()?;
        let (logged, text) = text.split_first_chunk()?;
        let (rows, text) = text.split_first_chunk()?;
        Some(Head {
            revision: u64::from_be_bytes(*revision),
            logged: u64::from_be_bytes(*logged),
            rows: u64::from_be_bytes(*rows),
            sum: Sum::of_bytes(text.try_into().ok()?),
        })
    }
}

fn term(hash: &HashKey, key: &RowKey, revision: u64, value: &[u8]) -> Sum {
    let length = u32::try_from(key.as_bytes().len()).unwrap_or(u32::MAX);
    // The store's own rows below the outbox are not sealed as a whole, so all their bytes count.
    let content = if key.table().0 < 3 {
        value
    } else {
        tag_of_value(value)
    };
    Sum::of_bytes(hash.hash_parts(&[
        &revision.to_be_bytes(),
        &length.to_be_bytes(),
        key.as_bytes(),
        content,
    ]))
}

fn tag_of_value(value: &[u8]) -> &[u8] {
    value
        .split_first()
        .map_or(&[], |(_, sealed)| seal::tag_of(sealed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_added_can_be_subtracted_in_any_order(parts in prop::collection::vec(any::<[u8; 32]>(), 0..20)) {
            let mut sum = Sum::default();
            parts.iter().for_each(|part| sum.add(Sum::of_bytes(*part)));
            let mut backwards = Sum::default();
            parts.iter().rev().for_each(|part| backwards.add(Sum::of_bytes(*part)));
            prop_assert_eq!(sum, backwards);
            parts.iter().for_each(|part| sum.subtract(Sum::of_bytes(*part)));
            prop_assert_eq!(sum, Sum::default());
        }
    }

    #[test]
    fn carries_run_through_all_words() {
        let mut sum = Sum([u64::MAX; 4]);
        sum.add(Sum([1, 0, 0, 0]));
        assert_eq!(sum, Sum([0; 4]));
        sum.subtract(Sum([1, 0, 0, 0]));
        assert_eq!(sum, Sum([u64::MAX; 4]));
    }
}
