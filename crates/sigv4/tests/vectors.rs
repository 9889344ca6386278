//! Signed requests with known canonical requests, strings to sign and signatures.
//!
//! Ours were made by botocore (`vectors/make.py`). The published ones, which AWS's own libraries are tested with,
//! are read from the folder that the environment variable KEYSTEAD_SIGV4_VECTORS names.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ambient::Timestamp;
use secret::SecretString;
use serde_json::Value;
use sigv4::sign::Signer;
use sigv4::{Form, PathForm, Service, SignatureError, canonical_request, presented, string_to_sign};
use support::Request;

const EXPIRES: u64 = 3600;

#[test]
fn vectors_made_by_botocore_verify() {
    let document: Value = serde_json::from_str(include_str!("../vectors/botocore.json")).unwrap();
    let vectors = document["vectors"].as_array().unwrap();
    let secret = SecretString::new(text(&document["secret"]).to_owned());
    // 2026-02-28T23:59:58Z, as `time` says.
    let now = Timestamp::from_seconds(1_772_323_198);
    for vector in vectors {
        let name = text(&vector["name"]);
        let mut request = Request::new(
            text(&vector["method"]),
            text(&vector["path"]),
            text(&vector["query"]),
            &[],
            &hex::decode(text(&vector["body"])).unwrap(),
        );
        for header in vector["headers"].as_array().unwrap() {
            request.add(text(&header[0]), text(&header[1]));
        }
        let service = match text(&vector["service"]) {
            "kms" => Service::named("kms"),
            "sts" => Service::named("sts"),
            "s3" => Service::named("s3"),
            other => panic!("{other}"),
        };
        check_forms(
            name,
            &request,
            &service,
            text(&vector["canonical_request"]),
            text(&vector["string_to_sign"]),
        );
        let parts = request.parts();
        let claims = presented(&parts).unwrap();
        assert_eq!(claims.access_key_id(), text(&document["access_key_id"]), "{name}");
        assert_eq!(claims.session_token(), vector["token"].as_str(), "{name}");
        assert_eq!(
            claims.form() != Form::Header,
            vector["presigned"].as_bool().unwrap()
        );
        assert_eq!(
            support::verify(&request, &secret, &service, &|_| true, now),
            Ok(()),
            "{name}"
        );
    }
    report(&format!("{} vectors made by botocore", vectors.len()));
}

#[test]
fn the_published_vectors_verify_and_are_made() {
    let Some(folder) = std::env::var_os("KEYSTEAD_SIGV4_VECTORS").map(PathBuf::from) else {
        report("KEYSTEAD_SIGV4_VECTORS is not set: the published vectors are not run");
        return;
    };
    let nested = folder.join("v4");
    let folder = if nested.is_dir() { nested } else { folder };
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("context.json").is_file())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no vectors in {}", folder.display());
    for vector in &names {
        let vector = Vector::read(vector);
        vector.check_header_form();
        vector.check_query_form();
    }
    report(&format!(
        "{} published vectors, each signed in its header and in its query",
        names.len()
    ));
}

/// One folder of the published vectors.
struct Vector {
    folder: PathBuf,
    context: Value,
    service: Service,
}

