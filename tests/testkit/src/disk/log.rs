//! The op log, read.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::replay::{Loss, Replay};
use super::tree::Tree;
use crate::format::{self, HEADER, Header, Operation};

/// All that programs did below a directory, and what it held before.
#[derive(Debug)]
pub struct Log {
    pub(crate) bytes: Vec<u8>,
    pub(crate) base: Tree,
    pub(crate) records: Vec<Record>,
    steps: Vec<Step>,
}

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) header: Header,
    pub(crate) path: String,
    pub(crate) second: String,
    pub(crate) data: Range<usize>,
}

/// One operation, for choosing where to cut and for reading a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place in the order of all, from 1.
    pub sequence: u64,
    /// What was done.
    pub operation: Operation,
    /// To which file, by the name it had when it was done, or, if it has none any more, by its last; for a violation,
    /// what it was. Fault patterns are compared with the same name.
    pub path: String,
    /// Bytes written.
    pub bytes: usize,
    /// The error it failed with, or 0. Of the calls that fail, only flushes are recorded.
    pub error: i32,
    /// Whether it was a flush that reported success and did nothing, by [`crate::Fault::drop_flush`].
    pub dropped: bool,
    /// Whether it opened a file and cut it.
    cuts: bool,
}

impl Step {
    /// Whether it can change what a power cut leaves.
    pub fn matters(&self) -> bool {
        match self.operation {
            Operation::Start | Operation::Duplicate | Operation::Close | Operation::FlushRange => false,
            Operation::Open => self.cuts,
            _ => true,
        }
    }

    /// Whether it is a flush that was done.
    pub fn is_flush(&self) -> bool {
        matches!(self.operation, Operation::Flush | Operation::FlushData) && self.error == 0 && !self.dropped
    }
}

impl Log {
    pub(crate) fn parse(bytes: Vec<u8>, base: Tree) -> io::Result<Log> {
        let mut records = Vec::new();
        let mut steps = Vec::new();
        let mut names: HashMap<i32, String> = HashMap::new();
        let mut at = 0;
        while at < bytes.len() {
            let record = record(&bytes, at).ok_or_else(|| damaged(at))?;
            at += record.header.length as usize;
            let header = &record.header;
            match header.operation {
                Operation::Start => names.clear(),
                Operation::Open | Operation::Create => {
                    names.insert(header.fd, record.path.clone());
                }
                Operation::Duplicate => {
                    let name = names.get(&(header.numbers[0] as i32)).cloned();
                    names.insert(header.fd, name.unwrap_or_default());
                }
                Operation::Rename => {
                    for name in names.values_mut() {
                        let below = name.strip_prefix(&record.path);
                        if let Some(rest) = below.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                            *name = format!("{}{rest}", record.second);
                        }
                    }
                }
                _ => {}
            }
            let path = if record.path.is_empty() {
                names.get(&header.fd)
            } else {
                Some(&record.path)
            };
            steps.push(Step {
                sequence: header.sequence,
                operation: header.operation,
                path: path.cloned().unwrap_or_default(),
                bytes: record.data.len(),
                error: header.error,
                dropped: header.flags & format::DROPPED != 0,
                cuts: header.operation == Operation::Open && header.numbers[0] as i32 & libc::O_TRUNC != 0,
            });
            records.push(record);
        }
        Ok(Log {
            bytes,
            base,
            records,
            steps,
        })
    }

    /// What was done, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The sequence number of the last step, 0 if there is none.
    pub fn last(&self) -> u64 {
        self.steps.last().map_or(0, |step| step.sequence)
    }

    /// From the state before the first step on.
    pub fn replay(&self) -> Replay<'_> {
        Replay::of(self)
    }

    /// An error unless all steps together make what `root` holds now, and each step is one that the model covers.
    pub fn explains(&self, root: &Path) -> io::Result<()> {
        if let Some(violation) = self
            .steps
            .iter()
            .find(|step| step.operation == Operation::Violation)
        {
            return Err(io::Error::other(format!(
                "the model does not cover {}",
                violation.path
            )));
        }
        let mut replay = self.replay();
        replay.advance(self.last())?;
        let differences = replay.power_cut(Loss::Nothing).differences(&Tree::read(root)?);
        if differences.is_empty() {
            return Ok(());
        }
        let lines = differences.join("\n  ");
        Err(io::Error::other(format!(
            "the log does not explain the directory (log, directory):\n  {lines}"
        )))
    }
}

fn record(bytes: &[u8], at: usize) -> Option<Record> {
    let header = Header::decode(bytes.get(at..)?)?;
    let path = at + HEADER;
    let second = path + usize::from(header.path);
    let data = second + usize::from(header.second);
    let end = at.checked_add(header.length as usize)?;
    bytes.get(data..end)?;
    let text = |range| Some(std::str::from_utf8(bytes.get(range)?).ok()?.to_owned());
    Some(Record {
        path: text(path..second)?,
        second: text(second..data)?,
        data: data..end,
        header,
    })
}

fn damaged(at: usize) -> io::Error {
    io::Error::other(format!("the op log is damaged at byte {at}"))
}
