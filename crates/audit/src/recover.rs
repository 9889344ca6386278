//! Opening a log: checks its segments, and clears away what a write that never finished left at the end.

use std::sync::Arc;

use crate::disk::{Disk, DiskFile, read_full};
use crate::error::AuditError;
use crate::frame::Origin;
use crate::limits;
use crate::segment::{self, FIRST, HEADER, Header, MAX_FRAME, RECORD_HEAD, RecordHead, Scan, Step};
use crate::spare;

/// What a scan of the last segment found.
pub(crate) struct Found {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) header: Header,
    /// The file's length.
    pub(crate) capacity: u64,
    /// Where the next record goes.
    pub(crate) end: u64,
    pub(crate) next_sequence: u64,
    pub(crate) highest_revision: u64,
    pub(crate) segments: u64,
    /// The name of the file with what was cut off, and its length.
    pub(crate) torn: Option<(String, u64)>,
}

/// Reads the log in `disk` to its end and readies it for further records; `None` if there is none.
pub(crate) fn recover(disk: &dyn Disk) -> Result<Option<Found>, AuditError> {
    remove_unfinished(disk)?;
    let numbers = segment::numbers(disk)?;
    let Some(header) = check_chain(disk, &numbers)? else {
        return Ok(None);
    };
    let name = segment::name_of(header.number);
    let path = disk.path(&name);
    let file = disk.open(&name, true).map_err(AuditError::io("open", &path))?;
    let capacity = file.len().map_err(AuditError::io("read", &path))?;

    let mut scan = Scan::start(file.clone(), &header);
    let ended = Ended::of(&mut scan, &header).map_err(AuditError::io("read", &path))?;
    let torn = cut_tail(disk, &name, &scan, &ended)?;
    // What was found may be in the page cache alone, and a flush that failed before may not fail again: only
    // what is written anew is sure to be flushed. Groups before the last one were flushed before it was begun.
    rewrite(file.as_ref(), ended.group, ended.end)
        .and_then(|()| file.flush())
        .map_err(AuditError::io("flush", &path))?;
    disk.flush().map_err(AuditError::io("flush", disk.dir()))?;

    Ok(Some(Found {
        file,
        capacity,
        end: ended.end,
        next_sequence: ended.next_sequence,
        highest_revision: ended.highest_revision,
        segments: numbers.len() as u64,
        torn,
        header,
    }))
}

/// Removes a segment that was being made: nothing was ever recorded in it.
fn remove_unfinished(disk: &dyn Disk) -> Result<(), AuditError> {
    let names = disk.names().map_err(AuditError::io("list", disk.dir()))?;
    if names.iter().any(|name| name == spare::NAME) {
        disk.remove(spare::NAME)
            .map_err(AuditError::io("remove", &disk.path(spare::NAME)))?;
    }
    Ok(())
}

/// Checks that the segments follow one another; the last one's header, if there is any.
fn check_chain(disk: &dyn Disk, numbers: &[u64]) -> Result<Option<Header>, AuditError> {
    let mut previous: Option<(Header, u64)> = None;
    for number in numbers {
        let name = segment::name_of(*number);
        let path = disk.path(&name);
        let file = disk.open(&name, false).map_err(AuditError::io("open", &path))?;
        let length = file.len().map_err(AuditError::io("read", &path))?;
        let header = Header::read(disk, &name, file.as_ref())?;
        if length > limits::SEGMENT_FILE {
            return Err(AuditError::damaged(&path, length, "the segment is too long"));
        }
        match &previous {
            Some((before, before_length)) => follows(before, *before_length, &header),
            None => begins(&header),
        }
        .map_err(|what| AuditError::damaged(&path, 0, what))?;
        previous = Some((header, length));
    }
    Ok(previous.map(|(header, _)| header))
}

/// Says what is wrong if `header` is not that of a log's first segment. Nothing takes old segments away yet.
pub(crate) fn begins(header: &Header) -> Result<(), String> {
    if header.number != FIRST {
        return Err(format!(
            "the segments before it, from {} on, are missing",
            segment::name_of(FIRST)
        ));
    }
    Ok(())
}

/// Says what is wrong if `header` is not that of the segment after `before`.
pub(crate) fn follows(before: &Header, before_length: u64, header: &Header) -> Result<(), String> {
    if header.log_id != before.log_id {
        return Err("the segment belongs to another log".to_owned());
    }
    if header.number != before.number + 1 {
        return Err(format!(
            "the segment before it, {}, is missing",
            segment::name_of(header.number - 1)
        ));
    }
    if header.first_sequence < before.first_sequence || header.highest_revision < before.highest_revision {
        return Err("the segment goes back behind the one before it".to_owned());
    }
    if header.previous_end < HEADER || header.previous_end > before_length {
        return Err("the segment before it is shorter than it was".to_owned());
    }
    Ok(())
}

/// Where the last segment's records end.
struct Ended {
    /// Where the group begins that was written last.
    group: u64,
    /// Behind the last record of the last complete change or call.
    end: u64,
    next_sequence: u64,
    highest_revision: u64,
}

