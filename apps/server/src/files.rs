//! Files that are either whole or not there, and secret files that nobody else can read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secret::SecretBuffer;

use crate::limits::SMALL_FILE;

/// The mode of files that hold secrets.
pub(crate) const SECRET: u32 = 0o600;
/// The mode of files that everybody may read.
pub(crate) const PUBLIC: u32 = 0o644;
/// The mode of directories.
pub(crate) const PRIVATE_DIRECTORY: u32 = 0o700;

/// How the name of an unfinished file begins; such a file is worthless and may be removed at any time.
const UNFINISHED: &str = ".unfinished-";

/// A file could not be read, written or made durable.
#[derive(Debug, thiserror::Error)]
#[error("{action} {path}", path = path.display())]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    #[source]
    cause: io::Error,
}

impl FileError {
    pub(crate) fn new(action: &'static str, path: &Path, cause: io::Error) -> FileError {
        FileError {
            action,
            path: path.to_owned(),
            cause,
        }
    }

    /// What the system said.
    pub(crate) fn into_cause(self) -> io::Error {
        self.cause
    }

    /// What the system said.
    pub(crate) fn cause(&self) -> &io::Error {
        &self.cause
    }
}

/// Writes `bytes` to `path` so that a reader, or a start after a crash at any moment, finds the old file or the new
/// one, and never a part. Durable when it returns.
pub(crate) fn write_atomically(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), FileError> {
    let (directory, unfinished) = beside(path)?;
    let failed = |cause| FileError::new("writing", path, cause);
    match fs::remove_file(&unfinished) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(failed(cause)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&unfinished)
        .map_err(failed)?;
    let written = file
        .set_permissions(fs::Permissions::from_mode(mode))
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, path));
    if let Err(cause) = written {
        let _ = fs::remove_file(&unfinished);
        return Err(failed(cause));
    }
    sync_directory(directory)
}

/// Like [`write_atomically`], unless the file already holds just these bytes.
pub(crate) fn write_if_changed(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), FileError> {
    match fs::read(path) {
        Ok(present) if present == bytes => Ok(()),
        _ => write_atomically(path, mode, bytes),
    }
}

/// Removes what crashed writes left in `directory`.
pub(crate) fn remove_unfinished(directory: &Path) -> Result<(), FileError> {
    let failed = |cause| FileError::new("reading", directory, cause);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let path = entry.path();
            fs::remove_file(&path).map_err(|cause| FileError::new("removing", &path, cause))?;
        }
    }
    Ok(())
}

/// Makes `path` a directory of our own, its parents too where they are missing; each new entry is durable.
pub(crate) fn create_directory(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent_of(path);
    create_directory(parent)?;
    match DirBuilder::new().mode(PRIVATE_DIRECTORY).create(path) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
            Err(FileError::new("creating", path, cause))
        }
        _ => sync_directory(parent),
    }
}

/// Makes the entries of a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), FileError> {
    match File::open(path).and_then(|directory| directory.sync_all()) {
        // A parent that we may pass through but not list, such as /home: its entries were there before us.
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        result => result.map_err(|cause| FileError::new("flushing", path, cause)),
    }
}

/// Makes a file's content and its entry durable, whoever wrote it.
pub(crate) fn settle(path: &Path) -> Result<(), FileError> {
    let flushed = File::open(path).and_then(|file| file.sync_all());
    flushed.map_err(|cause| FileError::new("flushing", path, cause))?;
    sync_directory(parent_of(path))
}

/// Reads a small file of secrets.
pub(crate) fn read_secret(path: &Path) -> Result<SecretBuffer, FileError> {
    let failed = |cause| FileError::new("reading", path, cause);
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > SMALL_FILE {
        return Err(failed(io::Error::other(
            "the file is far too large for what it should hold",
        )));
    }
    let mut bytes = SecretBuffer::default();
    let space = bytes.grow(usize::try_from(length).unwrap_or(0));
    file.read_exact(space).map_err(failed)?;
    Ok(bytes)
}

/// Who else than this process's user can read or change a file, in words; `None` if nobody can.
pub(crate) fn exposure(path: &Path) -> Result<Option<String>, FileError> {
    let about = fs::metadata(path).map_err(|cause| FileError::new("reading", path, cause))?;
    let mode = about.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Ok(Some(format!(
            "it can be read or changed by others (mode {mode:04o})"
        )));
    }
    match own_user() {
        Some(user) if about.uid() != user && about.uid() != 0 => {
            Ok(Some(format!("it belongs to another user (uid {})", about.uid())))
        }
        _ => Ok(None),
    }
}

/// The effective user id of this process.
///
/// It comes from the text of `/proc/self/status`, since that file's owner says root once core dumps are off.
fn own_user() -> Option<u32> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The directory that holds `path`; the current one for a bare name.
pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

fn beside(path: &Path) -> Result<(&Path, PathBuf), FileError> {
    let Some(name) = path.file_name() else {
        return Err(FileError::new(
            "writing",
            path,
            io::Error::from(io::ErrorKind::InvalidInput),
        ));
    };
    let mut unfinished = std::ffi::OsString::from(UNFINISHED);
    unfinished.push(name);
    let directory = parent_of(path);
    Ok((directory, directory.join(unfinished)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_with_its_mode_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        fs::write(directory.path().join(".unfinished-root.key"), "half").unwrap();
        write_atomically(&path, SECRET, b"one").unwrap();
        write_atomically(&path, SECRET, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, SECRET);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert_eq!(exposure(&path).unwrap(), None);
    }

    #[test]
    fn a_file_that_others_can_read_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.key");
        write_atomically(&path, 0o640, b"secret").unwrap();
        assert_eq!(
            exposure(&path).unwrap().unwrap(),
            "it can be read or changed by others (mode 0640)"
        );
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        fs::create_dir(&path).unwrap();
        let error = write_atomically(&path, PUBLIC, b"new").unwrap_err();
        assert_eq!(error.to_string(), format!("writing {}", path.display()));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn directories_are_made_with_their_parents() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/c");
        create_directory(&path).unwrap();
        create_directory(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, PRIVATE_DIRECTORY);
    }
}
