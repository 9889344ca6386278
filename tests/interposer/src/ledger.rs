//! Which descriptors are recorded, and the op log.
//!
//! One lock is held while an operation is done and written down, so that the log's order is the order of effects. Only
//! calls on files below the root take it; flushes are done outside it.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use libc::{c_int, iovec};

use crate::format::{Header, LENGTH_WORD, Operation, SEQUENCE_WORD, VIOLATIONS_WORD};
use crate::path::{self, Place};
use crate::sys;
use crate::world::World;

/// Descriptors below this number can be recorded.
const DESCRIPTORS: usize = 1 << 16;
/// Recorded descriptors at a time.
const SLOTS: usize = 2048;

/// For each descriptor the number of its slot and one, or 0: read without the lock on each call.
static RECORDED: [AtomicU16; DESCRIPTORS] = [const { AtomicU16::new(0) }; DESCRIPTORS];
static LEDGER: Mutex<Ledger> = Mutex::new(Ledger {
    log: 0,
    slots: [Slot::FREE; SLOTS],
});

/// The log and what is recorded, while its lock is held.
pub(crate) struct Ledger {
    /// 0 until the first record: then the descriptor of the op log.
    log: c_int,
    slots: [Slot; SLOTS],
}

/// What is known of a recorded descriptor.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    used: bool,
    pub(crate) directory: bool,
    pub(crate) appends: bool,
    pub(crate) place: Place,
}

impl Slot {
    const FREE: Slot = Slot {
        used: false,
        directory: false,
        appends: false,
        place: Place::EMPTY,
    };
}

/// Whether `fd` was opened below the root.
pub(crate) fn is_recorded(fd: c_int) -> bool {
    slot_of(fd).is_some()
}

fn slot_of(fd: c_int) -> Option<usize> {
    let mark = RECORDED.get(usize::try_from(fd).ok()?)?.load(Ordering::Acquire);
    usize::from(mark).checked_sub(1)
}

/// Takes the lock.
pub(crate) fn ledger() -> MutexGuard<'static, Ledger> {
    LEDGER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A record before it has a length and a place in the order.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) operation: Operation,
    pub(crate) flags: u8,
    pub(crate) fd: c_int,
    pub(crate) error: c_int,
    pub(crate) numbers: [u64; 3],
    pub(crate) path: &'a [u8],
    pub(crate) second: &'a [u8],
    /// The data, and how many bytes of it count.
    pub(crate) data: (&'a [iovec], usize),
}

impl Record<'_> {
    pub(crate) const fn of(operation: Operation) -> Record<'static> {
        Record {
            operation,
            flags: 0,
            fd: -1,
            error: 0,
            numbers: [0; 3],
            path: &[],
            second: &[],
            data: (&[], 0),
        }
    }
}

impl Ledger {
    /// What is known of `fd`, if it is recorded.
    pub(crate) fn slot(&self, fd: c_int) -> Option<Slot> {
        self.slots.get(slot_of(fd)?).copied()
    }

    /// From now on `fd` is recorded.
    pub(crate) fn mark(&mut self, fd: c_int, directory: bool, appends: bool, place: Place) {
        self.unmark(fd);
        let free = self.slots.iter().position(|slot| !slot.used);
        let room = free.and_then(|free| Some((free, self.slots.get_mut(free)?)));
        let mark = usize::try_from(fd).ok().and_then(|fd| RECORDED.get(fd));
        let (Some((free, slot)), Some(mark)) = (room, mark) else {
            sys::die("too many open files below the root");
        };
        *slot = Slot {
            used: true,
            directory,
            appends,
            place,
        };
        mark.store(free as u16 + 1, Ordering::Release);
    }

    /// `fd` is recorded no more. True if it was.
    pub(crate) fn unmark(&mut self, fd: c_int) -> bool {
        let Some(used) = slot_of(fd) else { return false };
        if let Some(slot) = self.slots.get_mut(used) {
            *slot = Slot::FREE;
        }
        if let Some(mark) = usize::try_from(fd).ok().and_then(|fd| RECORDED.get(fd)) {
            mark.store(0, Ordering::Release);
        }
        true
    }

