//! Writing, cutting and allocating.

use libc::{AT_FDCWD, c_char, c_int, c_void, iovec, off_t};

use super::{fail, held, hook, named};
use crate::format::Operation;
use crate::ledger::{Record, ledger};
use crate::rules::{Verdict, consult};
use crate::sys;

hook!(write: (fd: c_int, data: *const c_void, length: usize) -> isize {
    record_write(fd, &[part(data, length)], None)
        .unwrap_or_else(|| sys::write(fd, data, length))
});
hook!(pwrite | pwrite64: (fd: c_int, data: *const c_void, length: usize, offset: off_t) -> isize {
    record_write(fd, &[part(data, length)], Some(offset))
        .unwrap_or_else(|| sys::pwrite(fd, data, length, offset))
});
hook!(writev: (fd: c_int, parts: *const iovec, count: c_int) -> isize {
    record_vector(fd, parts, count, None).unwrap_or_else(|| sys::writev(fd, parts, count))
});
hook!(pwritev | pwritev64: (fd: c_int, parts: *const iovec, count: c_int, offset: off_t) -> isize {
    record_vector(fd, parts, count, Some(offset)).unwrap_or_else(|| sys::pwritev(fd, parts, count, offset))
});
hook!(pwritev2 | pwritev64v2: (fd: c_int, parts: *const iovec, count: c_int, offset: off_t, flags: c_int) -> isize {
    if held(fd).is_some() {
        // Its flags change what a write promises; nobody needs it below the root.
        return fail(libc::EOPNOTSUPP);
    }
    sys::pwritev2(fd, parts, count, offset, flags)
});

fn part(data: *const c_void, length: usize) -> iovec {
    iovec {
        iov_base: data.cast_mut(),
        iov_len: length,
    }
}

fn record_vector(fd: c_int, parts: *const iovec, count: c_int, offset: Option<off_t>) -> Option<isize> {
    held(fd)?;
    let count = usize::try_from(count).ok().filter(|count| *count <= 1024)?;
    // SAFETY: the program gives `count` parts, of which the kernel takes at most 1024.
    record_write(fd, unsafe { std::slice::from_raw_parts(parts, count) }, offset)
}

/// `None` if `fd` is not recorded.
fn record_write(fd: c_int, parts: &[iovec], offset: Option<off_t>) -> Option<isize> {
    let (world, slot) = held(fd)?;
    let shortened;
    let parts = match consult(world, Operation::Write, &slot.place) {
        Verdict::Fail(errno) => return Some(fail(errno)),
        Verdict::Short(most) => {
            let first = parts.iter().find(|part| part.iov_len > 0)?;
            shortened = [part(first.iov_base, first.iov_len.min(most))];
            &shortened[..]
        }
        Verdict::Proceed | Verdict::Drop => parts,
    };
    let mut ledger = ledger();
    if slot.directory {
        // No one can write to a directory: it was closed unseen, and its number is another's by now.
        ledger.unmark(fd);
        return None;
    }
    let end = || sys::status(fd, None).map_or(0, |status| status.st_size);
    let start = if slot.appends { Some(end()) } else { offset };
    let count = parts.len() as c_int;
    let written = match offset {
        Some(offset) => sys::pwritev(fd, parts.as_ptr(), count, offset),
        None => sys::writev(fd, parts.as_ptr(), count),
    };
    let Ok(counted) = usize::try_from(written) else {
        return Some(written);
    };
    // A plain write moved the descriptor's own offset to its end.
    let start = start.unwrap_or_else(|| sys::lseek(fd, 0, libc::SEEK_CUR) - written as off_t);
    ledger.append(
        world,
        Record {
            fd,
            numbers: [start as u64, counted as u64, 0],
            data: (parts, counted),
            ..Record::of(Operation::Write)
        },
    );
    Some(written)
}

hook!(ftruncate | ftruncate64: (fd: c_int, size: off_t) -> c_int {
    let Some((world, slot)) = held(fd) else {
        return sys::ftruncate(fd, size);
    };
    if let Verdict::Fail(errno) = consult(world, Operation::Resize, &slot.place) {
        return fail(errno);
    }
    let mut ledger = ledger();
    let answer = sys::ftruncate(fd, size);
    if answer == 0 {
        ledger.append(world, Record { fd, numbers: [size as u64, 0, 0], ..Record::of(Operation::Resize) });
    }
    answer
});
hook!(truncate | truncate64: (path: *const c_char, size: off_t) -> c_int {
    let Some((world, place)) = named(AT_FDCWD, path) else {
        return sys::truncate(path, size);
    };
    if let Verdict::Fail(errno) = consult(world, Operation::Resize, &place) {
        return fail(errno);
    }
    let mut ledger = ledger();
    let answer = sys::truncate(path, size);
    if answer == 0 {
        let record = Record::of(Operation::Resize);
        ledger.append(world, Record { path: place.bytes(), numbers: [size as u64, 0, 0], ..record });
    }
    answer
});

hook!(fallocate | fallocate64: (fd: c_int, mode: c_int, offset: off_t, length: off_t) -> c_int {
    let Some((world, slot)) = held(fd) else {
        return sys::fallocate(fd, mode, offset, length);
    };
    if let Verdict::Fail(errno) = consult(world, Operation::Allocate, &slot.place) {
        return fail(errno);
    }
    let mut ledger = ledger();
    let answer = sys::fallocate(fd, mode, offset, length);
    if answer == 0 {
        let numbers = [mode as u64, offset as u64, length as u64];
        ledger.append(world, Record { fd, numbers, ..Record::of(Operation::Allocate) });
    }
    answer
});
// Answers the error number itself. Where a file system can't allocate, the C library writes zeros instead; here it fails.
hook!(posix_fallocate | posix_fallocate64: (fd: c_int, offset: off_t, length: off_t) -> c_int {
    let before = sys::errno();
    // SAFETY: plain numbers; this is the function above, or stands in for it.
    let answer = unsafe { libc::fallocate(fd, 0, offset, length) };
    let error = if answer == 0 { 0 } else { sys::errno() };
    sys::set_errno(before);
    error
});
