//! Answers.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use secret::SecretBuffer;
use uuid::Uuid;

use super::xml::{close, escape, open};
use crate::Failure;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The answer of an operation that succeeded, with the elements of its output, where its model has one. The body is
/// erased once it is sent.
pub fn success(
    request_id: Uuid,
    namespace: &str,
    operation: &str,
    output: Option<&SecretBuffer>,
) -> Response<Bytes> {
    let mut body = SecretBuffer::with_capacity(output.map_or(0, SecretBuffer::len) + 512);
    let (response, result) = (format!("{operation}Response"), format!("{operation}Result"));
    open(&format!(r#"{response} xmlns="{namespace}""#), &mut body);
    if let Some(output) = output {
        open(&result, &mut body);
        body.extend(output.expose());
        close(&result, &mut body);
    }
    let id = request_id.hyphenated();
    body.extend(format!("<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>").as_bytes());
    close(&response, &mut body);
    answer(StatusCode::OK, request_id, body)
}

/// The answer of an operation that failed. Its code and status are those that this protocol has for it.
pub fn failure(request_id: Uuid, namespace: &str, failure: &Failure) -> Response<Bytes> {
    let (code, status) = spelled(failure);
    let fault = if status < 500 { "Sender" } else { "Receiver" };
    let mut body = SecretBuffer::with_capacity(512);
    let id = request_id.hyphenated();
    body.extend(
        format!(r#"<ErrorResponse xmlns="{namespace}"><Error><Type>{fault}</Type><Code>"#).as_bytes(),
    );
    escape(code, &mut body);
    body.extend(b"</Code>");
    if let Some(message) = &failure.message {
        open("Message", &mut body);
        escape(message, &mut body);
        close("Message", &mut body);
    }
    body.extend(format!("</Error><RequestId>{id}</RequestId></ErrorResponse>").as_bytes());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, request_id, body)
}

/// Refusals that all services have, and what they are called here. Source: IAM API Reference, "Common Error Types".
const COMMON: &[(&str, &str, u16)] = &[
    (
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        403,
    ),
    ("IncompleteSignatureException", "IncompleteSignature", 400),
    ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    ("UnrecognizedClientException", "InvalidClientTokenId", 403),
    ("ExpiredTokenException", "ExpiredToken", 403),
    // STS's model spells out what signatures' errors leave away.
    ("ExpiredIdentityTokenException", "ExpiredTokenException", 400),
    ("AccessDeniedException", "AccessDenied", 403),
    ("ValidationException", "ValidationError", 400),
    ("SerializationException", "MalformedInput", 400),
    ("ThrottlingException", "Throttling", 400),
];

fn spelled(failure: &Failure) -> (&str, u16) {
    let common = COMMON.iter().find(|(code, _, _)| *code == failure.code);
    common.map_or((failure.code, failure.status), |(_, code, status)| {
        (code, *status)
    })
}

fn answer(status: StatusCode, request_id: Uuid, body: SecretBuffer) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_owner(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // INVARIANT: the letters of a UUID are legal in a header.
    if let Ok(id) = HeaderValue::from_str(request_id.hyphenated().encode_lower(&mut Uuid::encode_buffer())) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}
