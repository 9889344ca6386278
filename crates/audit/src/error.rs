//! What can go wrong with the log, and whether it is in order.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambient::Timestamp;

/// Why something was not recorded, or the log could not be opened or read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    /// The file system refused.
    #[error("the audit log cannot {action} {}: {cause}", path.display())]
    Io {
        /// What was tried: `write`, `flush`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The file system's reason.
        #[source]
        cause: Arc<io::Error>,
    },
    /// A file of the log does not hold what was written to it.
    #[error(
        "the audit log is damaged: {} at byte {offset}: {what}; restore the file from a backup, \
         or set the audit directory aside as evidence and start with a new one",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// A file of the log was written by a later version.
    #[error(
        "the audit log's file {} has format version {version}, and this version of keystead knows up to {}: \
         start the newer keystead that wrote it",
        path.display(),
        crate::segment::FORMAT
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u16,
    },
    /// A payload exceeds [`limits::PAYLOAD`](crate::limits::PAYLOAD).
    #[error("a record of {0} bytes is too large for the audit log")]
    TooLarge(usize),
    /// No random bytes for a new log's id.
    #[error(transparent)]
    Entropy(#[from] ambient::EntropyFailed),
    /// The log has been closed.
    #[error("the audit log is closed")]
    Closed,
}

impl AuditError {
    /// Turns the file system's refusal into one that names the file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AuditError {
        move |cause| AuditError::Io {
            action,
            path: path.to_owned(),
            cause: Arc::new(cause),
        }
    }

    /// The file or directory that it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            AuditError::Io { path, .. }
            | AuditError::Damaged { path, .. }
            | AuditError::NewerFormat { path, .. } => Some(path),
            AuditError::TooLarge(_) | AuditError::Entropy(_) | AuditError::Closed => None,
        }
    }

    pub(crate) fn damaged(path: &Path, offset: u64, what: impl Into<String>) -> AuditError {
        AuditError::Damaged {
            path: path.to_owned(),
            offset,
            what: what.into(),
        }
    }
}

/// Whether the log records what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The last group was written and flushed.
    Ok,
    /// The last attempt failed: calls are refused until one succeeds, which is tried again with each.
    Failing {
        /// The file that could not be written, or the log's directory.
        path: PathBuf,
        /// What the operator should read.
        reason: String,
        /// When it began to fail.
        since: Timestamp,
    },
}
