//! Why a request is not believed.

use std::fmt;
use std::time::Duration;

use ambient::Timestamp;

use crate::{limits, stamp};

/// Why a request is not believed. `Display` is AWS's message to the caller.
///
/// Source: AWS General Reference, "Troubleshooting SigV4"; KMS API Reference, "Common Errors".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The request is not signed at all, or not by Signature Version 4.
    #[error("Missing Authentication Token")]
    Missing,
    /// A part of the signature is missing or malformed; the text says which.
    #[error("{0}")]
    Incomplete(String),
    /// Something that must be there once is there more than once.
    #[error("{what} must not be given more than once.")]
    Repeated {
        /// A header or a parameter.
        what: &'static str,
    },
    /// Something holds other characters than it may.
    #[error("{what} must be of visible ASCII characters.")]
    Unreadable {
        /// A header.
        what: &'static str,
    },
    /// Something is longer than is read.
    #[error("The {what} must not be longer than {limit} bytes.")]
    TooLong {
        /// A part of the request.
        what: &'static str,
        /// The most bytes it may have.
        limit: usize,
    },
    /// There are more of something than are read.
    #[error("There must not be more than {limit} {what}.")]
    TooMany {
        /// Parts of the request.
        what: &'static str,
        /// The most there may be.
        limit: usize,
    },
    /// The request is signed both in its header and in its query.
    #[error("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")]
    SignedTwice,
    /// The access key does not exist or is inactive, or the session token is not the key's own. Found by
    /// whoever looks the key up.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The session token was the key's own, and its time is over. Found by whoever looks the key up.
    #[error("The security token included in the request is expired")]
    TokenExpired,
    /// The request was signed too long ago.
    #[error("Signature expired: {} is now earlier than {} ({} - {}.)",
            stamp::write(.0.signed_at), stamp::write(.0.limit), stamp::write(.0.now), Span(.0.span))]
    Expired(Skewed),
    /// The request was signed in the future.
    #[error("Signature not yet current: {} is still later than {} ({} + {}.)",
            stamp::write(.0.signed_at), stamp::write(.0.limit), stamp::write(.0.now), Span(.0.span))]
    NotYetCurrent(Skewed),
    /// The request was signed for another Region, service or day; the text says which.
    #[error("{0}")]
    Scope(String),
    /// A header that must be signed is not.
    #[error("{0} must be a 'SignedHeader' in the AWS Authorization.")]
    Unsigned(String),
    /// The header that declares the body's hash is missing.
    #[error("Missing required header for this request: x-amz-content-sha256")]
    PayloadUndeclared,
    /// The header that declares the body's hash says neither a hash nor `UNSIGNED-PAYLOAD`.
    #[error("x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.")]
    PayloadUnknown,
    /// The header that declares the body's hash is not true.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    PayloadMismatch,
    /// The signature is not the one that this request and this secret access key make.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

impl SignatureError {
    /// The error's code in the JSON protocols; the three about declared payloads have those of S3.
    pub fn code(&self) -> &'static str {
        match self {
            SignatureError::Missing => "MissingAuthenticationTokenException",
            SignatureError::Incomplete(_)
            | SignatureError::Repeated { .. }
            | SignatureError::Unreadable { .. }
            | SignatureError::TooLong { .. }
            | SignatureError::TooMany { .. } => "IncompleteSignatureException",
            SignatureError::UnknownKey => "UnrecognizedClientException",
            SignatureError::TokenExpired => "ExpiredTokenException",
            SignatureError::SignedTwice
            | SignatureError::Expired(_)
            | SignatureError::NotYetCurrent(_)
            | SignatureError::Scope(_)
            | SignatureError::Unsigned(_)
            | SignatureError::Mismatch => "InvalidSignatureException",
            SignatureError::PayloadUndeclared => "InvalidRequest",
            SignatureError::PayloadUnknown => "InvalidArgument",
            SignatureError::PayloadMismatch => "XAmzContentSHA256Mismatch",
        }
    }

    /// The HTTP status in the JSON protocols.
    pub fn status(&self) -> u16 {
        400
    }
}

/// How a request's time and the service's are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skewed {
    /// When the request says it was signed.
    pub signed_at: Timestamp,
    /// The earliest or the latest time that would have been taken.
    pub limit: Timestamp,
    /// The service's own time.
    pub now: Timestamp,
    /// How far the limit is from it.
    pub span: Duration,
}

/// A span as the messages have it: `5 min`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds if seconds % 60 == 0 => write!(f, "{} min", seconds / 60),
            seconds => write!(f, "{seconds} sec"),
        }
    }
}

/// As much of a request's own text as a message repeats.
pub(crate) fn echo(text: &str) -> &str {
    text.get(..text.floor_char_boundary(limits::ECHO)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        stamp::read(text).unwrap()
    }

    #[test]
    fn the_messages_about_time_are_those_of_aws() {
        let expired = SignatureError::Expired(Skewed {
            signed_at: at("20151120T200815Z"),
            limit: at("20151120T201846Z"),
            now: at("20151120T202346Z"),
            span: Duration::from_secs(300),
        });
        assert_eq!(
            expired.to_string(),
            "Signature expired: 20151120T200815Z is now earlier than 20151120T201846Z (20151120T202346Z - 5 min.)"
        );
        assert_eq!(
            (expired.code(), expired.status()),
            ("InvalidSignatureException", 400)
        );
        let early = SignatureError::NotYetCurrent(Skewed {
            signed_at: at("20151120T202347Z"),
            limit: at("20151120T202346Z"),
            now: at("20151120T200846Z"),
            span: Duration::from_secs(900),
        });
        assert_eq!(
            early.to_string(),
            "Signature not yet current: 20151120T202347Z is still later than 20151120T202346Z (20151120T200846Z + 15 min.)"
        );
    }

    #[test]
    fn a_message_repeats_only_so_much() {
        assert_eq!(echo("short"), "short");
        assert_eq!(echo(&"é".repeat(limits::ECHO)).len(), limits::ECHO);
    }
}
