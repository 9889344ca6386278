//! The embedded backend: one SQLite file, opened by one process, written by one thread.
//!
//! - Write-ahead log, `synchronous=FULL`: a commit returns when the log is flushed. Exclusive locking: there is no
//!   shared-memory file, and a second process is refused.
//! - A group is one transaction. A full disk or any other refusal undoes it as a whole; the store then tries each
//!   of its changes alone. Of every other failure at its end only reopening can tell what became of it.
//! - Checkpoints are the backend's own, between groups. Deleted and replaced rows are overwritten
//!   (`secure_delete=ON`), and [`erase_traces`](store::backend::Backend::erase_traces) moves everything out of the log,
//!   truncates it and flushes that.
//! - After a failed flush nothing is known of what the system kept, so the descriptors are abandoned: reopening
//!   copies what the log holds into the database through new ones, flushes that, and empties the log as durably.

mod connection;
mod error;
mod files;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};
use store::backend::{Backend, BackendError, CommitFailure, EachRow, Group, StoredRow};

use crate::error::Failing;

/// The database file's name within the store's directory.
pub const FILE: &str = "keystead.db";

/// Pages in the log, each of 4 KiB, from which on it is moved into the database.
pub const CHECKPOINT_PAGES: i64 = 1000;

/// What may be chosen when the backend is opened. The product chooses nothing; tests do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Pages that the database may grow to, as a full disk would limit it; none unless set.
    pub max_pages: Option<u32>,
    /// As [`CHECKPOINT_PAGES`].
    pub checkpoint_pages: i64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            max_pages: None,
            checkpoint_pages: CHECKPOINT_PAGES,
        }
    }
}

/// Rows in one SQLite file.
pub struct Sqlite {
    file: PathBuf,
    options: Options,
    /// None after a failed reopening.
    connection: Option<Connection>,
}

impl Sqlite {
    /// Opens the store in `directory`, and makes both where there is nothing.
    pub fn open(directory: &Path) -> Result<Sqlite, BackendError> {
        Sqlite::with(directory, Options::default())
    }

    /// As [`Sqlite::open`], with options.
    pub fn with(directory: &Path, options: Options) -> Result<Sqlite, BackendError> {
        let file = directory.join(FILE);
        files::prepare(directory, &file)?;
        let mut sqlite = Sqlite {
            file,
            options,
            connection: None,
        };
        sqlite.connect()?;
        // The log's name has to last before anything in it may be relied upon.
        files::flush_directory(directory)?;
        Ok(sqlite)
    }

    fn connect(&mut self) -> Result<(), BackendError> {
        let failing = Failing(&self.file);
        let connection = connection::open(&self.file, &self.options).map_err(|error| failing.at(error))?;
        connection::check(&connection, &self.file)?;
        empty_log(&connection, &self.file)?;
        self.connection = Some(connection);
        Ok(())
    }

    fn connection(&self) -> Result<&Connection, BackendError> {
        self.connection.as_ref().ok_or_else(|| self.failing().closed())
    }

    fn failing(&self) -> Failing<'_> {
        Failing(&self.file)
    }

    /// Writes and commits. Says with an error whether it is of the commit itself.
    fn write(connection: &Connection, group: &Group) -> Result<(), (rusqlite::Error, Stage)> {
        let writing = |error| (error, Stage::Writing);
        connection.execute_batch("BEGIN IMMEDIATE").map_err(writing)?;
        {
            let mut put = connection.prepare(connection::PUT).map_err(writing)?;
            let mut delete = connection.prepare(connection::DELETE).map_err(writing)?;
            for (key, row) in &group.rows {
                match row {
                    Some(row) => {
                        put.execute((key.as_bytes(), row.revision.cast_signed(), row.value.as_ref()))
                    }
                    None => delete.execute((key.as_bytes(),)),
                }
                .map_err(writing)?;
                if connection.is_autocommit() {
                    // SQLite has ended the whole transaction by itself; what follows would not be part of it.
                    return Err(writing(error::transaction_ended()));
                }
            }
        }
        connection
            .execute_batch("COMMIT")
            .map_err(|error| (error, Stage::Committing))
    }
}

/// Moves everything from the log into the database, and truncates the log, all of it durably.
fn empty_log(connection: &Connection, file: &Path) -> Result<(), BackendError> {
    connection::empty_log(connection).map_err(|error| Failing(file).at(error))?;
    files::flush_log(file)
}

/// How far a group came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The log holds no commit of it.
    Writing,
    /// It may.
    Committing,
}

impl Backend for Sqlite {
    fn load(&mut self, from: &[u8], to: Option<&[u8]>, each: &mut EachRow<'_>) -> Result<(), BackendError> {
        let failing = self.failing();
        let connection = self.connection()?;
        connection::load(connection, from, to, each).map_err(|error| failing.at(error))
    }

    fn read(&mut self, key: &[u8]) -> Result<Option<StoredRow>, BackendError> {
        let failing = self.failing();
        connection::read(self.connection()?, key).map_err(|error| failing.at(error))
    }

    fn commit(&mut self, group: &Group) -> Result<(), CommitFailure> {
        let connection = self.connection().map_err(CommitFailure::Broken)?;
        let Err((error, stage)) = Sqlite::write(connection, group) else {
            return Ok(());
        };
        let code = error.sqlite_error_code();
        let undone = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
        let error = self.failing().at(error);
        Err(match stage {
            // The log holds no commit of it, whatever went wrong; errors that are none of the disk's leave the
            // connection as it was.
            Stage::Writing => match code {
                Some(ErrorCode::DiskFull | ErrorCode::TooBig | ErrorCode::OutOfMemory) if undone => {
                    CommitFailure::Refused(error)
                }
                _ => CommitFailure::Broken(error),
            },
            // For want of space the last frame was not written, without which the log does not hold it either.
            Stage::Committing if undone && code == Some(ErrorCode::DiskFull) => CommitFailure::Refused(error),
            Stage::Committing => CommitFailure::Unknown(error),
        })
    }

    fn erase_traces(&mut self) -> Result<(), BackendError> {
        empty_log(self.connection()?, &self.file)
    }

    fn rest(&mut self) -> Result<(), BackendError> {
        let failing = self.failing();
        let checkpointed = connection::checkpoint_if_due(self.connection()?, self.options.checkpoint_pages);
        match checkpointed {
            // The log holds everything still, and grows on until there is space to move it.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                tracing::warn!(
                    file = %self.file.display(),
                    "no space to move the write-ahead log into the database; it is kept"
                );
                Ok(())
            }
            other => other.map_err(|error| failing.at(error)),
        }
    }

    fn reopen(&mut self) -> Result<(), BackendError> {
        // Closing checkpoints nothing, and so flushes nothing: the connection was told so when it was made.
        drop(self.connection.take());
        self.connect()
    }

    fn close(&mut self) -> Result<(), BackendError> {
        let Some(connection) = self.connection.take() else {
            return Ok(());
        };
        empty_log(&connection, &self.file)
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sqlite({})", self.file.display())
    }
}
