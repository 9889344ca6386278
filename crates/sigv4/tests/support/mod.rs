//! Requests to sign and verify, owned and easy to change.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::LazyLock;

use ambient::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use secret::SecretString;
use sigv4::sign::Signer;
use sigv4::{Expected, KnownSecret, Service, SignatureError, SignedRequest, SigningKeys};

pub(crate) const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const REGION: &str = "eu-central-1";

/// 2015-08-30T12:36:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_440_938_160);

/// A request that owns its parts.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Request {
        let mut request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: body.to_vec(),
        };
        for (name, value) in headers {
            request.add(name, value);
        }
        request
    }

    /// What a KMS client sends, before it is signed.
    pub(crate) fn kms() -> Request {
        let headers = [
            ("host", "kms.eu-central-1.example.com"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "TrentService.ListKeys"),
            ("user-agent", "test/1.0"),
        ];
        Request::new("POST", "/", "", &headers, b"{}")
    }

    pub(crate) fn parts(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
        }
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let name: HeaderName = name.parse().unwrap();
        self.headers
            .append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let name: HeaderName = name.parse().unwrap();
        self.headers
            .insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn sign(&mut self, signer: &Signer, now: Timestamp) {
        signer
            .sign(
                &self.method,
                &self.path,
                &self.query,
                &mut self.headers,
                &self.body,
                now,
            )
            .unwrap();
    }

    pub(crate) fn presign(&mut self, signer: &Signer, now: Timestamp, seconds: u64) {
        self.query = signer
            .presign(&self.parts(), now, std::time::Duration::from_secs(seconds))
            .unwrap();
    }

    /// Reads and verifies it as a service that serves all Regions.
    pub(crate) fn verify(&self, service: &Service, now: Timestamp) -> Result<(), SignatureError> {
        // One cache for all: they all have the same secret, and deriving its keys takes most of the time.
        static KEYS: LazyLock<SigningKeys> = LazyLock::new(|| SigningKeys::holding(100));
        verify_with(&KEYS, self, &secret(), service, &|_| true, now)
    }
}

pub(crate) fn verify(
    request: &Request,
    key: &SecretString,
    service: &Service,
    serves: &dyn Fn(&str) -> bool,
    now: Timestamp,
) -> Result<(), SignatureError> {
    verify_with(&SigningKeys::holding(4), request, key, service, serves, now)
}

fn verify_with(
    keys: &SigningKeys,
    request: &Request,
    key: &SecretString,
    service: &Service,
    serves: &dyn Fn(&str) -> bool,
    now: Timestamp,
) -> Result<(), SignatureError> {
    let parts = request.parts();
    let presented = sigv4::presented(&parts)?;
    let expected = Expected { service, serves };
    let secret = KnownSecret { key, revision: 1 };
    sigv4::verify(&parts, &presented, secret, keys, now, &expected)
}

pub(crate) fn secret() -> SecretString {
    SecretString::new(SECRET.to_owned())
}

pub(crate) fn signer(service: Service, token: Option<&str>) -> Signer {
    let signer = Signer::new(ACCESS_KEY_ID, secret(), REGION, service);
    match token {
        Some(token) => signer.with_session_token(SecretString::new(token.to_owned())),
        None => signer,
    }
}

/// Percent-encodes all that has to be.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Requests of every form that clients send.
pub(crate) fn requests() -> impl Strategy<Value = Request> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "HEAD"]);
    let segment = prop_oneof![
        4 => "[a-zA-Z0-9 ~_.%+=:é-]{1,8}".prop_map(|text| encoded(&text)),
        1 => Just(".".to_owned()),
        1 => Just("..".to_owned()),
        1 => Just(String::new()),
    ];
    let path = prop::collection::vec(segment, 0..5);
    let part = || prop_oneof!["[a-zA-Z0-9]{1,6}", "[a-c &=+/%é~]{0,5}"];
    let query = prop::collection::vec((part(), part()), 0..5);
    let name = prop_oneof!["x-amz-meta-[a-z]{1,4}", "[a-z]{1,3}-[a-z0-9]{1,4}"];
    let value = "[!-~]([ !-~]{0,20}[!-~])?";
    let headers = prop::collection::vec((name, value), 0..8);
    let body = prop::collection::vec(any::<u8>(), 0..200);
    (method, path, query, headers, body).prop_map(|(method, path, query, headers, body)| {
        let query: Vec<String> = query
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let path = format!("/{}", path.join("/"));
        let mut request = Request::new(
            method,
            &path,
            &query.join("&"),
            &[("host", "kms.example.com:8443")],
            &body,
        );
        for (name, value) in headers {
            request.add(&name, &value);
        }
        request
    })
}
