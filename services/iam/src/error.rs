//! Why IAM refuses a call, and the one place where that gets its code, status and text.
//!
//! Source: IAM API Reference, "Errors" of each operation, and messages recorded from the service.

use ambient::EntropyFailed;
use ambient::pool::PoolFailed;
use engine::Failure;
use identity::PasswordsFailed;
use store::StoreError;

/// Why IAM refuses a call.
#[derive(Debug, thiserror::Error)]
pub enum IamError {
    /// No such entity; the text is AWS's.
    #[error("{0}")]
    NoSuchEntity(String),
    /// The name is taken.
    #[error("{0}")]
    AlreadyExists(String),
    /// Something else has to go first.
    #[error("{0}")]
    DeleteConflict(&'static str),
    /// A managed policy has as many versions as it may.
    #[error(
        "A managed policy can have up to {0} versions. Before you create a new version, you must delete an existing version."
    )]
    TooManyVersions(usize),
    /// A quota is reached.
    #[error("Cannot exceed quota for {0}: {1}")]
    LimitExceeded(&'static str, usize),
    /// The inline policies of a user would be too long together.
    #[error("Maximum policy size of {2} bytes exceeded for {0} {1}")]
    PolicySize(&'static str, String, usize),
    /// The policy is no policy.
    #[error("{0}")]
    MalformedPolicy(String),
    /// A value breaks a rule of the service that its model does not state.
    #[error("{0}")]
    Validation(String),
    /// A value does not fit the others.
    #[error("{0}")]
    InvalidInput(String),
    /// The caller may not; the text says why.
    #[error("{0}")]
    AccessDenied(&'static str),
    /// It can't be changed for a while.
    #[error("{0}")]
    Unmodifiable(String),
    /// A password is not what the account's password policy asks for.
    #[error("{0}")]
    PasswordPolicy(&'static str),
    /// The caller is no user.
    #[error("Only IAM Users can change their own password")]
    NoUser,
    /// Ours to mend, or too much at a time: a password was not worked.
    #[error("a password could not be worked")]
    Passwords(#[from] PasswordsFailed),
    /// A code of an MFA device is wrong, was used, or is not looked at after too many wrong ones.
    #[error("Authentication code for device is not valid.")]
    InvalidCode,
    /// Ours to mend: a picture could not be made.
    #[error("the picture of a seed could not be made")]
    Picture,
    /// Ours to mend: the store.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
    /// Ours to mend: no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}

impl IamError {
    /// No entity of this kind and name.
    pub fn no_entity(kind: &str, name: &str) -> IamError {
        IamError::NoSuchEntity(format!("The {kind} with name {name} cannot be found."))
    }

    /// An entity of this kind has no inline policy of this name.
    pub fn no_inline(kind: &str, name: &str) -> IamError {
        IamError::NoSuchEntity(format!("The {kind} policy with name {name} cannot be found."))
    }

    /// No managed policy of this ARN.
    pub fn no_policy(arn: &str) -> IamError {
        IamError::NoSuchEntity(format!("Policy {arn} was not found."))
    }

    /// A record that can't be what it should be.
    pub fn damaged(table: &'static str) -> IamError {
        IamError::Store(StoreError::Damaged(table))
    }
}

impl From<IamError> for Failure {
    fn from(error: IamError) -> Failure {
        let (code, status) = match &error {
            IamError::NoSuchEntity(_) => ("NoSuchEntity", 404),
            IamError::AlreadyExists(_) => ("EntityAlreadyExists", 409),
            IamError::DeleteConflict(_) => ("DeleteConflict", 409),
            IamError::LimitExceeded(..) | IamError::PolicySize(..) | IamError::TooManyVersions(_) => {
                ("LimitExceeded", 409)
            }
            IamError::MalformedPolicy(_) => ("MalformedPolicyDocument", 400),
            IamError::Validation(_) => ("ValidationException", 400),
            IamError::InvalidInput(_) => ("InvalidInput", 400),
            IamError::AccessDenied(_) => ("AccessDeniedException", 403),
            IamError::Unmodifiable(_) => ("EntityTemporarilyUnmodifiable", 409),
            IamError::PasswordPolicy(_) => ("PasswordPolicyViolation", 400),
            IamError::NoUser => ("InvalidUserType", 400),
            IamError::Passwords(PasswordsFailed::Pool(PoolFailed::Full)) => {
                return Failure::overloaded();
            }
            IamError::InvalidCode => ("InvalidAuthenticationCode", 403),
            IamError::Store(_) | IamError::Entropy(_) | IamError::Picture | IamError::Passwords(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a call to IAM failed");
                return Failure::silent("ServiceFailure", 500);
            }
        };
        Failure {
            status,
            ..Failure::refused(code, error.to_string())
        }
    }
}
