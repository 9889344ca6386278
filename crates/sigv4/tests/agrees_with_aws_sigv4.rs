//! The `aws-sigv4` crate, which the AWS SDK for Rust signs with, and this one make the same signatures, and this
//! one believes them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningParams, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use proptest::prelude::*;
use sigv4::Service;
use support::{ACCESS_KEY_ID, NOW, REGION, Request, SECRET, requests, signer};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn header_signatures_agree(request in requests(), service in services(), token in tokens()) {
        let token = token.as_deref();
        let theirs = signed_elsewhere(&request, &service, token, None);
        prop_assert_eq!(theirs.verify(&service, NOW), Ok(()));
        let mut ours = request;
        ours.sign(&signer(service, token), NOW);
        prop_assert_eq!(ours.header("authorization"), theirs.header("authorization"));
    }

    #[test]
    fn presigned_signatures_agree(
        request in requests(), service in services(), token in tokens(), seconds in 1_u64..604_800,
    ) {
        let token = token.as_deref();
        let theirs = signed_elsewhere(&request, &service, token, Some(seconds));
        prop_assert_eq!(theirs.verify(&service, NOW), Ok(()));
        let mut ours = request;
        ours.presign(&signer(service, token), NOW, seconds);
        prop_assert_eq!(signature(&ours), signature(&theirs));
    }
}

fn services() -> impl Strategy<Value = Service> {
    prop::sample::select(vec!["kms", "sts", "s3"]).prop_map(Service::named)
}

fn tokens() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[A-Za-z0-9+/]{1,300}={0,2}")
}

fn signature(request: &Request) -> &str {
    let (_, after) = request.query.split_once("X-Amz-Signature=").unwrap();
    after.split('&').next().unwrap()
}

/// The request as the other implementation signs it: in its query if it is to expire.
fn signed_elsewhere(
    request: &Request,
    service: &Service,
    token: Option<&str>,
    expires: Option<u64>,
) -> Request {
    let mut settings = SigningSettings::default();
    let mut body = SignableBody::Bytes(&request.body);
    if service.name == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if let Some(seconds) = expires {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(seconds));
        if service.name == "s3" {
            body = SignableBody::UnsignedPayload;
        }
    }
    let identity = Credentials::new(ACCESS_KEY_ID, SECRET, token.map(str::to_owned), None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(service.name)
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.seconds().unsigned_abs()))
        .settings(settings)
        .build()
        .unwrap();
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    let uri = format!("https://kms.example.com:8443{}?{}", request.path, request.query);
    let signable = SignableRequest::new(&request.method, uri, headers.into_iter(), body).unwrap();
    let (instructions, _) = sign(signable, &SigningParams::from(params)).unwrap().into_parts();
    let mut signed = request.clone();
    for (name, value) in instructions.headers() {
        signed.set(name, value);
    }
    for (name, value) in instructions.params() {
        if !signed.query.is_empty() {
            signed.query.push('&');
        }
        signed
            .query
            .push_str(&format!("{name}={}", support::encoded(value)));
    }
    signed
}
