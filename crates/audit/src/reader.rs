//! Reads the log, also while it is being written.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;

use crate::disk::{Directory, Disk, DiskFile};
use crate::entry::{Entry, UnreadableEntry};
use crate::error::AuditError;
use crate::frame::Origin;
use crate::recover::{begins, follows};
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
            None => Err(UnreadableEntry::Malformed(
                "a kind of frame that this version does not know".to_owned(),
            )),
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
    /// Where it ends; known when another follows it.
    end: Option<u64>,
}

/// Reads records in order.
///
/// As an iterator it ends where the log ends for now, and goes on when it is asked again after more was written.
/// It also reads what a writer has not flushed yet; if that flush fails, other records may come with the same
/// sequence numbers. After an error it stays where it is.
pub struct Reader {
    disk: Arc<dyn Disk>,
    open: Option<Open>,
    /// The first sequence number to give out.
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
            Start::Sequence(sequence) => reader.from = sequence,
            Start::Last(count) => {
                reader.from = u64::MAX;
                let _none = reader.read()?;
                let end = reader.open.take().map_or(0, |open| open.scan.sequence());
                reader.from = end.saturating_sub(count);
            }
        }
        Ok(reader)
    }

    /// The next record; `None` at the end there is for now.
    pub fn read(&mut self) -> Result<Option<Frame>, AuditError> {
        loop {
            let Some(open) = &mut self.open else {
                match self.first()? {
                    Some(first) => self.open = Some(first),
                    None => return Ok(None),
                }
                continue;
            };
            let path = self.disk.path(&segment::name_of(open.header.number));
            if open.end == Some(open.scan.offset()) {
                let next = open_segment(self.disk.as_ref(), open.header.number + 1)?;
                if next.header.first_sequence != open.scan.sequence() {
                    let what = "the segment's records are not those that the next one counts on from";
                    return Err(AuditError::damaged(&path, open.scan.offset(), what));
                }
                self.open = Some(next);
                continue;
            }
            let step = open.scan.step().map_err(AuditError::io("read", &path))?;
            let is_record = matches!(step, Step::Record { .. });
            // What was read a moment ago counts if the log has not gone on elsewhere meanwhile.
            if open.end.is_none() && (open.scan.has_refilled() || !is_record) {
                match self.look_around()? {
                    Onward::Here if is_record => {}
                    Onward::Here => return Ok(None),
                    Onward::Ending if is_record => {}
                    Onward::Ending | Onward::Elsewhere => continue,
                }
            }
            let Some(open) = &mut self.open else { continue };
            let broken = match step {
                Step::Record { .. } if open.end.is_some_and(|end| open.scan.offset() > end) => {
                    "a record reaches past the segment's end"
                }
                Step::Record { sequence, .. } if sequence < self.from => continue,
                Step::Record { offset, sequence, .. } => {
                    return Ok(Some(Frame {
                        sequence,
                        segment: open.header.number,
                        offset,
                        bytes: open.scan.frame().to_vec(),
                    }));
                }
                Step::Blank => "records are missing",
                Step::Broken(what) => what,
            };
            return Err(AuditError::damaged(&path, open.scan.offset(), broken));
        }
    }

    /// The next record, waiting for it: at the log's end it looks again after each span of `every`.
    pub async fn follow(&mut self, clock: &dyn Clock, every: Duration) -> Result<Frame, AuditError> {
        loop {
            if let Some(frame) = self.read()? {
                return Ok(frame);
            }
            clock.reaches(clock.monotonic().after(every)).await;
        }
    }

    /// The segment to begin with: the one that holds `from`, or the oldest.
    fn first(&self) -> Result<Option<Open>, AuditError> {
        let numbers = segment::numbers(self.disk.as_ref())?;
        if let Some(oldest) = numbers.first() {
            let name = segment::name_of(*oldest);
            let header = open_segment(self.disk.as_ref(), *oldest)?.header;
            begins(&header).map_err(|what| AuditError::damaged(&self.disk.path(&name), 0, what))?;
        }
        for number in numbers.iter().rev() {
            let open = open_segment(self.disk.as_ref(), *number)?;
            if open.header.first_sequence <= self.from || numbers.first() == Some(number) {
                return Ok(Some(open));
            }
        }
        Ok(None)
    }

    /// Looks where the log goes on, while we read the segment that was the last.
    fn look_around(&mut self) -> Result<Onward, AuditError> {
        let Some(open) = &mut self.open else {
            return Ok(Onward::Elsewhere);
        };
        let number = open.header.number;
        if let Some(end) = end_of(self.disk.as_ref(), &open.header, open.scan.file().as_ref())? {
            if open.scan.offset() <= end {
                open.end = Some(end);
                return Ok(Onward::Ending);
            }
            // What was read past the end is not part of the log: its flush failed.
            self.open = Some(open_segment(self.disk.as_ref(), number + 1)?);
            return Ok(Onward::Elsewhere);
        }
        // A segment in which nothing was acknowledged is replaced by another of its number.
        let again = open_segment(self.disk.as_ref(), number)?;
        let (old, new) = (open.scan.file().identity(), again.scan.file().identity());
        if matches!((old, new), (Ok(old), Ok(new)) if old != new) {
            self.open = Some(again);
            return Ok(Onward::Elsewhere);
        }
        Ok(Onward::Here)
    }
}

/// Where the log goes on.
enum Onward {
    /// In this segment, if at all.
    Here,
    /// In the next one, when this is read to its end.
    Ending,
    /// In another file, from which we read now.
    Elsewhere,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = self.disk.dir();
        f.debug_struct("Reader")
            .field("dir", &dir)
            .finish_non_exhaustive()
    }
}

impl Iterator for Reader {
    type Item = Result<Frame, AuditError>;

    fn next(&mut self) -> Option<Result<Frame, AuditError>> {
        self.read().transpose()
    }
}

fn open_segment(disk: &dyn Disk, number: u64) -> Result<Open, AuditError> {
    let name = segment::name_of(number);
    let file = disk
        .open(&name, false)
        .map_err(AuditError::io("open", &disk.path(&name)))?;
    let header = Header::read(disk, &name, file.as_ref())?;
    let end = end_of(disk, &header, file.as_ref())?;
    Ok(Open {
        scan: Scan::start(file, &header),
        header,
        end,
    })
}

/// Where a segment ends, by the header of the one after it; `None` if it is the last.
fn end_of(disk: &dyn Disk, header: &Header, file: &dyn DiskFile) -> Result<Option<u64>, AuditError> {
    let numbers = segment::numbers(disk)?;
    let Some(after) = numbers.iter().find(|number| **number > header.number) else {
        return Ok(None);
    };
    let name = segment::name_of(*after);
    let path = disk.path(&name);
    let next = disk.open(&name, false).map_err(AuditError::io("open", &path))?;
    let next = Header::read(disk, &name, next.as_ref())?;
    let own = disk.path(&segment::name_of(header.number));
    let length = file.len().map_err(AuditError::io("read", &own))?;
    follows(header, length, &next).map_err(|what| AuditError::damaged(&path, 0, what))?;
    Ok(Some(next.previous_end))
}
