//! Ways to change a file that the op log could not tell: noted as violations, or refused so that the program takes
//! the plain way.

use libc::{c_int, c_uint, c_void, off_t};

use super::{fail, held, hook};
use crate::ledger::{is_recorded, ledger};
use crate::sys;

hook!(mmap | mmap64: (address: *mut c_void, length: usize, protection: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void {
    // Shared and "shared, checked" have this bit in common; a private mapping has not.
    if fd >= 0
        && flags & libc::MAP_SHARED != 0
        && protection & libc::PROT_WRITE != 0
        && let Some((world, slot)) = held(fd)
    {
        ledger().violation(world, "a writable shared mapping", &slot.place);
    }
    sys::mmap(address, length, protection, flags, fd, offset)
});

// Callers of these read and write instead when they are told that it can't be done.
hook!(copy_file_range: (from: c_int, from_offset: *mut off_t, to: c_int, to_offset: *mut off_t, length: usize, flags: c_uint) -> isize {
    if is_recorded(to) {
        return fail(libc::EINVAL);
    }
    sys::copy_file_range(from, from_offset, to, to_offset, length, flags)
});
hook!(sendfile | sendfile64: (to: c_int, from: c_int, offset: *mut off_t, length: usize) -> isize {
    if is_recorded(to) {
        return fail(libc::EINVAL);
    }
    sys::sendfile(to, from, offset, length)
});
hook!(splice: (from: c_int, from_offset: *mut off_t, to: c_int, to_offset: *mut off_t, length: usize, flags: c_uint) -> isize {
    if is_recorded(to) {
        return fail(libc::EINVAL);
    }
    sys::splice(from, from_offset, to, to_offset, length, flags)
});
