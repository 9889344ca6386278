//! The form of segment files: a header, records one after another, zeros.
//!
//! All numbers are big-endian. `docs/audit-log-format.md` states the form in full.

use std::sync::Arc;

use ambient::Timestamp;
use crc32c::{crc32c, crc32c_append};

use crate::disk::{Disk, DiskFile, read_full};
use crate::error::AuditError;
use crate::{frame, limits};

/// The version of the segment format that is written.
pub(crate) const FORMAT: u16 = 1;

/// The number of a log's first segment.
pub(crate) const FIRST: u64 = 1;

/// How many bytes the header takes.
pub(crate) const HEADER: u64 = 128;

/// How many bytes stand before each frame: length, checksum, distance from the group's start, sequence.
pub(crate) const RECORD_HEAD: usize = 16;

/// The most bytes of a frame.
pub(crate) const MAX_FRAME: usize = limits::PAYLOAD + frame::HEAD;

const MAGIC: &[u8; 8] = b"KSAUDIT\n";
/// No log gets to so many segments or records; counting on from here cannot overflow.
const LAST: u64 = 1 << 62;
const HEADER_CHECKED: usize = 124;

/// What a segment says of itself and of those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// Names the log.
    pub(crate) log_id: [u8; 16],
    /// Which segment it is; the first is 1.
    pub(crate) number: u64,
    /// The sequence number of its first record.
    pub(crate) first_sequence: u64,
    /// The highest revision of a change recorded in earlier segments.
    pub(crate) highest_revision: u64,
    /// Where the segment before it ends, in bytes: what it holds from there on is not part of the log.
    /// 0 if there is none.
    pub(crate) previous_end: u64,
    /// When it was begun.
    pub(crate) begun: Timestamp,
}

impl Header {
    /// The header's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_be_bytes());
        bytes.extend_from_slice(&(HEADER as u16).to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.log_id);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.first_sequence.to_be_bytes());
        bytes.extend_from_slice(&self.highest_revision.to_be_bytes());
        bytes.extend_from_slice(&self.previous_end.to_be_bytes());
        bytes.extend_from_slice(&self.begun.milliseconds().to_be_bytes());
        bytes.resize(HEADER_CHECKED, 0);
        let checksum = crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        bytes
    }

    /// Reads the header of the segment that `name` gives a number to.
    pub(crate) fn read(disk: &dyn Disk, name: &str, file: &dyn DiskFile) -> Result<Header, AuditError> {
        let path = disk.path(name);
        let mut bytes = [0; HEADER as usize];
        let read = read_full(file, &mut bytes, 0).map_err(AuditError::io("read", &path))?;
        let (checked, checksum) = bytes.split_at(HEADER_CHECKED);
        let mut fields = Fields(checked);
        if read < bytes.len() || fields.take::<8>() != *MAGIC {
            return Err(AuditError::damaged(
                &path,
                0,
                "this is no segment of an audit log",
            ));
        }
        let version = u16::from_be_bytes(fields.take());
        if version > FORMAT {
            return Err(AuditError::NewerFormat { path, version });
        }
        if crc32c(checked).to_be_bytes() != checksum {
            return Err(AuditError::damaged(&path, 0, "the header's checksum is wrong"));
        }
        let _header_length_and_reserved: [u8; 6] = fields.take();
        let header = Header {
            log_id: fields.take(),
            number: u64::from_be_bytes(fields.take()),
            first_sequence: u64::from_be_bytes(fields.take()),
            highest_revision: u64::from_be_bytes(fields.take()),
            previous_end: u64::from_be_bytes(fields.take()),
            begun: Timestamp::from_milliseconds(i64::from_be_bytes(fields.take())),
        };
        if name_of(header.number) != name {
            return Err(AuditError::damaged(&path, 0, "the segment has been renamed"));
        }
        if header.number > LAST || header.first_sequence > LAST {
            return Err(AuditError::damaged(
                &path,
                0,
                "the header's numbers are out of range",
            ));
        }
        Ok(header)
    }
}

