//! Making durable. The flush itself runs outside the lock, so that others go on meanwhile; it covers what was
//! written down before it began.

use libc::{c_int, c_uint, off_t};

use super::{fail, held, hook};
use crate::format::{DROPPED, Operation};
use crate::ledger::{Record, ledger};
use crate::path::Place;
use crate::rules::{Verdict, consult};
use crate::sys;
use crate::world::world;

hook!(fsync: (fd: c_int) -> c_int {
    flush(Operation::Flush, fd, || sys::fsync(fd))
});
hook!(fdatasync: (fd: c_int) -> c_int {
    flush(Operation::FlushData, fd, || sys::fdatasync(fd))
});
hook!(sync_file_range: (fd: c_int, offset: off_t, length: off_t, flags: c_uint) -> c_int {
    flush(Operation::FlushRange, fd, || sys::sync_file_range(fd, offset, length, flags))
});
hook!(syncfs: (fd: c_int) -> c_int {
    if let Some((world, slot)) = held(fd) {
        ledger().violation(world, "a flush of the whole file system", &slot.place);
    }
    sys::syncfs(fd)
});
// Without a return type in C: what is answered here is not looked at.
hook!(sync: () -> c_int {
    if let Some(world) = world() {
        ledger().violation(world, "a flush of all file systems", &Place::EMPTY);
    }
    sys::sync()
});

fn flush(operation: Operation, fd: c_int, call: impl FnOnce() -> c_int) -> c_int {
    let Some((world, slot)) = held(fd) else {
        return call();
    };
    let verdict = consult(world, operation, &slot.place);
    let covered = ledger().sequence(world);
    let answer = match verdict {
        Verdict::Fail(errno) => fail(errno),
        Verdict::Drop => 0,
        Verdict::Proceed | Verdict::Short(_) => call(),
    };
    let error = if answer == 0 { 0 } else { sys::errno() };
    ledger().append(
        world,
        Record {
            flags: if verdict == Verdict::Drop { DROPPED } else { 0 },
            fd,
            error,
            numbers: [covered, 0, 0],
            ..Record::of(operation)
        },
    );
    if answer != 0 {
        sys::set_errno(error);
    }
    answer
}
