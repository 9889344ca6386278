//! Why STS refuses a call.
//!
//! Source: STS API Reference, the errors of each operation; messages recorded from the service.

use engine::Failure;
use identity::NoCredentials;
use store::StoreError;

/// Why STS refuses a call.
#[derive(Debug, thiserror::Error)]
pub enum StsError {
    /// Nobody here has an access key of this id.
    #[error("No account owns this access key.")]
    NoAccessKey,
    /// What was given is no message of a refusal.
    #[error("Message is not valid")]
    InvalidMessage,
    /// The caller may not; the text is AWS's.
    #[error("{0}")]
    AccessDenied(String),
    /// A value breaks a rule of the service that its model does not state.
    #[error("{0}")]
    Validation(String),
    /// A value does not fit the others.
    #[error("{0}")]
    InvalidParameter(&'static str),
    /// A policy that was passed is no policy.
    #[error("{0}")]
    MalformedPolicy(String),
    /// What was passed is too much to be carried: so many hundredths of the room there is.
    #[error("Packed policy consumes {0}% of allotted space, please use smaller policy.")]
    PackedPolicyTooLarge(usize),
    /// A web identity token is not believed, or not for us.
    #[error("{0}")]
    InvalidToken(String),
    /// A web identity token's time is over.
    #[error("{0}")]
    TokenExpired(String),
    /// A web identity token passes what no session can have.
    #[error("The identity provider's claims for session tags or source identity can't be taken")]
    RejectedClaim,
    /// The provider of a web identity token can't be asked for its keys.
    #[error("The identity provider could not be reached for its verification keys. Please try again")]
    ProviderUnreachable,
    /// Ours to mend: the store.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
    /// Ours to mend: credentials could not be made.
    #[error("credentials could not be made")]
    Credentials(#[source] NoCredentials),
}

impl From<NoCredentials> for StsError {
    fn from(none: NoCredentials) -> StsError {
        match none {
            NoCredentials::TooLong(length) => {
                StsError::PackedPolicyTooLarge(length * 100 / identity::TOKEN_CHARACTERS)
            }
            none => StsError::Credentials(none),
        }
    }
}

impl From<StsError> for Failure {
    fn from(error: StsError) -> Failure {
        let (code, status) = match &error {
            StsError::NoAccessKey => ("ValidationException", 400),
            StsError::InvalidMessage => ("InvalidAuthorizationMessageException", 400),
            StsError::AccessDenied(_) => ("AccessDeniedException", 403),
            StsError::Validation(_) => ("ValidationException", 400),
            StsError::InvalidParameter(_) => ("InvalidParameterValue", 400),
            StsError::MalformedPolicy(_) => ("MalformedPolicyDocument", 400),
            StsError::PackedPolicyTooLarge(_) => ("PackedPolicyTooLarge", 400),
            StsError::InvalidToken(_) => ("InvalidIdentityToken", 400),
            StsError::TokenExpired(_) => ("ExpiredIdentityTokenException", 400),
            StsError::RejectedClaim => ("IDPRejectedClaim", 403),
            StsError::ProviderUnreachable => ("IDPCommunicationError", 400),
            StsError::Store(_) | StsError::Credentials(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a call to STS failed");
                return Failure::silent("InternalFailure", 500);
            }
        };
        Failure {
            status,
            ..Failure::refused(code, error.to_string())
        }
    }
}
