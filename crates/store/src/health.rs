//! Whether a store takes changes, and what is wrong where it does not.

use std::fmt;

use crate::backend::BackendError;
use crate::error::OpenError;

/// Whether a store takes changes.
#[derive(Debug, Clone)]
pub enum Health {
    /// It does.
    Ok,
    /// The backend failed and has to be opened anew, which is tried until it succeeds. Changes are refused until
    /// then; what is in memory can be read.
    Failing(BackendError),
    /// It was found damaged after a failure, and takes no more changes.
    Damaged(Box<OpenError>),
    /// The writer ended by a fault of ours, and with it all changes.
    Dead,
    /// It was closed.
    Closed,
}

impl Health {
    /// Whether changes are taken.
    pub fn is_ok(&self) -> bool {
        matches!(self, Health::Ok)
    }
}

/// What is wrong and what comes of it, in one line for the operator.
impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Health::Ok => f.write_str("the store takes changes"),
            Health::Failing(error) => write!(
                f,
                "the store failed: {error}; it is opened anew until that succeeds, and changes are refused until then"
            ),
            Health::Damaged(error) => write!(f, "the store takes no more changes: {error}"),
            Health::Dead => f.write_str("the store's writer ended by a fault of Keystead's: start it again"),
            Health::Closed => f.write_str("the store is closed"),
        }
    }
}