    /// Descriptors opened by the name `from`, or by one below it, are known by `to` from now on.
    pub(crate) fn renamed(&mut self, from: &Place, to: &Place) {
        for slot in self.slots.iter_mut().filter(|slot| slot.used) {
            let moved = match path::below(from.bytes(), slot.place.bytes()) {
                Some([]) => Some(*to),
                Some(rest) => {
                    let mut place = *to;
                    (place.push(b"/") && place.push(rest)).then_some(place)
                }
                None => continue,
            };
            slot.place = moved.unwrap_or_else(|| sys::die("a path below the root is too long to record"));
        }
    }

    /// The sequence number of the last operation.
    pub(crate) fn sequence(&self, world: &World) -> u64 {
        world.word(SEQUENCE_WORD).load(Ordering::Acquire)
    }

    /// Writes down that something happened which the model does not cover.
    pub(crate) fn violation(&mut self, world: &World, what: &str, place: &Place) {
        let mut text = Place::EMPTY;
        if !(text.push(what.as_bytes()) && text.push(b": ") && text.push(place.bytes())) {
            text = Place::new(what.as_bytes()).unwrap_or(Place::EMPTY);
        }
        world.word(VIOLATIONS_WORD).fetch_add(1, Ordering::Relaxed);
        self.append(
            world,
            Record {
                path: text.bytes(),
                ..Record::of(Operation::Violation)
            },
        );
    }

    /// Writes a record. When it returns, the record is in the log as far as other processes can see.
    pub(crate) fn append(&mut self, world: &World, record: Record<'_>) {
        if self.log == 0 {
            self.begin(world);
        }
        let (data, counted) = record.data;
        let length = crate::format::HEADER + record.path.len() + record.second.len() + counted;
        let Ok(whole) = u32::try_from(length) else {
            sys::die("a write of more than 4 GiB");
        };
        let sequence = self.sequence(world) + 1;
        let header = Header {
            length: whole,
            operation: record.operation,
            flags: record.flags,
            path: record.path.len() as u16,
            second: record.second.len() as u16,
            sequence,
            fd: record.fd,
            error: record.error,
            numbers: record.numbers,
        };
        let end = world.word(LENGTH_WORD).load(Ordering::Acquire);
        let mut at = end;
        let mut put = |bytes: *const libc::c_void, length: usize| {
            self.write_log(bytes, length, at);
            at += length as u64;
        };
        let bytes = header.encode();
        for text in [&bytes, record.path, record.second] {
            put(text.as_ptr().cast(), text.len());
        }
        let mut left = counted;
        for part in data {
            let length = part.iov_len.min(left);
            put(part.iov_base, length);
            left -= length;
        }
        world
            .word(LENGTH_WORD)
            .store(end + length as u64, Ordering::Release);
        world.word(SEQUENCE_WORD).store(sequence, Ordering::Release);
    }

    /// Opens the log for this process alone, and says in it that the process began.
    fn begin(&mut self, world: &World) {
        self.log = world.open_log();
        if sys::flock(self.log, libc::LOCK_EX | libc::LOCK_NB) != 0 {
            sys::die("the op log is in use by another process");
        }
        self.append(
            world,
            Record {
                numbers: [u64::from(std::process::id()), 0, 0],
                ..Record::of(Operation::Start)
            },
        );
    }

    fn write_log(&self, bytes: *const libc::c_void, length: usize, at: u64) {
        let mut done = 0;
        while done < length {
            let written = sys::pwrite(
                self.log,
                bytes.wrapping_byte_add(done),
                length - done,
                (at + done as u64) as libc::off_t,
            );
            match usize::try_from(written) {
                Ok(written) if written > 0 => done += written,
                _ if sys::errno() == libc::EINTR => {}
                _ => sys::die("the op log can't be written"),
            }
        }
    }
}