impl Ended {
    fn of(scan: &mut Scan, header: &Header) -> std::io::Result<Ended> {
        let mut ended = Ended {
            group: HEADER,
            end: HEADER,
            next_sequence: header.first_sequence,
            highest_revision: header.highest_revision,
        };
        while let Step::Record { group, sequence, .. } = scan.step()? {
            // A change's records are written together, so only the last change can be incomplete. It is cut
            // off whole: the store still has its records.
            match Origin::split(scan.frame()) {
                Some((Origin::Change { index, count, .. }, _)) if u32::from(index) + 1 < u32::from(count) => {
                    continue;
                }
                Some((Origin::Change { revision, .. }, _)) => {
                    ended.highest_revision = ended.highest_revision.max(revision);
                }
                _ => {}
            }
            ended.group = group;
            ended.end = scan.offset();
            ended.next_sequence = sequence + 1;
        }
        Ok(ended)
    }
}

/// Sets aside what stands behind the last record, and puts zeros in its place.
fn cut_tail(
    disk: &dyn Disk,
    name: &str,
    scan: &Scan,
    ended: &Ended,
) -> Result<Option<(String, u64)>, AuditError> {
    let path = disk.path(name);
    let file = scan.file();
    let Some(last) = last_written(file.as_ref(), ended.end).map_err(AuditError::io("read", &path))? else {
        return Ok(None);
    };
    let length = last - ended.end;
    if length > limits::TORN {
        return Err(AuditError::damaged(&path, ended.end, "what follows is no record"));
    }
    let mut torn = vec![0; length as usize];
    read_full(file.as_ref(), &mut torn, ended.end).map_err(AuditError::io("read", &path))?;
    if later_group_in(&torn, scan, ended.end) != Some(false) {
        return Err(AuditError::damaged(
            &path,
            scan.offset(),
            "a record is broken, though others were written after it",
        ));
    }

    let aside = free_name(disk, name.trim_end_matches(".log"), ended.end)?;
    let write = || {
        let copy = disk.create(&aside)?;
        copy.write_at(&torn, 0)?;
        copy.flush()?;
        disk.flush()
    };
    write().map_err(AuditError::io("write", &disk.path(&aside)))?;
    write_zeros(file.as_ref(), ended.end, last).map_err(AuditError::io("write", &path))?;
    Ok(Some((aside, length)))
}

/// A name for what is set aside. What was set aside before stays: this recovery may go on where power was lost in
/// another, which had cleared away a part of it already.
fn free_name(disk: &dyn Disk, segment: &str, end: u64) -> Result<String, AuditError> {
    let names = disk.names().map_err(AuditError::io("list", disk.dir()))?;
    let mut name = format!("torn-{segment}-{end}");
    let mut again = 1_u64;
    while names.contains(&name) {
        again += 1;
        name = format!("torn-{segment}-{end}-{again}");
    }
    Ok(name)
}

/// Where the bytes from `from` on that are not zero end; `None` if all are zero.
fn last_written(file: &dyn DiskFile, from: u64) -> std::io::Result<Option<u64>> {
    let mut chunk = vec![0; limits::CHUNK];
    let (mut at, mut last) = (from, None);
    loop {
        let read = read_full(file, &mut chunk, at)?;
        let bytes = chunk.get(..read).unwrap_or_default();
        if let Some(index) = bytes.iter().rposition(|byte| *byte != 0) {
            last = Some(at + index as u64 + 1);
        }
        at += read as u64;
        if read < chunk.len() {
            return Ok(last);
        }
    }
}

/// Whether a whole record of a later group is among bytes that lie at `start`.
///
/// A group is begun when the one before it is durable, so such a record proves that what broke was durable:
/// damage, not the trace of a write that was cut short. `None` if the bytes are made to keep us busy.
fn later_group_in(torn: &[u8], scan: &Scan, start: u64) -> Option<bool> {
    let broken = scan.offset();
    let mut budget = limits::SEARCH;
    for (index, head) in torn.windows(RECORD_HEAD).enumerate() {
        let offset = start + index as u64;
        let Some(head) = head.first_chunk().filter(|_| offset > broken) else {
            continue;
        };
        let head = RecordHead::decode(head);
        let later = u64::from(head.distance) < offset - broken;
        let ahead = u64::from(head.sequence.wrapping_sub(scan.sequence() as u32));
        let length = head.length as usize;
        let plausible = (1..=MAX_FRAME).contains(&length) && (1..offset - broken).contains(&ahead);
        if !later || !plausible {
            continue;
        }
        let from = index + RECORD_HEAD;
        if let Some(frame) = torn.get(from..from + length) {
            budget = budget.checked_sub(length as u64)?;
            let sequence = scan.sequence() + ahead;
            if scan.checksum().of(sequence, head.distance, frame) == head.checksum {
                return Some(true);
            }
        }
    }
    Some(false)
}

fn write_zeros(file: &dyn DiskFile, from: u64, to: u64) -> std::io::Result<()> {
    let zeros = vec![0; limits::CHUNK];
    let mut at = from;
    while at < to {
        let length = (to - at).min(zeros.len() as u64);
        file.write_at(zeros.get(..length as usize).unwrap_or_default(), at)?;
        at += length;
    }
    Ok(())
}

/// Writes what is there once more.
fn rewrite(file: &dyn DiskFile, from: u64, to: u64) -> std::io::Result<()> {
    let mut chunk = vec![0; limits::CHUNK];
    let mut at = from;
    while at < to {
        let length = (to - at).min(chunk.len() as u64) as usize;
        let part = chunk.get_mut(..length).unwrap_or_default();
        let read = read_full(file, part, at)?;
        file.write_at(part.get(..read).unwrap_or_default(), at)?;
        at += length as u64;
    }
    Ok(())
}
