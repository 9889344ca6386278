//! The thread that writes: takes groups, writes each at once, flushes, and tells those who wait.

use std::sync::Arc;

use ambient::Clock;
use tokio::sync::watch;

use crate::disk::{Disk, DiskFile};
use crate::error::{AuditError, Health};
use crate::frame::Origin;
use crate::log::{ChangeLag, Flush, Options};
use crate::queue::{Group, Queue, Work};
use crate::recover::Found;
use crate::segment::{self, Checksum, HEADER, Header, RECORD_HEAD, RecordHead, Scan, Step};
use crate::spare::{Preparer, Spare};

/// The segment that records go to.
struct Current {
    file: Arc<dyn DiskFile>,
    header: Header,
    capacity: u64,
    /// Where the next record goes; all before is durable.
    end: u64,
}

/// A segment that may not be written to any more.
struct Abandoned {
    header: Header,
    /// Where its acknowledged records end.
    end: u64,
    /// Whether they were read again since.
    verified: bool,
}

/// The writer's state; lives on its thread.
pub(crate) struct Writer {
    disk: Arc<dyn Disk>,
    options: Options,
    clock: Arc<dyn Clock>,
    queue: Arc<Queue>,
    durable: Arc<watch::Sender<u64>>,
    health: Arc<watch::Sender<Health>>,
    preparer: Preparer,
    checksum: Checksum,
    /// `Err` after a failure, until a new segment takes its place.
    segment: Result<Current, Abandoned>,
    next_sequence: u64,
    highest_revision: u64,
    /// Records of changes that could not be written yet.
    backlog: Group,
}

/// What the log shares with its writer.
pub(crate) struct Shared {
    pub(crate) queue: Arc<Queue>,
    pub(crate) durable: Arc<watch::Sender<u64>>,
    pub(crate) health: Arc<watch::Sender<Health>>,
}

