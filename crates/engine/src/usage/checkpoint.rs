//! What was read of the log, written down so that a start need not read it again.
//!
//! The file is derived from closed segments of the log, and no evidence: it is never flushed, and one that is torn, lost,
//! of another log or of another version is as good as none.
//!
//! ```text
//! magic 24 │ log id 16 │ next sequence 8 │ since 8 │ rows 8 │ row … │ callers 8 │ caller … │ CRC-32C 4
//! row: length of resource 2 │ resource │ length of operation 2 │ operation │ time 8 │ event id 16 │ request id 16
//! caller: length of name 2 │ name │ length of service 2 │ service │ length of Region 2 │ Region │ time 8
//! ```
//!
//! Numbers are big-endian, times in milliseconds since 1970.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use ambient::Timestamp;
use audit::{Reader, Start};
use uuid::Uuid;

use super::{LastCall, LastUse, Tally};
use crate::service::Service;

const MAGIC: &[u8; 24] = b"keystead last uses 0002\n";
const FOLDER: &str = "index";
const FILE: &str = "last-uses";
/// Its name while it is written.
const UNFINISHED: &str = ".unfinished-last-uses";

/// The tally that was written down, if there is one of this log that can be read whole.
pub(super) fn read(dir: &Path, log_id: [u8; 16], services: &[&'static Service]) -> Option<Tally> {
    let bytes = fs::read(dir.join(FOLDER).join(FILE)).ok()?;
    decode(&bytes, services).filter(|tally| tally.log_id == log_id)
}

/// Reads on through the segments that were closed since, and writes down what came of it. Nothing is done where none was.
pub(super) fn advance(
    dir: &Path,
    log_id: [u8; 16],
    services: &[&'static Service],
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut tally = read(dir, log_id, services).unwrap_or_else(|| Tally::new(log_id));
    let segment_of = |start| -> Result<Option<u64>, audit::AuditError> {
        Ok(Reader::open(dir, start)?.read()?.map(|frame| frame.segment))
    };
    let next = segment_of(Start::Sequence(tally.next))?;
    // The last segment is still written to, and what stands there may yet be lost.
    let (Some(next), Some(last)) = (next, segment_of(Start::Last(1))?) else {
        return Ok(());
    };
    if next >= last {
        return Ok(());
    }
    tally.read_on(dir, services, Some(last))?;
    let folder = dir.join(FOLDER);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(UNFINISHED), encode(&tally))?;
    fs::rename(folder.join(UNFINISHED), folder.join(FILE))?;
    Ok(())
}

fn encode(tally: &Tally) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128 * tally.rows.len() + 128);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&tally.log_id);
    bytes.extend_from_slice(&tally.next.to_be_bytes());
    let since = tally.since.map_or(i64::MAX, |since| since.milliseconds());
    bytes.extend_from_slice(&since.to_be_bytes());
    bytes.extend_from_slice(&(tally.rows.len() as u64).to_be_bytes());
    for (resource, last) in &tally.rows {
        write(&mut bytes, &[resource, last.operation]);
        bytes.extend_from_slice(&last.time.milliseconds().to_be_bytes());
        bytes.extend_from_slice(last.event_id.as_bytes());
        bytes.extend_from_slice(last.request_id.as_bytes());
    }
    bytes.extend_from_slice(&(tally.callers.len() as u64).to_be_bytes());
    for (caller, last) in &tally.callers {
        write(&mut bytes, &[caller, last.service, last.region.as_str()]);
        bytes.extend_from_slice(&last.time.milliseconds().to_be_bytes());
    }
    let sum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes
}

fn write(bytes: &mut Vec<u8>, texts: &[&str]) {
    for text in texts {
        // INVARIANT: none is longer than an ARN, 2048 bytes.
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
}

fn decode(bytes: &[u8], services: &[&'static Service]) -> Option<Tally> {
    let (content, sum) = bytes.split_last_chunk()?;
    if crc32c::crc32c(content) != u32::from_be_bytes(*sum) {
        return None;
    }
    let mut rest = content.strip_prefix(MAGIC)?;
    let log_id = *take(&mut rest)?;
    let next = u64::from_be_bytes(*take(&mut rest)?);
    let since = i64::from_be_bytes(*take(&mut rest)?);
    let count = u64::from_be_bytes(*take(&mut rest)?);
    let mut rows = HashMap::new();
    for _ in 0..count {
        let (resource, operation) = (text(&mut rest)?, text(&mut rest)?);
        let time = Timestamp::from_milliseconds(i64::from_be_bytes(*take(&mut rest)?));
        let event_id = Uuid::from_bytes(*take(&mut rest)?);
        let request_id = Uuid::from_bytes(*take(&mut rest)?);
        let named = services.iter().find_map(|service| service.operation(operation));
        let operation = named?.spec().name;
        rows.insert(
            resource.into(),
            LastUse {
                operation,
                time,
                event_id,
                request_id,
            },
        );
    }
    let count = u64::from_be_bytes(*take(&mut rest)?);
    let mut callers = HashMap::new();
    for _ in 0..count {
        let (caller, service, region) = (text(&mut rest)?, text(&mut rest)?, text(&mut rest)?);
        let time = Timestamp::from_milliseconds(i64::from_be_bytes(*take(&mut rest)?));
        let service = services.iter().find(|known| known.name == service)?.name;
        let region = region.parse().ok()?;
        callers.insert(
            caller.into(),
            LastCall {
                service,
                region,
                time,
            },
        );
    }
    rest.is_empty().then_some(Tally {
        log_id,
        next,
        since: (since != i64::MAX).then(|| Timestamp::from_milliseconds(since)),
        rows,
        callers,
    })
}

fn take<'b, const N: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(taken)
}

fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    let length = u16::from_be_bytes(*take(rest)?);
    let (taken, left) = rest.split_at_checked(usize::from(length))?;
    *rest = left;
    std::str::from_utf8(taken).ok()
}
