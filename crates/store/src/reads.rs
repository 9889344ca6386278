//! What a decision rests on: the rows, absences and stretches that were read.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::RowKey;
use crate::state::{Entry, State, Stretch, bounds};

/// A revision that no row has: it stands for a row that is not there.
pub(crate) const ABSENT: u64 = 0;

/// What was read of a snapshot. A change takes it along, and is refused when any of it no longer holds.
#[derive(Clone, Default)]
pub struct ReadSet {
    rows: SmallVec<[(RowKey, u64); 6]>,
    ranges: Vec<Range>,
}

/// How much of a snapshot was read by some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    rows: usize,
    ranges: usize,
}

/// A stretch that was read, and the state that it was read of.
#[derive(Clone)]
pub(crate) enum Range {
    /// Which rows there were, by name.
    Names(Arc<State>, Stretch<RowKey>),
    /// Which rows there were, and what they held.
    Rows(Arc<State>, Stretch<RowKey>),
    /// Which entries of an index there were.
    Entries(Arc<State>, Stretch<Entry>),
}

impl ReadSet {
    /// Nothing: a change that rests on nothing, and overwrites what is there.
    pub fn new() -> ReadSet {
        ReadSet::default()
    }

    /// Takes what another decision rests on, such as a permit.
    pub fn join(&mut self, other: ReadSet) {
        for (row, revision) in other.rows {
            self.row(&row, revision);
        }
        self.ranges.extend(other.ranges);
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.ranges.is_empty()
    }

    pub(crate) fn row(&mut self, key: &RowKey, revision: u64) {
        if !self
            .rows
            .iter()
            .rev()
            .take(8)
            .any(|(row, seen)| row == key && *seen == revision)
        {
            self.rows.push((key.clone(), revision));
        }
    }

    pub(crate) fn range(&mut self, range: Range) {
        self.ranges.push(range);
    }

    /// All of it.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            rows: self.rows.len(),
            ranges: self.ranges.len(),
        }
    }

    /// The rows that were read first by then.
    pub(crate) fn rows_until(&self, mark: Mark) -> &[(RowKey, u64)] {
        self.rows.get(..mark.rows).unwrap_or(&self.rows)
    }

    /// Whether every stretch that was read by then is in `state` as it was.
    pub(crate) fn ranges_hold(&self, state: &State, mark: Mark) -> bool {
        self.ranges.iter().take(mark.ranges).all(|range| match range {
            Range::Names(base, stretch) => {
                same_state(base, state)
                    || base
                        .rows
                        .range(bounds(stretch))
                        .map(|(key, _)| key)
                        .eq(state.rows.range(bounds(stretch)).map(|(key, _)| key))
            }
            Range::Rows(base, stretch) => {
                same_state(base, state)
                    || base
                        .rows
                        .range(bounds(stretch))
                        .map(|(key, row)| (key, row.revision))
                        .eq(state
                            .rows
                            .range(bounds(stretch))
                            .map(|(key, row)| (key, row.revision)))
            }
            Range::Entries(base, stretch) => {
                same_state(base, state)
                    || base
                        .entries
                        .range(bounds(stretch))
                        .eq(state.entries.range(bounds(stretch)))
            }
        })
    }
}

fn same_state(base: &State, state: &State) -> bool {
    base.head.revision == state.head.revision
}

impl std::fmt::Debug for ReadSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "ReadSet({} rows, {} ranges)",
            self.rows.len(),
            self.ranges.len()
        )
    }
}