impl Writer {
    /// Goes on where recovery ended.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        options: Options,
        clock: Arc<dyn Clock>,
        shared: Shared,
        found: Found,
    ) -> std::io::Result<Writer> {
        let mut preparer = Preparer::start(disk.clone())?;
        preparer.ask(next_capacity(&options, found.capacity));
        Ok(Writer {
            preparer,
            checksum: Checksum::of_log(&found.header.log_id),
            next_sequence: found.next_sequence,
            highest_revision: found.highest_revision,
            segment: Ok(Current {
                file: found.file,
                header: found.header,
                capacity: found.capacity,
                end: found.end,
            }),
            disk,
            options,
            clock,
            queue: shared.queue,
            durable: shared.durable,
            health: shared.health,
            backlog: Group::default(),
        })
    }

    /// Writes until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let _on_end = OnEnd(self.queue.clone());
        let mut spare = Vec::new();
        loop {
            let retry = (!self.backlog.is_empty()).then_some(self.options.retry);
            let closing = self.queue.is_closing();
            let Work::Write(group, completion) = self.queue.take(spare, retry) else {
                return;
            };
            let mut group = self.with_backlog(group);
            let outcome = self.write(&mut group);
            if outcome.is_err() {
                self.keep_changes(&group);
            }
            completion.complete(outcome);
            if closing && !self.backlog.is_empty() {
                tracing::warn!(
                    changes = self.backlog.lag.changes,
                    "the audit log closes before it could record all changes; the store still has their records"
                );
                return;
            }
            spare = group.records;
            spare.clear();
            spare.shrink_to(crate::limits::CHUNK);
        }
    }

    /// The group behind the changes that could not be written before.
    fn with_backlog(&mut self, group: Group) -> Group {
        if self.backlog.is_empty() {
            return group;
        }
        let mut whole = std::mem::take(&mut self.backlog);
        whole.records.extend_from_slice(&group.records);
        whole.lag.changes += group.lag.changes;
        whole.lag.bytes += group.lag.bytes;
        whole.through = group.through.or(whole.through);
        whole
    }

    /// Keeps what a failed group has of changes, to be written with the next.
    fn keep_changes(&mut self, group: &Group) {
        self.backlog.lag = group.lag;
        self.backlog.through = group.through;
        for record in Records(&group.records) {
            let frame = record.get(RECORD_HEAD..).unwrap_or_default();
            if matches!(Origin::split(frame), Some((Origin::Change { .. }, _))) {
                self.backlog.records.extend_from_slice(record);
            }
        }
    }

    /// Makes a group durable, and says so.
    fn write(&mut self, group: &mut Group) -> Result<(), AuditError> {
        let outcome = self.write_records(&mut group.records);
        match &outcome {
            Ok(()) => {
                if !group.records.is_empty() {
                    self.report(None);
                }
                if let Some(revision) = group.through {
                    self.highest_revision = self.highest_revision.max(revision);
                    self.queue.recorded(std::mem::take(&mut group.lag));
                    self.durable.send_replace(self.highest_revision);
                }
            }
            Err(cause) => self.report(Some(cause)),
        }
        outcome
    }

    fn write_records(&mut self, records: &mut [u8]) -> Result<(), AuditError> {
        if records.is_empty() {
            return Ok(());
        }
        let length = records.len() as u64;
        let (file, number, end) = self.room_for(length)?;
        let path = self.disk.path(&segment::name_of(number));
        let frames = seal(records, self.next_sequence, self.checksum);
        let started = self.clock.monotonic();
        let written = file
            .write_at(records, end)
            .map_err(AuditError::io("write", &path));
        let flushing = self.clock.monotonic();
        let flushed = written.and_then(|()| file.flush().map_err(AuditError::io("flush", &path)));
        if let Err(cause) = flushed {
            self.abandon();
            return Err(cause);
        }
        if let Ok(current) = &mut self.segment {
            current.end += length;
        }
        self.next_sequence += frames;
        if let Some(tell) = &self.options.on_flush {
            let ended = self.clock.monotonic();
            tell(Flush {
                write: flushing.since(started),
                latency: ended.since(flushing),
                frames,
                bytes: length,
            });
        }
        Ok(())
    }

    /// Where so many bytes may be written: a segment's file, its number, the offset.
    fn room_for(&mut self, length: u64) -> Result<(Arc<dyn DiskFile>, u64, u64), AuditError> {
        if let Ok(current) = &self.segment
            && current.end + length <= current.capacity
        {
            return Ok((current.file.clone(), current.header.number, current.end));
        }
        let next = self.next_segment(length)?;
        self.preparer.ask(next_capacity(&self.options, next.capacity));
        let place = (next.file.clone(), next.header.number, next.end);
        self.segment = Ok(next);
        Ok(place)
    }

    /// Begins a segment behind the one there is.
    fn next_segment(&mut self, length: u64) -> Result<Current, AuditError> {
        if let Err(abandoned) = &mut self.segment
            && !abandoned.verified
        {
            verify(self.disk.as_ref(), abandoned, self.next_sequence)?;
            abandoned.verified = true;
        }
        let (before, end, capacity) = match &self.segment {
            Ok(current) => (&current.header, current.end, current.capacity),
            Err(abandoned) => (&abandoned.header, abandoned.end, self.options.first_segment),
        };
        // A segment without an acknowledged record is replaced, so that numbers have no gaps.
        let (number, previous_end) = if end == HEADER {
            (before.number, before.previous_end)
        } else {
            (before.number + 1, end)
        };
        let header = Header {
            log_id: before.log_id,
            number,
            first_sequence: self.next_sequence,
            highest_revision: self.highest_revision,
            previous_end,
            begun: self.clock.now(),
        };
        let least = HEADER + length;
        let ready = self.preparer.take().filter(|spare| spare.capacity >= least);
        let spare = match ready {
            Some(spare) => spare,
            // A disk that is nearly full may have room for a small one.
            None => Spare::make(
                self.disk.as_ref(),
                next_capacity(&self.options, capacity).max(least),
            )
            .or_else(|_| Spare::make(self.disk.as_ref(), self.options.first_segment.max(least)))?,
        };
        let adopted = spare.adopt(
            self.disk.as_ref(),
            &header.encode(),
            &segment::name_of(header.number),
        );
        let spare = match adopted {
            Ok(spare) => spare,
            Err(cause) => {
                // It may have its name already, and then what is written to the segment before is not part of
                // the log any more.
                self.abandon();
                return Err(cause);
            }
        };
        Ok(Current {
            file: spare.file,
            header,
            capacity: spare.capacity,
            end: HEADER,
        })
    }

    /// Gives the segment up: after a failed write or flush nobody knows what of it is on disk, and a second
    /// flush of the same descriptor would claim to succeed; after a failed step to the next nobody knows whether
    /// that one is there.
    fn abandon(&mut self) {
        if let Ok(current) = &self.segment {
            self.segment = Err(Abandoned {
                header: current.header.clone(),
                end: current.end,
                verified: false,
            });
        }
    }

    fn report(&self, failure: Option<&AuditError>) {
        let failing = matches!(*self.health.borrow(), Health::Failing { .. });
        match failure {
            None if failing => {
                tracing::info!("the audit log records again");
                self.health.send_replace(Health::Ok);
            }
            None => {}
            Some(cause) => {
                if !failing {
                    tracing::error!(%cause, "calls are refused: the audit log cannot record them");
                }
                let now = self.clock.now();
                self.health.send_modify(|health| {
                    let since = match health {
                        Health::Failing { since, .. } => *since,
                        Health::Ok => now,
                    };
                    *health = Health::Failing {
                        path: cause.path().unwrap_or(self.disk.dir()).to_owned(),
                        reason: cause.to_string(),
                        since,
                    };
                });
            }
        }
    }
}

