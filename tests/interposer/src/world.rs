//! What the environment says, read once at the first call that names a path or a descriptor.

use std::ffi::CStr;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use crate::format::{self, CONTROL_WORDS, MAGIC, MAGIC_WORD};
use crate::path::{self, Absolute, PATH_BYTES, Place};
use crate::sys;

/// Where recording goes on.
pub(crate) struct World {
    root: Absolute,
    log: Absolute,
    control: &'static [AtomicU64; CONTROL_WORDS],
}

static WORLD: OnceLock<Option<World>> = OnceLock::new();

/// `None` in a process whose environment asks for no recording.
pub(crate) fn world() -> Option<&'static World> {
    WORLD.get_or_init(World::from_environment).as_ref()
}

impl World {
    fn from_environment() -> Option<World> {
        let root = variable(format::ROOT)?;
        let (Some(log), Some(rules)) = (variable(format::LOG), variable(format::RULES)) else {
            sys::die("KEYSTEAD_IO_ROOT is set, but KEYSTEAD_IO_LOG or KEYSTEAD_IO_RULES is not");
        };
        Some(World {
            root,
            log,
            control: control(&rules),
        })
    }

    /// A word of the control file.
    pub(crate) fn word(&self, word: usize) -> &'static AtomicU64 {
        self.control
            .get(word)
            .unwrap_or_else(|| sys::die("a word outside the control file"))
    }

    /// Opens the op log.
    pub(crate) fn open_log(&self) -> libc::c_int {
        open(&self.log, libc::O_WRONLY)
    }

    /// Where `path` is below the root, `None` if it is elsewhere. `base` is asked for what a relative path starts at:
    /// a recorded directory's place, if `directory` is one.
    pub(crate) fn place(
        &self,
        directory: libc::c_int,
        path: *const libc::c_char,
        recorded: impl FnOnce() -> Option<Place>,
    ) -> Option<Place> {
        if path.is_null() {
            return None;
        }
        // SAFETY: the program gives the C function a string that ends in a zero and stays as it is through the call.
        let path = unsafe { CStr::from_ptr(path) }.to_bytes();
        let whole = if path.starts_with(b"/") {
            path::absolute(b"", path)?
        } else if let Some(place) = recorded() {
            let base = path::absolute(self.root.bytes(), place.bytes())?;
            path::absolute(base.bytes(), path)?
        } else {
            let mut room = [0; PATH_BYTES];
            path::absolute(sys::directory_of(directory, &mut room)?, path)?
        };
        let below = path::below(self.root.bytes(), whole.bytes())?;
        let place = Place::new(below);
        Some(place.unwrap_or_else(|| sys::die("a path below the root is too long to record")))
    }
}

/// An absolute path from the environment.
fn variable(name: &str) -> Option<Absolute> {
    let mut text = [0u8; 32];
    for (place, byte) in text.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    // SAFETY: `text` is longer than each name, so that it ends in a zero.
    let value = unsafe { libc::getenv(text.as_ptr().cast()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: `getenv` answers a C string, which stays until the program changes its environment; it is copied here.
    let value = unsafe { CStr::from_ptr(value) }.to_bytes();
    if !value.starts_with(b"/") {
        sys::die("the paths in KEYSTEAD_IO_… must be absolute");
    }
    let whole = path::absolute(b"", value).filter(|whole| !whole.bytes().is_empty());
    Some(whole.unwrap_or_else(|| sys::die("a path in KEYSTEAD_IO_… is too long, or the file system's root")))
}

fn open(path: &Absolute, flags: libc::c_int) -> libc::c_int {
    let mut text = [0u8; PATH_BYTES + 1];
    for (place, byte) in text.iter_mut().zip(path.bytes()) {
        *place = *byte;
    }
    let fd = sys::openat(libc::AT_FDCWD, text.as_ptr().cast(), flags | libc::O_CLOEXEC, 0);
    if fd < 0 {
        sys::die("the op log or the control file can't be opened");
    }
    fd
}

/// Maps the control file for the life of the process.
fn control(path: &Absolute) -> &'static [AtomicU64; CONTROL_WORDS] {
    let fd = open(path, libc::O_RDWR);
    let bytes = CONTROL_WORDS * size_of::<AtomicU64>();
    let large_enough = sys::status(fd, None).is_some_and(|status| status.st_size >= bytes as libc::off_t);
    let address = sys::mmap(
        std::ptr::null_mut(),
        bytes,
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_SHARED,
        fd,
        0,
    );
    sys::close(fd);
    if !large_enough || address == libc::MAP_FAILED {
        sys::die("the control file is too small, or can't be mapped");
    }
    // SAFETY: the mapping is page-aligned, as long as the array, backed by the file, and never unmapped; others change
    // it under us, which atomic words allow.
    let words: &'static [AtomicU64; CONTROL_WORDS] = unsafe { &*address.cast() };
    if words
        .get(MAGIC_WORD)
        .is_none_or(|word| word.load(std::sync::atomic::Ordering::Acquire) != MAGIC)
    {
        sys::die("KEYSTEAD_IO_RULES names a file that is no control file");
    }
    words
}
