//! Signing requests, for clients and tests.

use std::time::Duration;

use ambient::Timestamp;
use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, HeaderValue};
use secret::SecretString;

use crate::canonical::{CONTENT_SHA256, hex_sha256};
use crate::{
    ALGORITHM, KnownSecret, PayloadForm, Scope, Service, SignatureError, SignedRequest, SigningKeys,
    TERMINATOR, canonical_request, encode, limits, query, stamp, string_to_sign,
};

/// Headers that the way to the service may add, change or take out; they are not signed.
const NEVER_SIGNED: &[&str] = &[
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum Unsignable {
    /// The header `host` is missing.
    #[error("a request to be signed needs a `host` header")]
    NoHost,
    /// The access key's identifier or the session token has characters that no header takes.
    #[error("the access key or session token holds characters that a header cannot")]
    Credentials,
    /// A presigned request is to be valid for less than a second or more than a week.
    #[error("a presigned request is valid for 1 to {} seconds", limits::EXPIRES)]
    Expires,
    /// The request has no canonical form.
    #[error(transparent)]
    Request(#[from] SignatureError),
}

/// Signs requests with one access key, for one Region and service.
pub struct Signer {
    access_key_id: String,
    secret_key: SecretString,
    session_token: Option<SecretString>,
    region: String,
    service: Service,
    keys: SigningKeys,
}

impl Signer {
    /// Signs with a long-term access key.
    pub fn new(access_key_id: &str, secret_key: SecretString, region: &str, service: Service) -> Signer {
        Signer {
            access_key_id: access_key_id.to_owned(),
            secret_key,
            session_token: None,
            region: region.to_owned(),
            service,
            keys: SigningKeys::holding(8),
        }
    }

    /// Signs with a temporary access key, whose session token goes along.
    pub fn with_session_token(self, token: SecretString) -> Signer {
        Signer {
            session_token: Some(token),
            ..self
        }
    }

    /// Adds `x-amz-date`, `authorization` and what else the service wants to `headers`, of which all are
    /// signed that can be. They must have `host`.
    ///
    /// `path` and `query` are as they will be sent.
    pub fn sign(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unsignable> {
        let stamp = stamp::write(now);
        headers.remove("authorization");
        headers.insert("x-amz-date", header_value(&stamp, false)?);
        if let Some(token) = &self.session_token {
            headers.insert("x-amz-security-token", header_value(token.expose(), true)?);
        }
        if self.service.payload == PayloadForm::Declared && !headers.contains_key(&CONTENT_SHA256) {
            let hash = HeaderValue::from_bytes(&hex_sha256(body)).map_err(|_| Unsignable::Credentials)?;
            headers.insert(&CONTENT_SHA256, hash);
        }
        let signed_headers = signed_headers(headers)?;
        let request = SignedRequest {
            method,
            path,
            query,
            headers,
            body,
        };
        let signature = self.signature(&request, &signed_headers, false, &stamp)?;
        let authorization = format!(
            "{ALGORITHM} Credential={}, SignedHeaders={signed_headers}, Signature={signature}",
            self.credential(&stamp)
        );
        headers.insert("authorization", header_value(&authorization, true)?);
        Ok(())
    }

    /// The query that makes this request valid for `expires`, in whole seconds, from now on. It holds what
    /// `request` has as its query, and all its headers are signed that can be.
    pub fn presign(
        &self,
        request: &SignedRequest<'_>,
        now: Timestamp,
        expires: Duration,
    ) -> Result<String, Unsignable> {
        if !(1..=limits::EXPIRES).contains(&expires.as_secs()) {
            return Err(Unsignable::Expires);
        }
        let stamp = stamp::write(now);
        let signed_headers = signed_headers(request.headers)?;
        let token = self.session_token.as_ref().map(SecretString::expose);
        let parameters = [
            ("X-Amz-Algorithm", Some(ALGORITHM)),
            ("X-Amz-Credential", Some(&*self.credential(&stamp))),
            ("X-Amz-Date", Some(&*stamp)),
            ("X-Amz-Expires", Some(&*expires.as_secs().to_string())),
            ("X-Amz-SignedHeaders", Some(&*signed_headers)),
            ("X-Amz-Security-Token", token),
        ];
        let mut query = request.query.as_bytes().to_vec();
        for (name, value) in parameters {
            if let Some(value) = value {
                push_parameter(&mut query, name, value);
            }
        }
        let unsigned = String::from_utf8_lossy(&query).into_owned();
        let to_sign = SignedRequest {
            query: &unsigned,
            ..*request
        };
        let signature = self.signature(&to_sign, &signed_headers, true, &stamp)?;
        push_parameter(&mut query, query::SIGNATURE, &signature);
        Ok(String::from_utf8_lossy(&query).into_owned())
    }

    fn credential(&self, stamp: &str) -> String {
        format!("{}/{}", self.access_key_id, self.scope(stamp))
    }

    fn scope<'s>(&'s self, stamp: &'s str) -> Scope<'s> {
        Scope {
            date: stamp.get(..8).unwrap_or_default(),
            region: &self.region,
            service: self.service.name,
            terminator: TERMINATOR,
        }
    }

    fn signature(
        &self,
        request: &SignedRequest<'_>,
        signed_headers: &str,
        presigned: bool,
        stamp: &str,
    ) -> Result<String, Unsignable> {
        request.check_size()?;
        query::check_count(request.query)?;
        let canonical = canonical_request(request, signed_headers, presigned, &self.service)?;
        let scope = self.scope(stamp);
        let secret = KnownSecret {
            key: &self.secret_key,
            revision: 0,
        };
        let key = self.keys.of(&self.access_key_id, scope, secret);
        Ok(hex::encode(hmac::sign(
            &key,
            &string_to_sign(stamp, scope, &canonical),
        )))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} in {})", self.access_key_id, self.region)
    }
}

/// The names of the headers to sign, in order.
fn signed_headers(headers: &HeaderMap) -> Result<String, Unsignable> {
    if !headers.contains_key("host") {
        return Err(Unsignable::NoHost);
    }
    let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.retain(|name| !NEVER_SIGNED.contains(name));
    names.sort_unstable();
    Ok(names.join(";"))
}

fn push_parameter(query: &mut Vec<u8>, name: &str, value: &str) {
    if !query.is_empty() {
        query.push(b'&');
    }
    query.extend_from_slice(name.as_bytes());
    query.push(b'=');
    encode::push_query(query, value);
}

fn header_value(text: &str, sensitive: bool) -> Result<HeaderValue, Unsignable> {
    let mut value = HeaderValue::from_str(text).map_err(|_| Unsignable::Credentials)?;
    value.set_sensitive(sensitive);
    Ok(value)
}