/// Tells the queue that nobody takes from it any more, however the writer ended.
struct OnEnd(Arc<Queue>);

impl Drop for OnEnd {
    fn drop(&mut self) {
        self.0.closed();
    }
}

/// The size of the segment after one of `capacity` bytes.
fn next_capacity(options: &Options, capacity: u64) -> u64 {
    capacity
        .saturating_mul(4)
        .clamp(options.first_segment, options.segment.max(options.first_segment))
}

/// Reads the acknowledged records of an abandoned segment once more.
fn verify(disk: &dyn Disk, abandoned: &Abandoned, next_sequence: u64) -> Result<(), AuditError> {
    if abandoned.end == HEADER {
        // There are none, and another file may have taken its place.
        return Ok(());
    }
    let name = segment::name_of(abandoned.header.number);
    let path = disk.path(&name);
    let file = disk.open(&name, false).map_err(AuditError::io("open", &path))?;
    let header = Header::read(disk, &name, file.as_ref())?;
    let mut scan = Scan::start(file, &header);
    while scan.offset() < abandoned.end {
        match scan.step().map_err(AuditError::io("read", &path))? {
            Step::Record { .. } => {}
            Step::Blank | Step::Broken(_) => break,
        }
    }
    if header != abandoned.header || scan.offset() != abandoned.end || scan.sequence() != next_sequence {
        let what = "records that were durable cannot be read again";
        return Err(AuditError::damaged(&path, scan.offset(), what));
    }
    Ok(())
}

/// Completes the heads of a group's records; how many there are.
fn seal(records: &mut [u8], first_sequence: u64, checksum: Checksum) -> u64 {
    let (mut rest, mut distance, mut sequence) = (records, 0_u32, first_sequence);
    while let Some(length) = record_length(rest) {
        let Some((record, after)) = rest.split_at_mut_checked(length) else {
            break;
        };
        if let Some((head, frame)) = record.split_first_chunk_mut::<RECORD_HEAD>() {
            *head = RecordHead {
                length: frame.len() as u32,
                checksum: checksum.of(sequence, distance, frame),
                distance,
                sequence: sequence as u32,
            }
            .encode();
        }
        // INVARIANT: a group stays far below 4 GiB; see the limits on the queue and on lagging changes.
        distance = distance.wrapping_add(length as u32);
        sequence += 1;
        rest = after;
    }
    sequence - first_sequence
}

/// The length with its head of the record that `records` begins with.
fn record_length(records: &[u8]) -> Option<usize> {
    let length = records.first_chunk::<4>()?;
    Some(RECORD_HEAD + u32::from_be_bytes(*length) as usize)
}

/// The records of a group, heads and all.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (record, rest) = self.0.split_at_checked(record_length(self.0)?)?;
        self.0 = rest;
        Some(record)
    }
}

impl ChangeLag {
    /// Counts one more change.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.changes += 1;
        self.bytes += bytes;
    }
}
