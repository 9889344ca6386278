//! Why the administration refuses a call.

use ambient::EntropyFailed;
use arn::AccountId;
use engine::{AccountNotOpened, Failure};
use store::StoreError;

/// Why the administration refuses a call.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// There is such an account already.
    #[error("Account {0} already exists.")]
    AccountExists(AccountId),
    /// Nothing continues there.
    #[error("Invalid NextToken.")]
    InvalidNextToken,
    /// Ours to mend: the store.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
    /// Ours to mend: no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// Ours to mend: the account's part of the store.
    #[error(transparent)]
    NotOpened(#[from] AccountNotOpened),
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Failure {
        match &error {
            AdminError::AccountExists(_) => Failure::refused("AlreadyExistsException", error.to_string()),
            AdminError::InvalidNextToken => Failure::refused("InvalidNextTokenException", error.to_string()),
            AdminError::Store(_) | AdminError::Entropy(_) | AdminError::NotOpened(_) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a call to the administration failed"
                );
                Failure::silent("InternalFailure", 500)
            }
        }
    }
}
