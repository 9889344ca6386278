//! Reading and verifying is total: whatever comes, it ends in an answer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use sigv4::Service;
use support::{NOW, Request};

/// Text made of the pieces that the parsers look for.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "AWS4-HMAC-SHA256",
            " ",
            ",",
            "=",
            "/",
            ";",
            "&",
            "%",
            "+",
            "Credential=",
            "SignedHeaders=",
            "Signature=",
            "AKID/20150830/eu-central-1/kms/aws4_request",
            "host",
            "x-amz-date",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=",
            "X-Amz-Signature=",
            "X-Amz-SignedHeaders=host",
            "X-Amz-Date=20150830T123600Z",
            "X-Amz-Expires=60",
            "20150830T123600Z",
            "%2F",
            "%zz",
            "..",
            "é",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "authorization",
            "host",
            "x-amz-date",
            "date",
            "x-amz-security-token",
            "x-amz-content-sha256",
            "x-amz-a",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,4}",
    ];
    let value = prop_oneof![
        pieces().prop_map(String::into_bytes),
        Just(b"20150830T123600Z".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec((name, value), 0..10).prop_map(|headers| {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                map.append(name.parse::<HeaderName>().unwrap(), value);
            }
        }
        map
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_refused_and_nothing_panics(
        method in ".{0,8}",
        path in prop_oneof![pieces(), ".{0,40}"],
        query in prop_oneof![pieces(), ".{0,40}"],
        headers in headers(),
        service in prop::sample::select(vec!["kms", "s3"]),
    ) {
        let request = Request { method, path, query, headers, body: Vec::new() };
        prop_assert!(request.verify(&Service::named(service), NOW).is_err());
    }

    #[test]
    fn a_header_that_is_nearly_right_is_refused(
        credential in "[AKID/0-9a-z_-]{0,40}", names in "[a-zA-Z;-]{0,30}", signature in "[0-9a-fA-Fé]{0,70}",
    ) {
        let mut request = Request::kms();
        request.set("x-amz-date", "20150830T123600Z");
        let text = format!("AWS4-HMAC-SHA256 Credential=AKID/{credential}, SignedHeaders=host;{names}, Signature={signature}");
        request.set("authorization", &text);
        prop_assert!(request.verify(&Service::named("kms"), NOW).is_err());
    }
}
