//! Faults that a recorded program meets, switched on and off while it runs.

use std::io;
use std::time::Duration;

use crate::Recording;
use crate::format::{self, Operation};

/// One kind of fault, in one kind of place.
#[derive(Debug, Clone)]
pub struct Fault {
    action: u64,
    argument: u64,
    operations: u64,
    pattern: String,
    skip: u64,
    times: u64,
}

impl Fault {
    /// Calls do nothing, and fail with `errno` (of `libc`). Writes, unless [`Fault::during`] says otherwise.
    pub fn fail(errno: i32) -> Fault {
        Fault::new(
            format::ACTION_FAIL,
            u64::try_from(errno).unwrap_or(0),
            &[Operation::Write],
        )
    }

    /// Each write writes at most so many bytes, at least one, and says so.
    pub fn short_write(bytes: u64) -> Fault {
        Fault::new(format::ACTION_SHORT, bytes.max(1), &[Operation::Write])
    }

    /// Calls wait before they do anything. Flushes, unless [`Fault::during`] says otherwise.
    pub fn delay(span: Duration) -> Fault {
        let milliseconds = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Fault::new(
            format::ACTION_DELAY,
            milliseconds,
            &[Operation::Flush, Operation::FlushData],
        )
    }

    /// Flushes do nothing, and say they succeeded: the planted fault of a crash test.
    pub fn drop_flush() -> Fault {
        Fault::new(format::ACTION_DROP, 0, &[Operation::Flush, Operation::FlushData])
    }

    /// The process is killed (SIGKILL) instead of the call. Writes and flushes, unless [`Fault::during`] says otherwise.
    pub fn kill() -> Fault {
        Fault::new(
            format::ACTION_KILL,
            0,
            &[Operation::Write, Operation::Flush, Operation::FlushData],
        )
    }

    fn new(action: u64, argument: u64, operations: &[Operation]) -> Fault {
        let fault = Fault {
            action,
            argument,
            operations: 0,
            pattern: "*".to_owned(),
            skip: 0,
            times: u64::MAX,
        };
        fault.during(operations)
    }

    /// The calls it meets: those alone.
    pub fn during(mut self, operations: &[Operation]) -> Fault {
        self.operations = operations
            .iter()
            .fold(0, |mask, operation| mask | operation.bit());
        self
    }

    /// The files it meets, by their path relative to the recorded directory; `*` stands for any text, with slashes too.
    /// All, unless this is said.
    pub fn on(mut self, pattern: impl Into<String>) -> Fault {
        self.pattern = pattern.into();
        self
    }

    /// Lets so many calls pass first. None, unless this is said.
    pub fn after(mut self, calls: u64) -> Fault {
        self.skip = calls;
        self
    }

    /// Then meets so many calls. All, unless this is said.
    pub fn times(mut self, calls: u64) -> Fault {
        self.times = calls;
        self
    }
}

/// A fault in force, until it is lifted.
#[derive(Debug)]
pub struct Injected<'a> {
    recording: &'a Recording,
    slot: usize,
    fault: Fault,
}

impl Injected<'_> {
    /// How many calls it has met so far.
    pub fn met(&self) -> io::Result<u64> {
        let matches = self.recording.word(rule_word(self.slot, format::RULE_MATCHES))?;
        Ok(matches.saturating_sub(self.fault.skip).min(self.fault.times))
    }

    /// Takes it back. Faults that are not lifted stay for as long as the recording.
    pub fn lift(self) -> io::Result<()> {
        self.recording
            .set_word(rule_word(self.slot, format::RULE_STATE), 0)
    }
}

impl Recording {
    /// From the next call on, the recorded program meets `fault`.
    pub fn inject(&self, fault: Fault) -> io::Result<Injected<'_>> {
        let pattern = fault.pattern.as_bytes();
        if pattern.len() > format::PATTERN_BYTES {
            return Err(io::Error::other("the pattern is too long"));
        }
        let _one_at_a_time = self.rules_lock();
        for slot in 0..format::RULE_SLOTS {
            let word = |place| rule_word(slot, place);
            if self.word(word(format::RULE_STATE))? == format::ACTIVE {
                continue;
            }
            self.set_word(word(format::RULE_OPERATIONS), fault.operations)?;
            self.set_word(word(format::RULE_ACTION), fault.action)?;
            self.set_word(word(format::RULE_ARGUMENT), fault.argument)?;
            self.set_word(word(format::RULE_SKIP), fault.skip)?;
            self.set_word(word(format::RULE_TIMES), fault.times)?;
            self.set_word(word(format::RULE_MATCHES), 0)?;
            self.set_word(word(format::RULE_PATTERN_LENGTH), pattern.len() as u64)?;
            for (place, chunk) in pattern.chunks(8).enumerate() {
                let mut bytes = [0; 8];
                bytes
                    .iter_mut()
                    .zip(chunk)
                    .for_each(|(byte, given)| *byte = *given);
                self.set_word(word(format::RULE_PATTERN + place), u64::from_le_bytes(bytes))?;
            }
            self.set_word(word(format::RULE_STATE), format::ACTIVE)?;
            return Ok(Injected {
                recording: self,
                slot,
                fault,
            });
        }
        Err(io::Error::other("too many faults at a time"))
    }
}

fn rule_word(slot: usize, place: usize) -> usize {
    format::FIRST_RULE + slot * format::RULE_WORDS + place
}
