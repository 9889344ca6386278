//! The system calls themselves, below the C library's names, so that nothing here meets a hook again.
//!
//! Each returns what the C function would, and sets `errno` likewise. The pointers are those that the program gave to
//! the C function: the kernel checks them and answers EFAULT, as it would without the interposer.

use libc::{c_char, c_int, c_uint, c_void, iovec, mode_t, off_t};

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("offsets are passed in one register here, as 64-bit Linux does");

macro_rules! system_calls {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty = $number:ident($($passed:expr),*);)*) => {
        $($(#[$doc])*
        pub(crate) fn $name($($argument: $type),*) -> $answer {
            // SAFETY: the number and order of the arguments are the kernel's for this call; it checks the pointers.
            let answer = unsafe { libc::syscall(libc::$number $(, $passed)*) };
            answer as $answer
        })*
    };
}

system_calls! {
    fn openat(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int = SYS_openat(directory, path, flags, mode);
    fn close(fd: c_int) -> c_int = SYS_close(fd);
    fn dup(fd: c_int) -> c_int = SYS_dup(fd);
    fn dup3(fd: c_int, new: c_int, flags: c_int) -> c_int = SYS_dup3(fd, new, flags);
    fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int = SYS_fcntl(fd, command, argument);
    fn flock(fd: c_int, how: c_int) -> c_int = SYS_flock(fd, how);
    fn lseek(fd: c_int, offset: off_t, whence: c_int) -> off_t = SYS_lseek(fd, offset, whence);
    fn write(fd: c_int, data: *const c_void, length: usize) -> isize = SYS_write(fd, data, length);
    fn pwrite(fd: c_int, data: *const c_void, length: usize, offset: off_t) -> isize = SYS_pwrite64(fd, data, length, offset);
    fn writev(fd: c_int, parts: *const iovec, count: c_int) -> isize = SYS_writev(fd, parts, count);
    fn pwritev(fd: c_int, parts: *const iovec, count: c_int, offset: off_t) -> isize = SYS_pwritev(fd, parts, count, offset, 0usize);
    fn pwritev2(fd: c_int, parts: *const iovec, count: c_int, offset: off_t, flags: c_int) -> isize = SYS_pwritev2(fd, parts, count, offset, 0usize, flags);
    fn ftruncate(fd: c_int, size: off_t) -> c_int = SYS_ftruncate(fd, size);
    fn truncate(path: *const c_char, size: off_t) -> c_int = SYS_truncate(path, size);
    fn fallocate(fd: c_int, mode: c_int, offset: off_t, length: off_t) -> c_int = SYS_fallocate(fd, mode, offset, length);
    fn fsync(fd: c_int) -> c_int = SYS_fsync(fd);
    fn fdatasync(fd: c_int) -> c_int = SYS_fdatasync(fd);
    fn sync_file_range(fd: c_int, offset: off_t, length: off_t, flags: c_uint) -> c_int = SYS_sync_file_range(fd, offset, length, flags);
    fn sync() -> c_int = SYS_sync();
    fn syncfs(fd: c_int) -> c_int = SYS_syncfs(fd);
    fn renameat2(from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char, flags: c_uint) -> c_int = SYS_renameat2(from_at, from, to_at, to, flags);
    fn unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int = SYS_unlinkat(directory, path, flags);
    fn mkdirat(directory: c_int, path: *const c_char, mode: mode_t) -> c_int = SYS_mkdirat(directory, path, mode);
    fn linkat(from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char, flags: c_int) -> c_int = SYS_linkat(from_at, from, to_at, to, flags);
    fn symlinkat(target: *const c_char, directory: c_int, path: *const c_char) -> c_int = SYS_symlinkat(target, directory, path);
    fn fchmod(fd: c_int, mode: mode_t) -> c_int = SYS_fchmod(fd, mode);
    fn fchmodat(directory: c_int, path: *const c_char, mode: mode_t) -> c_int = SYS_fchmodat(directory, path, mode);
    fn mmap(address: *mut c_void, length: usize, protection: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void = SYS_mmap(address, length, protection, flags, fd, offset);
    fn copy_file_range(from: c_int, from_offset: *mut off_t, to: c_int, to_offset: *mut off_t, length: usize, flags: c_uint) -> isize = SYS_copy_file_range(from, from_offset, to, to_offset, length, flags);
    fn sendfile(to: c_int, from: c_int, offset: *mut off_t, length: usize) -> isize = SYS_sendfile(to, from, offset, length);
    fn splice(from: c_int, from_offset: *mut off_t, to: c_int, to_offset: *mut off_t, length: usize, flags: c_uint) -> isize = SYS_splice(from, from_offset, to, to_offset, length, flags);
}

/// Sets the caller's `errno`.
pub(crate) fn set_errno(number: c_int) {
    // SAFETY: the C library keeps a valid place for each thread's own `errno`.
    unsafe { *libc::__errno_location() = number };
}

/// The caller's `errno`.
pub(crate) fn errno() -> c_int {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() }
}

/// Status of the file that `fd` or, from there, `path` names, links not followed; `None` if there is none.
pub(crate) fn status(fd: c_int, path: Option<*const c_char>) -> Option<libc::stat> {
    let (path, flags) = match path {
        Some(path) => (path, libc::AT_SYMLINK_NOFOLLOW),
        None => (c"".as_ptr(), libc::AT_EMPTY_PATH),
    };
    let before = errno();
    let mut status = std::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `status` is as large as the call wants; the path is a C string, or the kernel says EFAULT.
    let answer = unsafe { libc::fstatat(fd, path, status.as_mut_ptr(), flags) };
    set_errno(before);
    // SAFETY: all-zero is a valid `stat`, and the kernel has filled it since.
    (answer == 0).then(|| unsafe { status.assume_init() })
}

/// The text of the current directory, or of what an unrecorded descriptor names, put into `room`.
pub(crate) fn directory_of(directory: c_int, room: &mut [u8]) -> Option<&[u8]> {
    let before = errno();
    let length = if directory == libc::AT_FDCWD {
        // SAFETY: the kernel writes at most `room.len()` bytes to `room`, and answers their number with a final zero.
        let answer = unsafe { libc::syscall(libc::SYS_getcwd, room.as_mut_ptr(), room.len()) };
        answer - 1
    } else {
        let mut link = [0u8; 32];
        let name = descriptor_link(directory, &mut link);
        // SAFETY: `name` ends in a zero, and the kernel writes at most `room.len()` bytes to `room`.
        unsafe {
            libc::syscall(
                libc::SYS_readlinkat,
                libc::AT_FDCWD,
                name,
                room.as_mut_ptr(),
                room.len(),
            )
        }
    };
    set_errno(before);
    room.get(..usize::try_from(length).ok()?)
}

/// `/proc/self/fd/N` as a C string, in `room`.
fn descriptor_link(fd: c_int, room: &mut [u8; 32]) -> *const c_char {
    let prefix = b"/proc/self/fd/";
    for (place, byte) in room.iter_mut().zip(prefix) {
        *place = *byte;
    }
    let mut divisor = 1_000_000_000;
    let mut at = prefix.len();
    while divisor > 0 {
        let digit = fd / divisor % 10;
        if (digit > 0 || at > prefix.len() || divisor == 1)
            && let Some(place) = room.get_mut(at)
        {
            *place = b'0' + digit as u8;
            at += 1;
        }
        divisor /= 10;
    }
    room.as_ptr().cast()
}

/// Waits, without holding anything.
pub(crate) fn wait(milliseconds: u64) {
    let span = libc::timespec {
        tv_sec: (milliseconds / 1000) as libc::time_t,
        tv_nsec: (milliseconds % 1000 * 1_000_000) as libc::c_long,
    };
    // SAFETY: `span` lives through the call; no place is given for what is left of it.
    unsafe { libc::nanosleep(&raw const span, std::ptr::null_mut()) };
}

/// Ends this process as `kill -9` would.
pub(crate) fn kill_self() {
    // SAFETY: plain numbers; nothing of this process runs after it.
    unsafe { libc::syscall(libc::SYS_kill, libc::getpid(), libc::SIGKILL) };
}

/// Ends the process with a line on standard error: a recording that goes wrong must not pass for a good one.
pub(crate) fn die(reason: &str) -> ! {
    for part in ["interposer: ", reason, "\n"] {
        write(2, part.as_ptr().cast(), part.len());
    }
    // SAFETY: the call ends the process and does not return.
    unsafe {
        libc::syscall(libc::SYS_exit_group, 97);
        libc::_exit(97)
    }
}
