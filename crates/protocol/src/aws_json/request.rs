//! Which operation a request asks for.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, Method};

use crate::{Failure, limits};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// An operation as `X-Amz-Target` names it: `TrentService.Encrypt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The service: `TrentService` is KMS.
    pub service: &'a str,
    /// The operation.
    pub operation: &'a str,
}

/// Reads the operation off the head of a request, refusing what is no awsJson request.
///
/// Whether there is such a service and operation is for the caller to say: [`Failure::unknown_target`] and
/// [`Failure::unknown_operation`].
pub fn route<'a>(method: &Method, path: &str, headers: &'a HeaderMap) -> Result<Target<'a>, Failure> {
    if method != Method::POST || path != "/" {
        return Err(Failure::unknown_target());
    }
    let target = target(headers).ok_or_else(Failure::unknown_target)?;
    if !has_json_content(headers) {
        return Err(Failure::unknown_target());
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Failure::encoded_body());
    }
    Ok(target)
}

fn target(headers: &HeaderMap) -> Option<Target<'_>> {
    let value = only(headers, &TARGET).filter(|value| value.len() <= limits::TARGET)?;
    let (service, operation) = value.rsplit_once('.')?;
    (!service.is_empty() && !operation.is_empty()).then_some(Target { service, operation })
}

/// `application/x-amz-json-1.1` or `-1.0`, whatever its parameters.
fn has_json_content(headers: &HeaderMap) -> bool {
    let kind = only(headers, &CONTENT_TYPE).map(|value| value.split(';').next().unwrap_or_default().trim());
    kind.is_some_and(|kind| {
        ["application/x-amz-json-1.1", "application/x-amz-json-1.0"]
            .iter()
            .any(|known| kind.eq_ignore_ascii_case(known))
    })
}

/// The value of a header that occurs once and is ASCII.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    const KIND: (&str, &str) = ("content-type", "application/x-amz-json-1.1");

    #[test]
    fn the_target_names_service_and_operation() {
        let headers = headers(&[("x-amz-target", "TrentService.Encrypt"), KIND]);
        let target = route(&Method::POST, "/", &headers).unwrap();
        assert_eq!((target.service, target.operation), ("TrentService", "Encrypt"));
    }

    #[test]
    fn version_1_0_and_parameters_of_the_content_type_are_taken() {
        for kind in [
            "application/x-amz-json-1.0",
            "Application/X-Amz-Json-1.1; charset=utf-8",
        ] {
            let headers = headers(&[("x-amz-target", "TrentService.Encrypt"), ("content-type", kind)]);
            assert!(route(&Method::POST, "/", &headers).is_ok(), "{kind}");
        }
    }

    #[test]
    fn what_is_no_request_of_the_protocol_is_not_found() {
        let target = ("x-amz-target", "TrentService.Encrypt");
        for (method, path, headers) in [
            (Method::GET, "/", headers(&[target, KIND])),
            (Method::POST, "/other", headers(&[target, KIND])),
            (Method::POST, "/", headers(&[KIND])),
            (Method::POST, "/", headers(&[("x-amz-target", ""), KIND])),
            (Method::POST, "/", headers(&[("x-amz-target", "Encrypt"), KIND])),
            (
                Method::POST,
                "/",
                headers(&[("x-amz-target", "TrentService."), KIND]),
            ),
            (Method::POST, "/", headers(&[("x-amz-target", ".Encrypt"), KIND])),
            (Method::POST, "/", headers(&[target, target, KIND])),
            (Method::POST, "/", headers(&[target])),
            (
                Method::POST,
                "/",
                headers(&[target, ("content-type", "application/json")]),
            ),
        ] {
            assert_eq!(
                route(&method, path, &headers),
                Err(Failure::unknown_target()),
                "{method} {path} {headers:?}"
            );
        }
    }

    #[test]
    fn an_encoded_body_is_refused() {
        let headers = headers(&[
            ("x-amz-target", "TrentService.Encrypt"),
            KIND,
            ("content-encoding", "gzip"),
        ]);
        let refusal = route(&Method::POST, "/", &headers).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.status),
            ("MalformedHttpRequestException", 400)
        );
    }
}
