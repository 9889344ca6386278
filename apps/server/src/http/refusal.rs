//! Requests that end below the service: incomplete, too large, too slow. They never reach the engine.

use ambient::Entropy;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode, Version};
use http_body_util::Full;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Why a request was refused before it was complete.
///
/// Source of the codes: AWS's common errors; where AWS has none for the case, one in their form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Request target and headers are larger than the limit.
    HeadTooLarge,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body broke off, or its framing is wrong.
    BodyBroken,
    /// The body has a Content-Encoding.
    BodyEncoded,
    /// Not exactly one host, or one that differs from the request's authority.
    Host,
    /// The memory for bodies did not suffice within the time for this one.
    Overloaded,
}

impl Refusal {
    /// The reason, as metrics tell it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Refusal::HeadTooLarge => "head too large",
            Refusal::BodyTooLarge => "body too large",
            Refusal::BodyTooSlow => "body too slow",
            Refusal::BodyBroken => "body broken",
            Refusal::BodyEncoded => "body encoded",
            Refusal::Host => "host",
            Refusal::Overloaded => "overloaded",
        }
    }

    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Refusal::HeadTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "RequestHeaderFieldsTooLargeException",
                "The request line and headers are larger than 16 KiB.",
            ),
            Refusal::BodyTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLargeException",
                "The request body is larger than 1 MiB.",
            ),
            Refusal::BodyTooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "RequestTimeoutException",
                "The request body did not arrive in time.",
            ),
            Refusal::BodyBroken => (
                StatusCode::BAD_REQUEST,
                "MalformedHttpRequestException",
                "The request body could not be read to its end.",
            ),
            Refusal::BodyEncoded => (
                StatusCode::BAD_REQUEST,
                "MalformedHttpRequestException",
                "A Content-Encoding is not supported.",
            ),
            Refusal::Host => (
                StatusCode::BAD_REQUEST,
                "MalformedHttpRequestException",
                "The request must name one host.",
            ),
            Refusal::Overloaded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailable",
                "The server is too busy to take the request.",
            ),
        }
    }

    /// The answer. On HTTP/1 the connection ends with it, since the rest of the request stays unread.
    pub(crate) fn answer(self, version: Version, entropy: &dyn Entropy) -> http::Response<Full<Bytes>> {
        let (status, code, message) = self.parts();
        let body = format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}");
        let mut answer = http::Response::new(Full::new(Bytes::from(body)));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-amz-json-1.1"),
        );
        if let Ok(id) = entropy.uuid()
            && let Ok(id) = HeaderValue::try_from(id.to_string())
        {
            headers.insert(REQUEST_ID, id);
        }
        if version < Version::HTTP_2 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}
