//! What the store asks of the place where rows lie.
//!
//! A backend keeps an ordered map of byte keys to values with revisions. It knows neither tables nor keys, and
//! sees only what is sealed. What the calls mean is stated as tests, in [`suite`](crate::suite).

use std::fmt;
use std::sync::Arc;

use crate::RowKey;

/// A row as a backend keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// The revision of the change that wrote it.
    pub revision: u64,
    /// What it holds, sealed.
    pub value: Arc<[u8]>,
}

/// The rows that one group of changes leaves behind: put where there is a row, deleted where there is none.
///
/// Each key stands in it once, in order. The store's own head row is among them.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The rows.
    pub rows: Vec<(RowKey, Option<StoredRow>)>,
}

/// Where [`Backend::load`] hands a row: key, revision, value.
pub type EachRow<'a> = dyn FnMut(&[u8], u64, &[u8]) + 'a;

/// The place where rows lie. One thread calls it, one call at a time.
pub trait Backend: Send {
    /// Gives every row whose key is at least `from` and, where there is one, less than `to`, in order of keys.
    fn load(&mut self, from: &[u8], to: Option<&[u8]>, each: &mut EachRow<'_>) -> Result<(), BackendError>;

    /// Reads one row as it was last committed.
    fn read(&mut self, key: &[u8]) -> Result<Option<StoredRow>, BackendError>;

    /// Makes a group durable as a whole, or not at all.
    ///
    /// It is durable when this returns `Ok`. After any failure but [`CommitFailure::Refused`] the store calls
    /// [`Backend::reopen`] before anything else, and after [`CommitFailure::Unknown`] it then reads what became
    /// of the group.
    fn commit(&mut self, group: &Group) -> Result<(), CommitFailure>;

    /// Makes older values of rows unreadable that deleted or replaced ones of them left in files (write-ahead
    /// logs, freed pages). After an error the store calls [`Backend::reopen`], which has to do the same.
    fn erase_traces(&mut self) -> Result<(), BackendError>;

    /// Housekeeping between groups, such as a checkpoint that is due. After an error the store calls
    /// [`Backend::reopen`].
    fn rest(&mut self) -> Result<(), BackendError>;

    /// Abandons every descriptor and whatever was not durable, opens anew, recovers, and makes durable what is
    /// found then: what [`Backend::load`] gives afterwards stays. No descriptor whose flush failed is flushed
    /// again.
    fn reopen(&mut self) -> Result<(), BackendError>;

    /// Puts everything in order for the next start. Nothing is called afterwards.
    fn close(&mut self) -> Result<(), BackendError>;
}

/// What became of a group that was not committed for sure.
#[derive(Debug)]
pub enum CommitFailure {
    /// Nothing of the group remains, and the backend goes on.
    Refused(BackendError),
    /// Nothing of the group remains, and the backend has to be reopened.
    Broken(BackendError),
    /// All of the group remains or nothing of it, and only [`Backend::reopen`] can tell.
    Unknown(BackendError),
}

/// What is wrong with the place where rows lie, for its operator.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BackendError {
    /// Another process has it open.
    #[error("{place} is in use by another process")]
    Locked {
        /// The file or address.
        place: String,
    },
    /// It was written by a later version of Keystead.
    #[error("{place} has format {found}, and this version of Keystead reads up to {known}: use a newer one")]
    NewerFormat {
        /// The file or address.
        place: String,
        /// Its format.
        found: u32,
        /// The latest format known here.
        known: u32,
    },
    /// It is something else than a store.
    #[error("{place} is not a Keystead store")]
    Foreign {
        /// The file or address.
        place: String,
    },
    /// There is no space left.
    #[error("no space is left for {place}: free some; nothing is lost")]
    Full {
        /// The file or address.
        place: String,
    },
    /// What is there can't be read as what it should be.
    #[error("{place} is damaged ({what}): restore it from a backup")]
    Damaged {
        /// The file or address.
        place: String,
        /// In which way.
        what: String,
    },
    /// Reading or writing failed.
    #[error("{place} can't be read or written ({cause})")]
    Io {
        /// The file or address.
        place: String,
        /// What the system says.
        cause: Cause,
    },
}

/// An error of a library or the system, shared so that every waiting caller may have it.
#[derive(Debug, Clone)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl Cause {
    /// Takes over an error.
    pub fn new(error: impl std::error::Error + Send + Sync + 'static) -> Cause {
        Cause(Arc::new(error))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
