//! Reads the log, also while it is being written.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;

use crate::disk::{Directory, Disk};
use crate::entry::{Entry, UnreadableEntry};
use crate::error::AuditError;
use crate::frame::Origin;
use crate::recover::follows;
use crate::segment::{self, Header, Scan, Step};

/// One record, as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its place in the log; the first record has 1, and there are no gaps.
    pub sequence: u64,
    /// The segment that holds it.
    pub segment: u64,
    /// Where in the segment it begins, in bytes.
    pub offset: u64,
    /// The bytes that never change: the leaf of the later tree.
    pub bytes: Vec<u8>,
}

impl Frame {
    /// What the record belongs to; `None` for a kind that this version does not know.
    pub fn origin(&self) -> Option<Origin> {
        Origin::split(&self.bytes).map(|(origin, _)| origin)
    }

    /// What was given to the log, empty for a kind of frame that this version does not know.
    pub fn payload(&self) -> &[u8] {
        Origin::split(&self.bytes)
            .map(|(_, payload)| payload)
            .unwrap_or_default()
    }

    /// The record itself.
    pub fn entry(&self) -> Result<Entry<'_>, UnreadableEntry> {
        match Origin::split(&self.bytes) {
            Some((_, payload)) => Entry::decode(payload),
            None => Err(UnreadableEntry::Malformed("unknown kind of frame".to_owned())),
        }
    }
}

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest record there is.
    Oldest,
    /// At the record with this sequence number, or the first after it.
    Sequence(u64),
    /// So many records before the end there is now.
    Last(u64),
}

/// A segment being read.
struct Open {
    header: Header,
    scan: Scan,
    identity: u64,
}

/// Reads records in order.
///
/// As an iterator it ends where the log ends for now, and goes on when it is asked again after more was written.
/// It reads what a writer has not flushed yet, too. After an error it stays where it is.
pub struct Reader {
    disk: Arc<dyn Disk>,
    open: Option<Open>,
    from: u64,
}

impl Reader {
    /// A reader of the log in `dir`, which need not hold one yet.
    pub fn open(dir: &Path, start: Start) -> Result<Reader, AuditError> {
        Reader::open_on(Arc::new(Directory::at(dir)), start)
    }

    pub(crate) fn open_on(disk: Arc<dyn Disk>, start: Start) -> Result<Reader, AuditError> {
        let mut reader = Reader {
            disk,
            open: None,
            from: 0,
        };
        match start {
            Start::Oldest => {}
            Start::Sequence(sequence) => reader.seek(sequence)?,
            Start::Last(count) => {
                reader.seek(u64::MAX)?;
                while reader.read()?.is_some() {}
                let end = reader.open.as_ref().map_or(0, |open| open.scan.sequence());
                reader.seek(end.saturating_sub(count))?;
            }
        }
        Ok(reader)
    }

    /// The next record; `None` at the end there is for now.
    pub fn read(&mut self) -> Result<Option<Frame>, AuditError> {
        while self.stands()? {
            let Some(open) = &mut self.open else { break };
            let name = segment::name_of(open.header.number);
            let path = self.disk.path(&name);
            let ends = match self.after(&path)? {
                Some(end) => Some(end),
                None => None,
            };
            let Some(open) = &mut self.open else { break };
            if ends.is_some_and(|end| open.scan.offset() >= end) {
                self.advance()?;
                continue;
            }
            match open.scan.step().map_err(AuditError::io("read", &path))? {
                Step::Record { sequence, .. } if sequence < self.from => {}
                Step::Record { offset, sequence, .. } => {
                    return Ok(Some(Frame {
                        sequence,
                        segment: open.header.number,
                        offset,
                        bytes: open.scan.frame().to_vec(),
                    }));
                }
                Step::Blank | Step::Broken(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}
