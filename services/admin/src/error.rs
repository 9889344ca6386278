//! Why the administration refuses a call.

use ambient::EntropyFailed;
use arn::AccountId;
use engine::{AccountNotOpened, Failure, NotExplained};
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
    /// Nobody is called so.
    #[error(
        "There is no principal {0}: give the ARN of a user, a role, a session of a role or a root user, or the number of an account."
    )]
    NoPrincipal(String),
    /// No service here has such actions.
    #[error("There is no action {0}: give one such as kms:Decrypt, of kms, iam, sts or keystead.")]
    NoAction(String),
    /// Nothing decides there but callers' own policies, so there is no list of actions.
    #[error(
        "Only the policies of principals decide what is done to this resource: name the actions to ask about, of one service."
    )]
    NameActions,
    /// The resource is not named as resources are.
    #[error(
        "{0} is not an ARN: give the resource's, such as arn:aws:kms:us-east-1:111122223333:alias/payroll."
    )]
    NotArn(String),
    /// There is no such resource, or none that the action could be done to.
    #[error("{0}")]
    NoResource(String),
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

impl From<NotExplained> for AdminError {
    fn from(error: NotExplained) -> AdminError {
        match error {
            NotExplained::Store(error) => AdminError::Store(error),
            error => AdminError::NoResource(error.to_string()),
        }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Failure {
        match &error {
            AdminError::AccountExists(_) => Failure::refused("AlreadyExistsException", error.to_string()),
            AdminError::InvalidNextToken => Failure::refused("InvalidNextTokenException", error.to_string()),
            AdminError::NoPrincipal(_) | AdminError::NoResource(_) => {
                Failure::refused("NotFoundException", error.to_string())
            }
            AdminError::NoAction(_) | AdminError::NameActions | AdminError::NotArn(_) => {
                Failure::refused("ValidationException", error.to_string())
            }
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
