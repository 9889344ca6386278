//! Why STS refuses a call.
//!
//! Source: STS API Reference, the errors of each operation.

use engine::Failure;
use store::StoreError;

/// Why STS refuses a call.
#[derive(Debug, thiserror::Error)]
pub enum StsError {
    /// Nobody here has an access key of this id.
    #[error("No account owns this access key.")]
    NoAccessKey,
    /// Ours to mend: the store.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
}

impl From<StsError> for Failure {
    fn from(error: StsError) -> Failure {
        match &error {
            StsError::NoAccessKey => Failure::refused("ValidationException", error.to_string()),
            StsError::Store(cause) => {
                tracing::error!(error = cause as &dyn std::error::Error, "a call to STS failed");
                Failure::silent("InternalFailure", 500)
            }
        }
    }
}