/// Fixed-length fields, one after another.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            // INVARIANT: callers take no more than the length they checked.
            None => [0; N],
        }
    }
}

/// The file name of a segment.
pub(crate) fn name_of(number: u64) -> String {
    format!("{number:012}.log")
}

/// The number in a segment's file name.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    let canonical = digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| canonical)?;
    (name_of(number) == name).then_some(number)
}

/// The numbers of the segments in a directory, in order.
pub(crate) fn numbers(disk: &dyn Disk) -> Result<Vec<u64>, AuditError> {
    let names = disk.names().map_err(AuditError::io("list", disk.dir()))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_of(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Computes the checksums of a log's records: CRC-32C over the log's id, sequence, length, distance, frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checksum(u32);

impl Checksum {
    pub(crate) fn of_log(id: &[u8; 16]) -> Checksum {
        Checksum(crc32c(id))
    }

    pub(crate) fn of(self, sequence: u64, distance: u32, frame: &[u8]) -> u32 {
        let mut place = [0; 16];
        let (first, second) = place.split_at_mut(8);
        first.copy_from_slice(&sequence.to_be_bytes());
        second.copy_from_slice(&((frame.len() as u64) << 32 | u64::from(distance)).to_be_bytes());
        crc32c_append(crc32c_append(self.0, &place), frame)
    }
}

/// What stands before a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHead {
    /// How many bytes the frame has.
    pub(crate) length: u32,
    pub(crate) checksum: u32,
    /// How many bytes lie between the start of the group that was written at once and this record.
    pub(crate) distance: u32,
    /// The last 32 bits of the sequence number.
    pub(crate) sequence: u32,
}

impl RecordHead {
    pub(crate) fn encode(self) -> [u8; RECORD_HEAD] {
        let [length, checksum, distance, sequence] =
            [self.length, self.checksum, self.distance, self.sequence].map(u128::from);
        (length << 96 | checksum << 64 | distance << 32 | sequence).to_be_bytes()
    }

    pub(crate) fn decode(bytes: &[u8; RECORD_HEAD]) -> RecordHead {
        let whole = u128::from_be_bytes(*bytes);
        let [length, checksum, distance, sequence] = [96, 64, 32, 0].map(|shift| (whole >> shift) as u32);
        RecordHead {
            length,
            checksum,
            distance,
            sequence,
        }
    }
}

/// What a scan comes upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole record; its frame is [`Scan::frame`].
    Record {
        /// Where it begins.
        offset: u64,
        /// Where the group that it was written with begins.
        group: u64,
        sequence: u64,
    },
    /// Nothing has been written here.
    Blank,
    /// Something that is no whole record.
    Broken(&'static str),
}

/// Reads the records of one segment in order.
pub(crate) struct Scan {
    file: Arc<dyn DiskFile>,
    checksum: Checksum,
    /// Where the next record begins.
    offset: u64,
    /// The sequence number of the next record.
    sequence: u64,
    buffer: Vec<u8>,
    /// Where in the file the buffer begins.
    buffer_at: u64,
    frame: std::ops::Range<usize>,
    /// Whether the file was read since this was last asked.
    refilled: bool,
}

impl Scan {
    /// Starts at the first record.
    pub(crate) fn start(file: Arc<dyn DiskFile>, header: &Header) -> Scan {
        Scan {
            file,
            checksum: Checksum::of_log(&header.log_id),
            offset: HEADER,
            sequence: header.first_sequence,
            buffer: Vec::new(),
            buffer_at: HEADER,
            frame: 0..0,
            refilled: false,
        }
    }

    /// Whether the file was read since this was last asked.
    pub(crate) fn has_refilled(&mut self) -> bool {
        std::mem::take(&mut self.refilled)
    }

    /// Where the next record begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The sequence number of the next record.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn file(&self) -> &Arc<dyn DiskFile> {
        &self.file
    }

    pub(crate) fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// The frame of the record that was read last.
    pub(crate) fn frame(&self) -> &[u8] {
        self.buffer.get(self.frame.clone()).unwrap_or_default()
    }

    /// Reads the next record and moves past it; stays where there is none, and looks afresh the next time.
    pub(crate) fn step(&mut self) -> std::io::Result<Step> {
        let step = self.look()?;
        if matches!(step, Step::Record { .. }) {
            return Ok(step);
        }
        // What was read ahead may have been written since.
        self.buffer.clear();
        self.frame = 0..0;
        let step = self.look()?;
        if !matches!(step, Step::Record { .. }) {
            self.buffer.clear();
        }
        Ok(step)
    }

    fn look(&mut self) -> std::io::Result<Step> {
        let Some(head) = self.fill(RECORD_HEAD)?.and_then(|bytes| bytes.first_chunk()) else {
            return Ok(if self.is_zero_to_the_end()? {
                Step::Blank
            } else {
                Step::Broken("the file ends within a record")
            });
        };
        let head = RecordHead::decode(head);
        if head == RecordHead::decode(&[0; RECORD_HEAD]) {
            return Ok(Step::Blank);
        }
        let length = head.length as usize;
        if length == 0 || length > MAX_FRAME {
            return Ok(Step::Broken("a record's length is out of range"));
        }
        let (offset, sequence, checksum) = (self.offset, self.sequence, self.checksum);
        let Some(record) = self.fill(RECORD_HEAD + length)? else {
            return Ok(Step::Broken("the file ends within a record"));
        };
        let frame = record.get(RECORD_HEAD..).unwrap_or_default();
        let placed = head.sequence == sequence as u32 && u64::from(head.distance) <= offset - HEADER;
        if !placed || checksum.of(sequence, head.distance, frame) != head.checksum {
            return Ok(Step::Broken("a record's checksum is wrong"));
        }
        let start = (offset - self.buffer_at) as usize + RECORD_HEAD;
        self.frame = start..start + length;
        self.offset += (RECORD_HEAD + length) as u64;
        self.sequence += 1;
        Ok(Step::Record {
            offset,
            group: offset - u64::from(head.distance),
            sequence,
        })
    }

    /// The next `count` bytes; `None` if the file ends before.
    fn fill(&mut self, count: usize) -> std::io::Result<Option<&[u8]>> {
        let mut start = (self.offset - self.buffer_at) as usize;
        if self.buffer.len() < start + count {
            self.refilled = true;
            self.buffer.drain(..start.min(self.buffer.len()));
            self.buffer_at = self.offset;
            start = 0;
            let kept = self.buffer.len();
            self.buffer.resize(count.max(limits::CHUNK), 0);
            let rest = self.buffer.get_mut(kept..).unwrap_or_default();
            let read = read_full(self.file.as_ref(), rest, self.offset + kept as u64)?;
            self.buffer.truncate(kept + read);
        }
        Ok(self.buffer.get(start..start + count))
    }

    fn is_zero_to_the_end(&self) -> std::io::Result<bool> {
        let mut rest = [0; RECORD_HEAD];
        let read = read_full(self.file.as_ref(), &mut rest, self.offset)?;
        Ok(rest.iter().take(read).all(|byte| *byte == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_names_are_segments() {
        assert_eq!(number_of("000000000001.log"), Some(1));
        assert_eq!(number_of("1000000000000.log"), Some(1_000_000_000_000));
        for name in [
            "1.log",
            "0000000000001.log",
            "00000000001a.log",
            "+00000000001.log",
            "000000000001.new",
            "",
        ] {
            assert_eq!(number_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_record_head_keeps_its_fields() {
        let head = RecordHead {
            length: 1,
            checksum: 0x0203_0405,
            distance: 6,
            sequence: u32::MAX,
        };
        let bytes = head.encode();
        assert_eq!(bytes, [0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 6, 255, 255, 255, 255]);
        assert_eq!(RecordHead::decode(&bytes), head);
    }
}
