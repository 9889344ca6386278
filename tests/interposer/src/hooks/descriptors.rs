//! Opening, duplicating and closing: which descriptor means which file.

use std::sync::atomic::{AtomicPtr, Ordering};

use libc::{AT_FDCWD, DIR, c_char, c_int, c_void, mode_t};

use super::{fail, hook, named};
use crate::format::Operation;
use crate::ledger::{Record, is_recorded, ledger};
use crate::rules::{Verdict, consult};
use crate::sys;
use crate::world::world;

// The functions that C declares with `…` read their last argument whether or not it was passed: it then holds
// whatever its register held, and is not looked at.
hook!(open | open64: (path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    open_at(AT_FDCWD, path, flags, mode)
});
hook!(openat | openat64: (directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    open_at(directory, path, flags, mode)
});
hook!(creat | creat64: (path: *const c_char, mode: mode_t) -> c_int {
    open_at(AT_FDCWD, path, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, mode)
});

fn open_at(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let Some((world, place)) = named(directory, path) else {
        return sys::openat(directory, path, flags, mode);
    };
    let may_create = flags & libc::O_CREAT != 0;
    let operation = if may_create {
        Operation::Create
    } else {
        Operation::Open
    };
    if let Verdict::Fail(errno) = consult(world, operation, &place) {
        return fail(errno);
    }
    let mut ledger = ledger();
    let existed = !may_create || sys::status(directory, Some(path)).is_some();
    let fd = sys::openat(directory, path, flags, mode);
    if fd < 0 {
        return fd;
    }
    if flags & libc::O_TMPFILE == libc::O_TMPFILE {
        ledger.violation(world, "a file without a name", &place);
        return fd;
    }
    let Some(status) = sys::status(fd, None) else {
        sys::die("an open file has no status");
    };
    let directory = status.st_mode & libc::S_IFMT == libc::S_IFDIR;
    ledger.mark(fd, directory, flags & libc::O_APPEND != 0, place);
    ledger.append(
        world,
        Record {
            fd,
            numbers: [flags as u64, status.st_ino, u64::from(status.st_mode & 0o7777)],
            path: place.bytes(),
            ..Record::of(if existed {
                Operation::Open
            } else {
                Operation::Create
            })
        },
    );
    fd
}

hook!(close: (fd: c_int) -> c_int {
    if !is_recorded(fd) {
        return sys::close(fd);
    }
    let mut ledger = ledger();
    forget(&mut ledger, fd);
    sys::close(fd)
});

/// Writes down that `fd` is about to be closed.
fn forget(ledger: &mut crate::ledger::Ledger, fd: c_int) {
    if ledger.unmark(fd)
        && let Some(world) = world()
    {
        ledger.append(
            world,
            Record {
                fd,
                ..Record::of(Operation::Close)
            },
        );
    }
}

// The C library closes the descriptor behind a `DIR` by its own inner name.
hook!(closedir: (directory: *mut DIR) -> c_int {
    // SAFETY: the program gives a `DIR` that is open, since it may close it.
    let fd = unsafe { libc::dirfd(directory) };
    let mut ledger = ledger();
    forget(&mut ledger, fd);
    let Some(next) = next_closedir() else {
        sys::die("the C library has no closedir");
    };
    // SAFETY: as above; `next` is the C library's function of this name and type.
    unsafe { next(directory) }
});

type CloseDirectory = unsafe extern "C" fn(*mut DIR) -> c_int;

fn next_closedir() -> Option<CloseDirectory> {
    static NEXT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
    let mut next = NEXT.load(Ordering::Acquire);
    if next.is_null() {
        // SAFETY: the name ends in a zero.
        next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"closedir".as_ptr()) };
        NEXT.store(next, Ordering::Release);
    }
    // SAFETY: a null pointer is `None`; any other is the function of this name, whose type POSIX gives.
    unsafe { std::mem::transmute::<*mut c_void, Option<CloseDirectory>>(next) }
}

hook!(dup: (fd: c_int) -> c_int {
    duplicate(fd, || sys::dup(fd))
});
hook!(dup2: (fd: c_int, new: c_int) -> c_int {
    if fd == new {
        return if sys::fcntl(fd, libc::F_GETFD, 0) < 0 { -1 } else { new };
    }
    duplicate_to(fd, new, 0)
});
hook!(dup3: (fd: c_int, new: c_int, flags: c_int) -> c_int {
    duplicate_to(fd, new, flags)
});
hook!(fcntl | fcntl64: (fd: c_int, command: c_int, argument: usize) -> c_int {
    match command {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => duplicate(fd, || sys::fcntl(fd, command, argument)),
        _ => sys::fcntl(fd, command, argument),
    }
});

fn duplicate_to(fd: c_int, new: c_int, flags: c_int) -> c_int {
    if is_recorded(new) {
        forget(&mut ledger(), new);
    }
    duplicate(fd, || sys::dup3(fd, new, flags))
}

/// Makes a copy of `fd`, recorded if `fd` is.
fn duplicate(fd: c_int, copy: impl FnOnce() -> c_int) -> c_int {
    let Some(world) = is_recorded(fd).then(world).flatten() else {
        return copy();
    };
    let mut ledger = ledger();
    let new = copy();
    if new >= 0
        && let Some(slot) = ledger.slot(fd)
    {
        ledger.mark(new, slot.directory, slot.appends, slot.place);
        ledger.append(
            world,
            Record {
                fd: new,
                numbers: [fd as u64, 0, 0],
                ..Record::of(Operation::Duplicate)
            },
        );
    }
    new
}
