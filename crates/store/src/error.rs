//! What can go wrong, by what a caller can do about it.

use crypto::root::RootKeyId;

use crate::backend::BackendError;

/// Why a read or the making of a change failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No such domain in this snapshot.
    #[error("the domain does not exist")]
    UnknownDomain,
    /// The table was not declared when the store was opened, or as another kind of table.
    #[error("the table {0} was not declared when the store was opened")]
    UnknownTable(&'static str),
    /// A row does not open, or is not of the form it should have. Nothing may be done on what it might say.
    #[error("a row of the table {0} is damaged")]
    Damaged(&'static str),
    /// A row key, an index entry or a whole change is longer than its limit.
    #[error("a change to the table {0} is larger than its limit")]
    TooLarge(&'static str),
    /// A cold row was changed after the view's snapshot: walk again on a fresh one.
    #[error("a row was changed since the snapshot")]
    Superseded,
    /// Sealing failed, for want of random bytes.
    #[error("a row could not be sealed")]
    Seal(#[source] crypto::SealFailed),
    /// The backend failed to read.
    #[error("the store can't be read")]
    Backend(#[source] BackendError),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a change was not committed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// What the change rests on has changed: walk again on a fresh snapshot.
    #[error("what was read has changed meanwhile")]
    Conflict,
    /// The change itself can't be made; nothing was committed.
    #[error("the change can't be made")]
    Refused(#[from] StoreError),
    /// Changes can't be made at present; nothing of this one was committed.
    #[error("the store takes no changes at present")]
    Unavailable(#[source] Unavailable),
    /// The change was committed or not, and that can't be told: the store proved damaged, was closed or lost its
    /// writer before it was readable again. The change's audit records are in the outbox if it was.
    #[error("it is unknown whether the change was committed")]
    OutcomeUnknown(#[source] BackendError),
}

/// Why no changes are made at present.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unavailable {
    /// The backend refused or failed, and the change is not in it.
    #[error("the backend failed")]
    Backend(#[source] BackendError),
    /// More audit records wait for the log than may.
    #[error("{0} audit records wait for the log")]
    LogBehind(u64),
    /// The store was found damaged after a failure, and takes no changes until it was opened anew.
    #[error("the store is damaged")]
    Damaged(#[source] Box<OpenError>),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a store does not open, for the operator: what is wrong, and what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// It was sealed under another root key.
    #[error(
        "the store was sealed under root key {wanted}, not under the given one ({given}): give that root key or passphrase"
    )]
    WrongRootKey {
        /// The root key that it needs.
        wanted: RootKeyId,
        /// The root key that was given.
        given: RootKeyId,
    },
    /// The root key itself could not be had.
    #[error("the root key can't be had: {0}")]
    NoRootKey(String),
    /// Rows were removed, added, swapped or put back from an older copy.
    #[error(
        "the rows of the store are not those that its sealed head counts: some were removed, swapped or put back from \
         an older copy; restore the whole store from a backup"
    )]
    RolledBack,
    /// It holds what a later version of Keystead wrote.
    #[error("the store holds {what}, which this version of Keystead does not know: use a newer one")]
    NewerFormat {
        /// What.
        what: String,
    },
    /// A part that everything rests on can't be read.
    #[error("the store is damaged: {what}; restore it from a backup")]
    Damaged {
        /// What, without saying anything that is sealed.
        what: String,
    },
    /// The backend did not open, or does not read. It may be locked, foreign, newer, full, or failing.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// Sealing failed, for want of random bytes.
    #[error("the store could not be sealed")]
    Seal(#[source] crypto::SealFailed),
    /// The writer's thread could not be started.
    #[error("the store's writer can't be started")]
    Thread(#[source] crate::backend::Cause),
    /// A programming error: two tables of one number, or a number that is the store's own.
    #[error("the table number {0} is declared twice, or reserved")]
    TableTaken(u8),
}
