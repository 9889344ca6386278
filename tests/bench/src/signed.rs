//! Signed requests, as bytes that only have to be sent.

use ambient::{Clock, Entropy, SystemClock, SystemEntropy};
use http::{HeaderMap, HeaderValue};
use secret::SecretString;
use sigv4::Service;
use sigv4::sign::Signer;

use crate::stop::Stop;

/// The Region that requests are for.
pub(crate) const REGION: &str = "us-east-1";

/// Signs, and puts a request together as boto3 does: the same headers, of which it signs the same.
#[derive(Debug)]
pub(crate) struct Scribe {
    signer: Signer,
    host: HeaderValue,
}

impl Scribe {
    /// For requests to `host`, `name:port`, by the access key in a file in AWS's format.
    pub(crate) fn new(host: &str, credentials: &str) -> Result<Scribe, Stop> {
        let value = |name: &str| {
            let mut pairs = credentials.lines().filter_map(|line| line.split_once('='));
            let found = pairs.find(|(key, _)| key.trim() == name);
            found
                .map(|(_, value)| value.trim().to_owned())
                .ok_or_else(|| format!("the credentials file has no {name}"))
        };
        let secret = SecretString::new(value("aws_secret_access_key")?);
        let signer = Signer::new(
            &value("aws_access_key_id")?,
            secret,
            REGION,
            Service::usual("kms"),
        );
        Ok(Scribe {
            signer,
            host: HeaderValue::from_str(host)?,
        })
    }

    /// The same, with another access key.
    pub(crate) fn of(&self, access_key: &str, secret: &SecretString) -> Scribe {
        let secret = SecretString::new(secret.expose().to_owned());
        Scribe {
            signer: Signer::new(access_key, secret, REGION, Service::usual("kms")),
            host: self.host.clone(),
        }
    }

    /// One request for a KMS operation, signed now.
    pub(crate) fn request(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>, Stop> {
        let mut headers = HeaderMap::new();
        headers.insert("host", self.host.clone());
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-amz-json-1.1"),
        );
        let target = HeaderValue::from_str(&format!("TrentService.{operation}"))?;
        headers.insert("x-amz-target", target);
        self.signer
            .sign("POST", "/", "", &mut headers, body, SystemClock::start().now())?;
        let mut request = b"POST / HTTP/1.1\r\n".to_vec();
        let mut line = |name: &str, value: &[u8]| {
            request.extend_from_slice(name.as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        };
        for (name, value) in &headers {
            line(name.as_str(), value.as_bytes());
        }
        line("accept-encoding", b"identity");
        line(
            "user-agent",
            b"Boto3/1.44 md/Botocore#1.44 ua/2.1 os/linux#6 md/arch#x86_64 lang/python#3.13 Botocore/1.44",
        );
        line(
            "amz-sdk-invocation-id",
            SystemEntropy.uuid()?.to_string().as_bytes(),
        );
        line("amz-sdk-request", b"attempt=1");
        line("content-length", body.len().to_string().as_bytes());
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        Ok(request)
    }
}
