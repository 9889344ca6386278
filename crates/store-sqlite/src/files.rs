//! The directory and the file, before SQLite opens it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use store::backend::BackendError;

use crate::error::Failing;

/// Makes the directory (0700) and an empty file (0600) where there are none, and makes their names last.
pub(crate) fn prepare(directory: &Path, file: &Path) -> Result<(), BackendError> {
    make_directory(directory)?;
    let failing = Failing(file);
    let length = match fs::metadata(file) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refuse_an_orphaned_log(file)?;
            let created = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(file);
            created.map_err(|error| failing.io(error))?;
            flush_directory(directory)?;
            return Ok(());
        }
        Err(error) => return Err(failing.io(error)),
    };
    if length == 0 {
        refuse_an_orphaned_log(file)?;
    }
    Ok(())
}

/// Makes a directory and those above it, and makes the name of each last.
fn make_directory(directory: &Path) -> Result<(), BackendError> {
    let above = match directory.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    if directory.is_dir() {
        // Whoever made it before may have been killed before its name was durable.
        return match File::open(above).and_then(|above| above.sync_all()) {
            // Its name was there before us, in a directory that is not ours to list.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            flushed => flushed.map_err(|error| Failing(above).io(error)),
        };
    }
    make_directory(above)?;
    let made = DirBuilder::new().mode(0o700).create(directory);
    made.map_err(|error| Failing(directory).io(error))?;
    flush_directory(above)
}

/// SQLite deletes a log that lies beside an empty database, and what it holds may be all there is.
fn refuse_an_orphaned_log(file: &Path) -> Result<(), BackendError> {
    match fs::metadata(log_of(file)) {
        Ok(metadata) if metadata.len() > 0 => {
            Err(Failing(file).damaged("its write-ahead log is there, but the database is not"))
        }
        _ => Ok(()),
    }
}

/// Makes the names in a directory last.
pub(crate) fn flush_directory(directory: &Path) -> Result<(), BackendError> {
    let flushed = File::open(directory).and_then(|directory| directory.sync_all());
    flushed.map_err(|error| Failing(directory).io(error))
}

/// Makes last that the log was truncated; until then its former content may come back with the power. SQLite holds no
/// lock on this file that a descriptor of our own could end.
pub(crate) fn flush_log(file: &Path) -> Result<(), BackendError> {
    let log = log_of(file);
    match File::open(&log).and_then(|log| log.sync_all()) {
        // A database that was just made has none yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        flushed => flushed.map_err(|error| Failing(&log).io(error)),
    }
}

/// Where SQLite keeps the write-ahead log of a database.
fn log_of(file: &Path) -> PathBuf {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}
