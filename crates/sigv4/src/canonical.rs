//! The canonical form of a request, and the string that is signed.

use aws_lc_rs::digest;
use http::{HeaderMap, HeaderName};

use crate::{ALGORITHM, PayloadForm, Scope, Service, SignatureError, SignedRequest, path, query};

/// What stands for a body that is not signed.
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The header that declares what stands for the body.
pub(crate) static CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// The canonical form of a request: method, path, query, signed headers, their names, and the body's hash.
///
/// `signed_headers` are names in order, with `;` between them; `presigned` says that the signature stands in
/// the query, where it is left out. A signed header that the request does not have is a mismatch.
/// Source: AWS General Reference, "Create a signed AWS API request", step 1.
pub fn canonical_request(
    request: &SignedRequest<'_>,
    signed_headers: &str,
    presigned: bool,
    service: &Service,
) -> Result<Vec<u8>, SignatureError> {
    let mut out = Vec::with_capacity(1024 + request.path.len() + request.query.len());
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    path::push(&mut out, request.path, service.path);
    out.push(b'\n');
    query::push(&mut out, request.query, presigned);
    out.push(b'\n');
    for name in signed_headers.split(';') {
        push_header(&mut out, name, request.headers)?;
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    push_payload(&mut out, request, presigned, service.payload)?;
    Ok(out)
}

/// The string that is signed: algorithm, time, scope, and the hash of the canonical request.
///
/// `stamp` is the time as the request has it, in ISO 8601's basic format.
/// Source: AWS General Reference, "Create a signed AWS API request", step 3.
pub fn string_to_sign(stamp: &str, scope: Scope<'_>, canonical_request: &[u8]) -> Vec<u8> {
    let parts = [
        ALGORITHM,
        "\n",
        stamp,
        "\n",
        scope.date,
        "/",
        scope.region,
        "/",
        scope.service,
        "/",
        scope.terminator,
        "\n",
    ];
    let mut out = Vec::with_capacity(192);
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(&hex_sha256(canonical_request));
    out
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub(crate) fn hex_sha256(bytes: &[u8]) -> [u8; 64] {
    let mut text = [b'0'; 64];
    // INVARIANT: the text is twice as long as the digest; were it not, it would match no signature.
    let _ = hex::encode_to_slice(digest::digest(&digest::SHA256, bytes), &mut text);
    text
}

/// Appends one header: its name, and its values trimmed, inner runs of spaces collapsed, joined by commas.
fn push_header(out: &mut Vec<u8>, name: &str, headers: &HeaderMap) -> Result<(), SignatureError> {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut values = headers.get_all(name).iter();
    push_value(out, values.next().ok_or(SignatureError::Mismatch)?.as_bytes());
    for value in values {
        out.push(b',');
        push_value(out, value.as_bytes());
    }
    out.push(b'\n');
    Ok(())
}

/// Spaces alone are collapsed; tabs, which HTTP strips from the ends as well, are not.
fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    let value = value.trim_ascii();
    // Looks at all pairs, rather than stop at the first, since that is done many at a time.
    let pairs = value.iter().zip(value.iter().skip(1));
    if !pairs.fold(false, |found, (a, b)| found | ((*a == b' ') & (*b == b' '))) {
        out.extend_from_slice(value);
        return;
    }
    let mut before = 0;
    for byte in value {
        if *byte != b' ' || before != b' ' {
            out.push(*byte);
        }
        before = *byte;
    }
}

fn push_payload(
    out: &mut Vec<u8>,
    request: &SignedRequest<'_>,
    presigned: bool,
    form: PayloadForm,
) -> Result<(), SignatureError> {
    let declared = match form {
        PayloadForm::Hashed => {
            out.extend_from_slice(&hex_sha256(request.body));
            return Ok(());
        }
        PayloadForm::Declared => single(request.headers, &CONTENT_SHA256)?,
    };
    match declared {
        None if presigned => out.extend_from_slice(UNSIGNED_PAYLOAD.as_bytes()),
        None => return Err(SignatureError::PayloadUndeclared),
        Some(UNSIGNED_PAYLOAD) => out.extend_from_slice(UNSIGNED_PAYLOAD.as_bytes()),
        Some(hash) if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            if hash.as_bytes() != hex_sha256(request.body) {
                return Err(SignatureError::PayloadMismatch);
            }
            out.extend_from_slice(hash.as_bytes());
        }
        Some(_) => return Err(SignatureError::PayloadUnknown),
    }
    Ok(())
}

/// The value of a header that may be there once.
pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &'static HeaderName,
) -> Result<Option<&'a str>, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let what = name.as_str();
    if values.next().is_some() {
        return Err(SignatureError::Repeated { what });
    }
    match value.to_str() {
        Ok(text) => Ok(Some(text.trim_ascii())),
        Err(_) => Err(SignatureError::Unreadable { what }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn value(text: &str) -> String {
        let mut out = Vec::new();
        push_value(&mut out, text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn runs_of_spaces_become_one_and_none_at_the_ends() {
        assert_eq!(value("  a   b c  "), "a b c");
        assert_eq!(value("\"a   b\""), "\"a b\"");
        assert_eq!(value("a \t  b"), "a \t b");
        assert_eq!(value("   "), "");
    }

    #[test]
    fn a_signed_header_that_is_not_there_is_a_mismatch_and_no_empty_one() {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("h"));
        assert_eq!(canonical(&headers, "host;x-empty"), Err(SignatureError::Mismatch));
        headers.insert("x-empty", HeaderValue::from_static(""));
        let expected = "POST\n/\n\nhost:h\nx-empty:\n\nhost;x-empty\n\
                        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(canonical(&headers, "host;x-empty").unwrap(), expected.as_bytes());
    }

    fn canonical(headers: &HeaderMap, signed: &str) -> Result<Vec<u8>, SignatureError> {
        let request = SignedRequest {
            method: "POST",
            path: "/",
            query: "",
            headers,
            body: b"",
        };
        canonical_request(&request, signed, false, &Service::named("kms"))
    }

    #[test]
    fn a_declared_payload_must_be_true() {
        let payload = |declared: Option<&'static str>, presigned| {
            let mut headers = HeaderMap::new();
            if let Some(declared) = declared {
                headers.insert(&CONTENT_SHA256, HeaderValue::from_static(declared));
            }
            let request = SignedRequest {
                method: "PUT",
                path: "/",
                query: "",
                headers: &headers,
                body: b"abc",
            };
            let mut out = Vec::new();
            push_payload(&mut out, &request, presigned, PayloadForm::Declared)?;
            Ok(String::from_utf8(out).unwrap())
        };
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let other = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(payload(Some(hash), false).unwrap(), hash);
        assert_eq!(payload(Some(UNSIGNED_PAYLOAD), false).unwrap(), UNSIGNED_PAYLOAD);
        assert_eq!(payload(None, true).unwrap(), UNSIGNED_PAYLOAD);
        assert_eq!(payload(None, false), Err(SignatureError::PayloadUndeclared));
        assert_eq!(payload(Some(other), false), Err(SignatureError::PayloadMismatch));
        assert_eq!(
            payload(Some("STREAMING"), false),
            Err(SignatureError::PayloadUnknown)
        );
    }
}
