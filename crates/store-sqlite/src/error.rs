//! What SQLite says, as the operator should read it.

use std::path::Path;

use rusqlite::{ErrorCode, ffi};
use store::backend::{BackendError, Cause};

/// Turns errors into those of the file that is failing.
#[derive(Clone, Copy)]
pub(crate) struct Failing<'a>(pub(crate) &'a Path);

impl Failing<'_> {
    fn place(self) -> String {
        self.0.display().to_string()
    }

    pub(crate) fn at(self, error: rusqlite::Error) -> BackendError {
        let place = self.place();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => BackendError::Locked { place },
            Some(ErrorCode::DiskFull) => BackendError::Full { place },
            Some(ErrorCode::NotADatabase) => BackendError::Foreign { place },
            Some(ErrorCode::DatabaseCorrupt) => self.damaged(&error.to_string()),
            // A value of another type than its column's: nothing but an edit by hand does that.
            None => self.damaged(&error.to_string()),
            Some(_) => BackendError::Io {
                place,
                cause: Cause::new(error),
            },
        }
    }

    pub(crate) fn damaged(self, what: &str) -> BackendError {
        BackendError::Damaged {
            place: self.place(),
            what: what.to_owned(),
        }
    }

    pub(crate) fn io(self, error: std::io::Error) -> BackendError {
        let place = self.place();
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                BackendError::Full { place }
            }
            _ => BackendError::Io {
                place,
                cause: Cause::new(error),
            },
        }
    }

    /// The file could not be opened anew.
    pub(crate) fn closed(self) -> BackendError {
        self.io(std::io::Error::other("it is not open since it failed"))
    }
}

/// SQLite ended a transaction without saying so with the statement that did it.
pub(crate) fn transaction_ended() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_ABORT),
        Some("the transaction ended by itself".to_owned()),
    )
}
