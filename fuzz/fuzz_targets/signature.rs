//! Signatures: headers and queries as nobody should send them.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use sigv4::{Service, SignedRequest};

fuzz_target!(|input: (&str, &str, Vec<(&str, &[u8])>, &[u8])| {
    let (path, query, pairs, body) = input;
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let request = SignedRequest { method: "POST", path, query, headers: &headers, body };
    if let Ok(presented) = sigv4::presented(&request) {
        let presigned = presented.form() != sigv4::Form::Header;
        let service = Service::named("kms");
        let _ = sigv4::canonical_request(&request, presented.signed_headers(), presigned, &service);
    }
});
