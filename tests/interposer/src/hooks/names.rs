//! Directories and their entries, and permissions.

use libc::{AT_FDCWD, AT_REMOVEDIR, c_char, c_int, c_uint, mode_t};

use super::{fail, held, hook, named};
use crate::format::Operation;
use crate::ledger::{Record, ledger};
use crate::rules::{Verdict, consult, consult_any};
use crate::sys;

hook!(rename: (from: *const c_char, to: *const c_char) -> c_int {
    rename_at(AT_FDCWD, from, AT_FDCWD, to, 0)
});
hook!(renameat: (from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char) -> c_int {
    rename_at(from_at, from, to_at, to, 0)
});
hook!(renameat2: (from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char, flags: c_uint) -> c_int {
    rename_at(from_at, from, to_at, to, flags)
});

fn rename_at(from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char, flags: c_uint) -> c_int {
    let call = || sys::renameat2(from_at, from, to_at, to, flags);
    let operation = Operation::Rename;
    two_names(
        operation,
        (from_at, from),
        (to_at, to),
        flags & !libc::RENAME_NOREPLACE == 0,
        call,
    )
}

hook!(link: (from: *const c_char, to: *const c_char) -> c_int {
    link_at(AT_FDCWD, from, AT_FDCWD, to, 0)
});
hook!(linkat: (from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char, flags: c_int) -> c_int {
    link_at(from_at, from, to_at, to, flags)
});

fn link_at(from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char, flags: c_int) -> c_int {
    let call = || sys::linkat(from_at, from, to_at, to, flags);
    two_names(
        Operation::Link,
        (from_at, from),
        (to_at, to),
        flags & libc::AT_EMPTY_PATH == 0,
        call,
    )
}

/// A rename or a link. It is a violation unless `plain`, and if only one of its ends is below the root.
fn two_names(
    operation: Operation,
    from: (c_int, *const c_char),
    to: (c_int, *const c_char),
    plain: bool,
    call: impl FnOnce() -> c_int,
) -> c_int {
    let (world, from, to) = match (named(from.0, from.1), named(to.0, to.1)) {
        (None, None) => return call(),
        (Some((world, from)), Some((_, to))) if plain => (world, from, to),
        (Some((world, place)), _) | (_, Some((world, place))) => {
            ledger().violation(world, "a rename or link of an unusual kind", &place);
            return call();
        }
    };
    if let Verdict::Fail(errno) = consult_any(world, operation, &[&from, &to]) {
        return fail(errno);
    }
    let mut ledger = ledger();
    let answer = call();
    if answer == 0 {
        if operation == Operation::Rename {
            ledger.renamed(&from, &to);
        }
        ledger.append(
            world,
            Record {
                path: from.bytes(),
                second: to.bytes(),
                ..Record::of(operation)
            },
        );
    }
    answer
}

hook!(unlink: (path: *const c_char) -> c_int {
    one_name(Operation::Unlink, AT_FDCWD, path, || sys::unlinkat(AT_FDCWD, path, 0))
});
hook!(rmdir: (path: *const c_char) -> c_int {
    one_name(Operation::RemoveDirectory, AT_FDCWD, path, || sys::unlinkat(AT_FDCWD, path, AT_REMOVEDIR))
});
hook!(unlinkat: (directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    let operation =
        if flags & AT_REMOVEDIR == 0 { Operation::Unlink } else { Operation::RemoveDirectory };
    one_name(operation, directory, path, || sys::unlinkat(directory, path, flags))
});
// The C library's own does the same by its inner names.
hook!(remove: (path: *const c_char) -> c_int {
    let is_directory =
        sys::status(AT_FDCWD, Some(path)).is_some_and(|status| status.st_mode & libc::S_IFMT == libc::S_IFDIR);
    let (operation, flags) =
        if is_directory { (Operation::RemoveDirectory, AT_REMOVEDIR) } else { (Operation::Unlink, 0) };
    one_name(operation, AT_FDCWD, path, || sys::unlinkat(AT_FDCWD, path, flags))
});
hook!(mkdir: (path: *const c_char, mode: mode_t) -> c_int {
    one_name(Operation::MakeDirectory, AT_FDCWD, path, || sys::mkdirat(AT_FDCWD, path, mode))
});
hook!(mkdirat: (directory: c_int, path: *const c_char, mode: mode_t) -> c_int {
    one_name(Operation::MakeDirectory, directory, path, || sys::mkdirat(directory, path, mode))
});
hook!(chmod: (path: *const c_char, mode: mode_t) -> c_int {
    one_name(Operation::Mode, AT_FDCWD, path, || sys::fchmodat(AT_FDCWD, path, mode))
});
hook!(fchmodat: (directory: c_int, path: *const c_char, mode: mode_t, flags: c_int) -> c_int {
    if flags != 0 {
        // The model has no links whose own mode could be set.
        return fail(libc::EOPNOTSUPP);
    }
    one_name(Operation::Mode, directory, path, || sys::fchmodat(directory, path, mode))
});

/// A call that changes one entry, or what it names.
fn one_name(
    operation: Operation,
    directory: c_int,
    path: *const c_char,
    call: impl FnOnce() -> c_int,
) -> c_int {
    let Some((world, place)) = named(directory, path) else {
        return call();
    };
    if let Verdict::Fail(errno) = consult(world, operation, &place) {
        return fail(errno);
    }
    let mut ledger = ledger();
    let answer = call();
    if answer == 0 {
        let mode = sys::status(directory, Some(path)).map_or(0, |status| status.st_mode & 0o7777);
        ledger.append(
            world,
            Record {
                path: place.bytes(),
                numbers: [u64::from(mode), 0, 0],
                ..Record::of(operation)
            },
        );
    }
    answer
}

hook!(fchmod: (fd: c_int, mode: mode_t) -> c_int {
    let Some((world, slot)) = held(fd) else {
        return sys::fchmod(fd, mode);
    };
    if let Verdict::Fail(errno) = consult(world, Operation::Mode, &slot.place) {
        return fail(errno);
    }
    let mut ledger = ledger();
    let answer = sys::fchmod(fd, mode);
    if answer == 0 {
        ledger.append(world, Record { fd, numbers: [u64::from(mode & 0o7777), 0, 0], ..Record::of(Operation::Mode) });
    }
    answer
});
hook!(symlink: (target: *const c_char, path: *const c_char) -> c_int {
    symbolic(target, AT_FDCWD, path)
});
hook!(symlinkat: (target: *const c_char, directory: c_int, path: *const c_char) -> c_int {
    symbolic(target, directory, path)
});

fn symbolic(target: *const c_char, directory: c_int, path: *const c_char) -> c_int {
    if let Some((world, place)) = named(directory, path) {
        ledger().violation(world, "a symbolic link", &place);
    }
    sys::symlinkat(target, directory, path)
}
