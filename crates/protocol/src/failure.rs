//! Refusals, as the client sees them.

use model::{Unreadable, View};

/// The wire form of any refusal; the protocol decides how it is spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// AWS's name of the error, without a namespace: `NotFoundException`.
    pub code: &'static str,
    /// What the caller reads; some errors have no message.
    pub message: Option<String>,
    /// The HTTP status.
    pub status: u16,
}

impl Failure {
    /// The caller's fault: status 400.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: Some(message.into()),
            status: 400,
        }
    }

    /// Ours, or that of something we depend on: status 500.
    pub fn fault(code: &'static str, message: impl Into<String>) -> Failure {
        Failure {
            status: 500,
            ..Failure::refused(code, message)
        }
    }

    /// A refusal that says nothing but its code.
    pub const fn silent(code: &'static str, status: u16) -> Failure {
        Failure {
            code,
            message: None,
            status,
        }
    }

    /// The service has no operation of this name.
    pub const fn unknown_operation() -> Failure {
        Failure::silent("UnknownOperationException", 400)
    }

    /// The request is not one of this protocol at all: another method, path, content type, or no target.
    pub const fn unknown_target() -> Failure {
        Failure::silent("UnknownOperationException", 404)
    }

    /// The service has no operation of this name in a form.
    pub fn unknown_action(action: &str, version: &str) -> Failure {
        Failure::refused(
            "InvalidAction",
            format!("Could not find operation {action} for version {version}"),
        )
    }

    /// A form that names no operation.
    pub const fn missing_action() -> Failure {
        Failure::silent("MissingAction", 400)
    }

    /// A form that can't be read.
    pub fn malformed_query() -> Failure {
        Failure::refused(
            "MalformedQueryString",
            "The query string contains a syntax error.",
        )
    }

    /// The body is longer than [`limits::BODY`](crate::limits::BODY).
    pub const fn too_large() -> Failure {
        Failure::silent("RequestEntityTooLargeException", 413)
    }

    /// The body has a `Content-Encoding`.
    pub fn encoded_body() -> Failure {
        Failure::refused(
            "MalformedHttpRequestException",
            "A Content-Encoding is not supported.",
        )
    }

    /// The body did not arrive in time.
    pub const fn too_slow() -> Failure {
        Failure::silent("RequestTimeoutException", 408)
    }

    /// The server has no room for the request now.
    pub const fn overloaded() -> Failure {
        Failure::silent("ServiceUnavailable", 503)
    }

    /// Breaks a rule of the service model or of the operation.
    pub fn validation(message: impl Into<String>) -> Failure {
        Failure::refused("ValidationException", message)
    }
}

impl From<&Unreadable> for Failure {
    fn from(unreadable: &Unreadable) -> Failure {
        Failure {
            code: match unreadable {
                Unreadable::Malformed(_) => "SerializationException",
                Unreadable::Invalid(_) => "ValidationException",
            },
            message: unreadable.message(View::Wire),
            status: 400,
        }
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Failure {
        Failure::from(&unreadable)
    }
}
