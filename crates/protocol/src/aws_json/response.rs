//! Answers.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use secret::SecretBuffer;
use uuid::Uuid;

use crate::Failure;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The answer of an operation that succeeded; without a body where its model has no output shape. The body is erased
/// once it is sent.
pub fn success(request_id: Uuid, body: Option<SecretBuffer>) -> Response<Bytes> {
    let body = body.map_or_else(Bytes::new, Bytes::from_owner);
    answer(StatusCode::OK, request_id, body)
}

/// The answer of an operation that failed: `{"__type":"NotFoundException","message":"…"}`.
///
/// Source: recorded answers of KMS: the code has no namespace, an absent message is left out, and that of
/// `AccessDeniedException` is called `Message`.
pub fn failure(request_id: Uuid, failure: &Failure) -> Response<Bytes> {
    let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, request_id, failure_body(failure).into())
}

fn failure_body(failure: &Failure) -> Vec<u8> {
    let code = serde_json::Value::from(failure.code);
    match &failure.message {
        None => format!(r#"{{"__type":{code}}}"#),
        Some(message) => {
            let key = if failure.code == "AccessDeniedException" {
                "Message"
            } else {
                "message"
            };
            let message = serde_json::Value::from(message.as_str());
            format!(r#"{{"__type":{code},"{key}":{message}}}"#)
        }
    }
    .into_bytes()
}

fn answer(status: StatusCode, request_id: Uuid, body: Bytes) -> Response<Bytes> {
    let mut headers = HeaderMap::with_capacity(8);
    // INVARIANT: the letters of a UUID are legal in a header.
    if let Ok(id) = HeaderValue::from_str(request_id.hyphenated().encode_lower(&mut Uuid::encode_buffer())) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store, must-revalidate, private"),
    );
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("0"));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(failure: &Failure) -> String {
        String::from_utf8(failure_body(failure)).unwrap()
    }

    #[test]
    fn a_failure_has_the_form_of_aws() {
        assert_eq!(
            body(&Failure::refused("NotFoundException", "Invalid keyId '\"x'")),
            r#"{"__type":"NotFoundException","message":"Invalid keyId '\"x'"}"#
        );
        assert_eq!(
            body(&Failure::refused("AccessDeniedException", "no")),
            r#"{"__type":"AccessDeniedException","Message":"no"}"#
        );
        assert_eq!(
            body(&Failure::silent("InvalidCiphertextException", 400)),
            r#"{"__type":"InvalidCiphertextException"}"#
        );
    }

    #[test]
    fn an_answer_carries_its_request_id_and_is_not_cached() {
        let id = Uuid::from_u128(1);
        for (answer, status, body) in [
            (success(id, None), 200, ""),
            (
                success(id, Some(SecretBuffer::from_vec(b"{}".to_vec()))),
                200,
                "{}",
            ),
            (
                failure(id, &Failure::overloaded()),
                503,
                r#"{"__type":"ServiceUnavailable"}"#,
            ),
        ] {
            assert_eq!(answer.status(), status);
            assert_eq!(answer.body(), body);
            let headers: Vec<_> = answer
                .headers()
                .iter()
                .map(|(k, v)| format!("{k}: {}", v.to_str().unwrap()))
                .collect();
            assert_eq!(
                headers,
                [
                    "x-amzn-requestid: 00000000-0000-0000-0000-000000000001",
                    "content-type: application/x-amz-json-1.1",
                    "cache-control: no-cache, no-store, must-revalidate, private",
                    "pragma: no-cache",
                    "expires: 0",
                ]
            );
        }
    }
}
