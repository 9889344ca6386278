//! The simplest backend: a map in memory that outlives whoever opened it, with faults on demand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::backend::{Backend, BackendError, Cause, CommitFailure, EachRow, Group, StoredRow};
use crate::head::head_row;
use crate::suite::Site;

/// What goes wrong with the next call of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The commit is refused, and nothing of it remains.
    Refused,
    /// As [`Fault::Refused`], and the backend has to be reopened.
    Broken,
    /// The outcome of the commit is unknown, and it was lost.
    Lost,
    /// The outcome of the commit is unknown, and it was kept.
    Kept,
    /// As [`Fault::Kept`], and a row that nobody wrote is there as well.
    Garbled,
}

#[derive(Debug, Default)]
struct Disk {
    rows: BTreeMap<Vec<u8>, StoredRow>,
    faults: VecDeque<Option<Fault>>,
    reopenings_to_fail: usize,
    erasures_to_fail: usize,
    rests_to_fail: usize,
    erased: usize,
    must_reopen: bool,
    most_rows: Option<usize>,
}

/// A place in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Disk>>);

impl Memory {
    /// A place of its own.
    pub fn new() -> Memory {
        Memory::default()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    /// Lets the coming commits go well (`None`) or wrong.
    pub fn plan(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.disk().faults.extend(faults);
    }

    /// Lets nothing go wrong any more.
    pub fn calm(&self) {
        let mut disk = self.disk();
        disk.faults.clear();
        (disk.reopenings_to_fail, disk.erasures_to_fail, disk.rests_to_fail) = (0, 0, 0);
    }

    /// Lets the next `count` reopenings fail.
    pub fn fail_reopenings(&self, count: usize) {
        self.disk().reopenings_to_fail = count;
    }

    /// Lets the next `count` erasures of traces fail.
    pub fn fail_erasures(&self, count: usize) {
        self.disk().erasures_to_fail = count;
    }

    /// Lets the next `count` housekeepings fail.
    pub fn fail_rests(&self, count: usize) {
        self.disk().rests_to_fail = count;
    }

    /// Refuses what would make more rows than this.
    pub fn limit_rows(&self, rows: Option<usize>) {
        self.disk().most_rows = rows;
    }

    /// How often traces were erased.
    pub fn erasures(&self) -> usize {
        self.disk().erased
    }

    /// Whether something failed, and it was not reopened since.
    pub fn must_reopen(&self) -> bool {
        self.disk().must_reopen
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.disk().rows.len()
    }

    /// The revision of the durable head.
    pub fn revision(&self) -> u64 {
        let disk = self.disk();
        disk.rows
            .get(head_row().as_bytes())
            .map_or(0, |head| head.revision)
    }
}

impl Site for Memory {
    fn open(&self) -> Result<Box<dyn Backend>, BackendError> {
        Ok(Box::new(self.clone()))
    }
}

fn broken(what: &'static str) -> BackendError {
    BackendError::Io {
        place: "memory".to_owned(),
        cause: Cause::new(std::io::Error::other(what)),
    }
}

fn apply(rows: &mut BTreeMap<Vec<u8>, StoredRow>, group: &Group) {
    for (key, row) in &group.rows {
        match row {
            Some(row) => rows.insert(key.as_bytes().to_vec(), row.clone()),
            None => rows.remove(key.as_bytes()),
        };
    }
}

impl Backend for Memory {
    fn load(&mut self, from: &[u8], to: Option<&[u8]>, each: &mut EachRow<'_>) -> Result<(), BackendError> {
        for (key, row) in self.disk().rows.range(from.to_vec()..) {
            if to.is_none_or(|to| key.as_slice() < to) {
                each(key, row.revision, &row.value);
            }
        }
        Ok(())
    }

    fn read(&mut self, key: &[u8]) -> Result<Option<StoredRow>, BackendError> {
        Ok(self.disk().rows.get(key).cloned())
    }

    fn commit(&mut self, group: &Group) -> Result<(), CommitFailure> {
        let mut disk = self.disk();
        assert!(!disk.must_reopen, "a commit on a backend that has to be reopened");
        let full = BackendError::Full {
            place: "memory".to_owned(),
        };
        let mut after = disk.rows.clone();
        apply(&mut after, group);
        if disk.most_rows.is_some_and(|most| after.len() > most) {
            return Err(CommitFailure::Refused(full));
        }
        match disk.faults.pop_front().flatten() {
            None => disk.rows = after,
            Some(Fault::Refused) => return Err(CommitFailure::Refused(full)),
            Some(Fault::Broken) => {
                disk.must_reopen = true;
                return Err(CommitFailure::Broken(broken("a write failed")));
            }
            Some(fault) => {
                disk.must_reopen = true;
                if fault != Fault::Lost {
                    disk.rows = after;
                }
                if fault == Fault::Garbled {
                    let value = Arc::from([1_u8; 60].as_slice());
                    disk.rows
                        .insert(b"\xc8\0\0\0\0?".to_vec(), StoredRow { revision: 1, value });
                }
                return Err(CommitFailure::Unknown(broken("the flush failed")));
            }
        }
        Ok(())
    }

    fn erase_traces(&mut self) -> Result<(), BackendError> {
        let mut disk = self.disk();
        assert!(
            !disk.must_reopen,
            "an erasure on a backend that has to be reopened"
        );
        if disk.erasures_to_fail > 0 {
            disk.erasures_to_fail -= 1;
            disk.must_reopen = true;
            return Err(broken("the erasure failed"));
        }
        disk.erased += 1;
        Ok(())
    }

    fn rest(&mut self) -> Result<(), BackendError> {
        let mut disk = self.disk();
        assert!(
            !disk.must_reopen,
            "housekeeping on a backend that has to be reopened"
        );
        if disk.rests_to_fail > 0 {
            disk.rests_to_fail -= 1;
            disk.must_reopen = true;
            return Err(broken("housekeeping failed"));
        }
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), BackendError> {
        let mut disk = self.disk();
        if disk.reopenings_to_fail > 0 {
            disk.reopenings_to_fail -= 1;
            return Err(broken("reopening failed"));
        }
        disk.must_reopen = false;
        disk.erased += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), BackendError> {
        Ok(())
    }
}