impl Vector {
    fn read(folder: &Path) -> Vector {
        let context: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("context.json")).unwrap()).unwrap();
        assert_eq!(text(&context["service"]), "service");
        assert_eq!(text(&context["timestamp"]), "2015-08-30T12:36:00Z");
        assert_eq!(context["expiration_in_seconds"], EXPIRES);
        let service = Service {
            path: PathForm {
                normalized: context["normalize"].as_bool().unwrap(),
                encoded_twice: true,
            },
            ..Service::usual("service")
        };
        Vector {
            folder: folder.to_owned(),
            context,
            service,
        }
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }

    fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    fn secret(&self) -> SecretString {
        SecretString::new(text(&self.context["credentials"]["secret_access_key"]).to_owned())
    }

    /// The session token, and whether it is added only after signing.
    fn token(&self) -> (Option<&str>, bool) {
        let token = self.context["credentials"]["token"].as_str();
        (token, self.context["omit_session_token"] == true)
    }

    fn signer(&self) -> Signer {
        let access_key_id = text(&self.context["credentials"]["access_key_id"]);
        let signer = Signer::new(
            access_key_id,
            self.secret(),
            text(&self.context["region"]),
            self.service,
        );
        match self.token() {
            (Some(token), false) => signer.with_session_token(SecretString::new(token.to_owned())),
            _ => signer,
        }
    }

    fn check_header_form(&self) {
        let name = self.name();
        let mut made = parse_message(&self.file("request.txt"));
        if self.context["sign_body"] == true {
            let published = self.file("header-canonical-request.txt");
            made.set("x-amz-content-sha256", published.rsplit('\n').next().unwrap());
        }
        made.sign(&self.signer(), support::NOW);
        assert_eq!(
            made.header("authorization").rsplit_once("Signature=").unwrap().1,
            self.file("header-signature.txt").trim(),
            "{name}"
        );
        check_forms(
            &name,
            &made,
            &self.service,
            &self.file("header-canonical-request.txt"),
            &self.file("header-string-to-sign.txt"),
        );
        let sent = parse_message(&self.file("header-signed-request.txt"));
        self.check_verifies(&sent);
        assert_eq!(
            presented(&sent.parts()).unwrap().session_token(),
            self.token().0,
            "{name}"
        );
    }

    fn check_query_form(&self) {
        let name = self.name();
        let mut made = parse_message(&self.file("request.txt"));
        let query = self
            .signer()
            .presign(&made.parts(), support::NOW, Duration::from_secs(EXPIRES))
            .unwrap();
        made.query = query;
        assert_eq!(
            made.query.rsplit_once("X-Amz-Signature=").unwrap().1,
            self.file("query-signature.txt").trim(),
            "{name}"
        );
        check_forms(
            &name,
            &made,
            &self.service,
            &self.file("query-canonical-request.txt"),
            &self.file("query-string-to-sign.txt"),
        );
        let mut sent = parse_message(&self.file("query-signed-request.txt"));
        if let (Some(token), true) = self.token() {
            // No service here takes a token in a query that was not signed with it.
            assert_eq!(
                sent.verify(&self.service, support::NOW),
                Err(SignatureError::Mismatch)
            );
            let unsigned = format!("&X-Amz-Security-Token={}", support::encoded(token));
            sent.query = sent.query.replace(&unsigned, "");
        }
        self.check_verifies(&sent);
    }

    fn check_verifies(&self, sent: &Request) {
        let result = support::verify(sent, &self.secret(), &self.service, &|_| true, support::NOW);
        assert_eq!(result, Ok(()), "{}", self.name());
        let mut changed = sent.clone();
        changed.method.push('X');
        let result = support::verify(&changed, &self.secret(), &self.service, &|_| true, support::NOW);
        assert_eq!(result, Err(SignatureError::Mismatch), "{}", self.name());
    }
}

fn check_forms(name: &str, signed: &Request, service: &Service, canonical: &str, string: &str) {
    let parts = signed.parts();
    let claims = presented(&parts).unwrap();
    let presigned = claims.form() != Form::Header;
    let made = canonical_request(&parts, claims.signed_headers(), presigned, service).unwrap();
    assert_eq!(String::from_utf8_lossy(&made), canonical, "{name}");
    let made = string_to_sign(claims.stamp(), claims.scope(), &made);
    assert_eq!(String::from_utf8_lossy(&made), string, "{name}");
}

/// Reads an HTTP/1.1 message, with headers folded over several lines, as an HTTP server would hand it on.
fn parse_message(message: &str) -> Request {
    let (head, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let target = target.rsplit_once(" HTTP/").unwrap().0;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if line.starts_with(' ') {
            let value = &mut headers.last_mut().unwrap().1;
            value.push(' ');
            value.push_str(line.trim());
        } else {
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Request::new(method, path, query, &headers, body.as_bytes())
}

/// Says it even where the output of tests that pass is not shown.
fn report(what: &str) {
    use std::io::Write;
    std::io::stderr()
        .write_all(format!("sigv4: {what}\n").as_bytes())
        .unwrap();
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
