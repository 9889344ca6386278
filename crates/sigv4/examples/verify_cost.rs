//! What it costs to read and verify one request of the usual kind, its signing key cached.
//!
//! `cargo run --release -p sigv4 --example verify_cost`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a tool that measures"
)]

use std::hint::black_box;
use std::time::Instant;

use ambient::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};
use secret::SecretString;
use sigv4::sign::Signer;
use sigv4::{Expected, KnownSecret, Service, SignedRequest, SigningKeys, presented, verify};

const ROUNDS: usize = 15;
const CALLS: u32 = 100_000;

/// What boto3 and the proxies before it send with a KMS call, beside what signing adds.
const HEADERS: [(&str, &str); 13] = [
    ("host", "kms.eu-central-1.example.com:8443"),
    ("accept-encoding", "identity"),
    ("amz-sdk-invocation-id", "c4a2f6a8-2b8e-4c56-9d3f-0c4b8f1e7a65"),
    ("amz-sdk-request", "attempt=1; max=5"),
    ("content-type", "application/x-amz-json-1.1"),
    ("content-length", "160"),
    (
        "user-agent",
        "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.8 lang/python#3.12 cfg/retry-mode#standard",
    ),
    ("x-amz-target", "TrentService.GenerateDataKey"),
    ("accept", "*/*"),
    ("connection", "keep-alive"),
    ("forwarded", "for=192.0.2.60;proto=https;by=203.0.113.43"),
    ("via", "1.1 proxy.example.com"),
    ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
];

fn main() {
    let body = [b'x'; 160];
    let now = Timestamp::from_seconds(1_772_323_198);
    let service = Service::named("kms");
    let secret = || SecretString::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
    let mut headers = HeaderMap::new();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let signer = Signer::new("AKIDEXAMPLE", secret(), "eu-central-1", service);
    signer.sign("POST", "/", "", &mut headers, &body, now).unwrap();
    let key = secret();
    let known = KnownSecret {
        key: &key,
        revision: 1,
    };
    let keys = SigningKeys::holding(1000);
    let expected = Expected {
        service: &service,
        serves: &|region| region == "eu-central-1",
    };
    let request = SignedRequest {
        method: "POST",
        path: "/",
        query: "",
        headers: &headers,
        body: &body,
    };
    let measured = |what: &str, call: &dyn Fn()| {
        let mut rounds: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                (0..CALLS).for_each(|_| call());
                start.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        println!(
            "{what}: median {:.2} µs, fastest {:.2} µs",
            rounds[ROUNDS / 2],
            rounds[0]
        );
    };
    println!("{} headers, a body of {} bytes", headers.len(), body.len());
    measured("read", &|| {
        black_box(presented(black_box(&request)).unwrap());
    });
    measured("read and verify", &|| {
        let claims = presented(black_box(&request)).unwrap();
        verify(&request, &claims, known, &keys, now, &expected).unwrap();
    });
    measured("read and verify, key not cached", &|| {
        let claims = presented(black_box(&request)).unwrap();
        verify(&request, &claims, known, &SigningKeys::holding(1), now, &expected).unwrap();
    });
    measured("sign", &|| {
        let mut headers = headers.clone();
        signer.sign("POST", "/", "", &mut headers, &body, now).unwrap();
    });
}
