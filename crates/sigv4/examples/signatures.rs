//! Signs and verifies requests that come as JSON, one a line, and answers each with a line: for tests that
//! compare this crate with signers in other languages.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool for tests"
)]

use std::io::{BufRead, Write};
use std::time::Duration;

use ambient::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};
use secret::SecretString;
use serde_json::{Value, json};
use sigv4::sign::Signer;
use sigv4::{Expected, KnownSecret, Service, SignedRequest, SigningKeys};

fn main() {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = match text(&asked, "do") {
            "verify" => verify(&asked),
            "sign" => sign(&asked),
            "presign" => presign(&asked),
            other => panic!("{other}"),
        };
        writeln!(out, "{answer}").unwrap();
        out.flush().unwrap();
    }
}

fn verify(asked: &Value) -> Value {
    let (headers, body) = (headers(asked), body(asked));
    let request = request(asked, &headers, &body);
    // Secrets come as they like, with no revision to tell them apart: no key may be kept.
    let keys = SigningKeys::holding(1);
    let result = sigv4::presented(&request).and_then(|claims| {
        let known = KnownSecret {
            key: &secret(asked, "secret"),
            revision: 1,
        };
        let expected = Expected {
            service: &service(asked),
            serves: &|region| region == text(asked, "region"),
        };
        sigv4::verify(&request, &claims, known, &keys, now(asked), &expected)?;
        Ok(json!({
            "access_key_id": claims.access_key_id(),
            "token": claims.session_token(),
        }))
    });
    result.unwrap_or_else(|error| json!({"code": error.code(), "message": error.to_string()}))
}

fn sign(asked: &Value) -> Value {
    let (mut headers, body) = (headers(asked), body(asked));
    signer(asked)
        .sign(
            text(asked, "method"),
            text(asked, "path"),
            text(asked, "query"),
            &mut headers,
            &body,
            now(asked),
        )
        .unwrap();
    json!({"authorization": headers["authorization"].to_str().unwrap()})
}

fn presign(asked: &Value) -> Value {
    let (headers, body) = (headers(asked), body(asked));
    let expires = Duration::from_secs(asked["expires"].as_u64().unwrap());
    let query = signer(asked)
        .presign(&request(asked, &headers, &body), now(asked), expires)
        .unwrap();
    json!({"query": query})
}

fn signer(asked: &Value) -> Signer {
    let signer = Signer::new(
        text(asked, "access_key_id"),
        secret(asked, "secret"),
        text(asked, "region"),
        service(asked),
    );
    if asked["token"].is_null() {
        signer
    } else {
        signer.with_session_token(secret(asked, "token"))
    }
}

fn request<'a>(asked: &'a Value, headers: &'a HeaderMap, body: &'a [u8]) -> SignedRequest<'a> {
    SignedRequest {
        method: text(asked, "method"),
        path: text(asked, "path"),
        query: text(asked, "query"),
        headers,
        body,
    }
}

fn headers(asked: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for pair in asked["headers"].as_array().unwrap() {
        let name: HeaderName = pair[0].as_str().unwrap().parse().unwrap();
        let value = HeaderValue::from_bytes(pair[1].as_str().unwrap().as_bytes()).unwrap();
        headers.append(name, value);
    }
    headers
}

fn service(asked: &Value) -> Service {
    let known = ["kms", "sts", "iam", "s3", "ssm"];
    let name = known.into_iter().find(|name| *name == text(asked, "service"));
    Service::named(name.unwrap())
}

fn body(asked: &Value) -> Vec<u8> {
    hex::decode(text(asked, "body")).unwrap()
}

fn secret(asked: &Value, name: &str) -> SecretString {
    SecretString::new(text(asked, name).to_owned())
}

fn now(asked: &Value) -> Timestamp {
    Timestamp::from_seconds(asked["now"].as_i64().unwrap())
}

fn text<'a>(asked: &'a Value, name: &str) -> &'a str {
    asked[name].as_str().unwrap()
}
