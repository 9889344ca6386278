//! Which operation a request asks for.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method};

use super::form::Form;
use crate::{Failure, limits};

/// An operation as a form names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The version of the service's model, by which the service is known: `2010-05-08` is IAM.
    pub version: String,
    /// The operation.
    pub operation: String,
}

/// Whether a request is of this protocol: a form is posted, or a query names an action.
pub fn is_query(method: &Method, path: &str, query: &str, headers: &HeaderMap) -> bool {
    path == "/"
        && match *method {
            Method::POST => has_form_content(headers),
            Method::GET => query.split('&').any(|pair| pair.starts_with("Action=")),
            _ => false,
        }
}

/// The parameters of a request: its query or its body.
pub fn parameters<'r>(method: &Method, query: &'r str, body: &'r [u8]) -> &'r [u8] {
    if method == Method::GET {
        query.as_bytes()
    } else {
        body
    }
}

impl Target {
    /// Reads the operation off a request's parameters.
    ///
    /// Whether there is such a service and operation is for the caller to say.
    pub fn of(parameters: &[u8], headers: &HeaderMap) -> Result<Target, Failure> {
        if headers.contains_key(CONTENT_ENCODING) {
            return Err(Failure::encoded_body());
        }
        let form = Form::read(parameters).map_err(|_| Failure::malformed_query())?;
        let named = |name| form.value(name).filter(|value| value.len() <= limits::TARGET);
        match (named("Action"), named("Version")) {
            (Some(operation), Some(version)) => Ok(Target {
                version: version.to_owned(),
                operation: operation.to_owned(),
            }),
            (None, _) => Err(Failure::missing_action()),
            (Some(operation), None) => Err(Failure::unknown_action(operation, "")),
        }
    }
}

/// `application/x-www-form-urlencoded`, whatever its parameters.
fn has_form_content(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
