//! Why a call did not succeed; each prints as one line: what is wrong, and what to do.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use server::DirectoryError;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The data directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Its access key.
    #[error("{path} gives no access key ({why}): run this as its owner, or put the file back", path = path.display())]
    NoCredentials {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Its authority.
    #[error("{path} gives no certificate to trust ({why}): start the server once with --tls auto", path = path.display())]
    NoTrust {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Its endpoint.
    #[error("{0} is not an address that is reached over TLS: start the server once with --tls auto")]
    NoEndpoint(String),
    /// Nobody answers there.
    #[error("nothing answers at {url} ({cause}): start the server with `keystead server`")]
    Unreachable {
        /// Where.
        url: String,
        /// What the system said.
        cause: io::Error,
    },
    /// Somebody else answers there, or something that is no TLS.
    #[error("what answers at {url} is not this data directory's server ({cause}): see what listens there")]
    Untrusted {
        /// Where.
        url: String,
        /// What TLS said.
        cause: io::Error,
    },
    /// The connection broke, or what came was no HTTP.
    #[error("the connection to {url} broke before the answer was whole ({cause}): see the server's log")]
    Cut {
        /// Where.
        url: String,
        /// What HTTP said.
        cause: String,
    },
    /// No answer in time.
    #[error("{url} did not answer within {} seconds: see the server's log", patience.as_secs())]
    Silent {
        /// Where.
        url: String,
        /// For how long was waited.
        patience: Duration,
    },
    /// Something that no header takes.
    #[error("{0:?} cannot be sent in a header")]
    NoHeader(String),
    /// The request can't be signed.
    #[error(transparent)]
    Unsignable(#[from] sigv4::sign::Unsignable),
    /// The answer is not what the operation answers.
    #[error("the answer to {operation} makes no sense ({why}): is keystead as new as its server?")]
    Unreadable {
        /// What was called.
        operation: String,
        /// Why.
        why: String,
    },
    /// The service said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl ClientError {
    pub(super) fn cut(url: &str, cause: impl std::fmt::Display) -> ClientError {
        ClientError::Cut {
            url: url.to_owned(),
            cause: cause.to_string(),
        }
    }
}

/// A call that the service refused, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} was refused: {code}{}", message.as_deref().map(|text| format!(", {text}")).unwrap_or_default())]
pub(crate) struct Refusal {
    /// What was called.
    pub(crate) operation: String,
    /// AWS's code: `DisabledException`.
    pub(crate) code: String,
    /// AWS's message; some codes come without one.
    pub(crate) message: Option<String>,
    /// The request's id, by which the audit log knows it.
    pub(crate) request_id: String,
}
