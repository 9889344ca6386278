//! A request and a response as the engine sees them: whole, and free of any transport.

use std::net::IpAddr;
use std::sync::Arc;

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use secret::SecretBuffer;

/// One complete HTTP request.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without its question mark; empty if there was none.
    pub query: String,
    /// The headers; `host` is always there, taken from `:authority` on HTTP/2.
    pub headers: HeaderMap,
    /// The body, which may hold secrets.
    pub body: SecretBuffer,
    /// Who sent it.
    pub peer: Peer,
}

/// The other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// How the connection is protected; `None` without TLS.
    pub tls: Option<Arc<TlsDetails>>,
}

/// What TLS agreed on, as CloudTrail's `tlsDetails` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsDetails {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// `TLS_AES_128_GCM_SHA256` and its likes.
    pub cipher_suite: String,
    /// `X25519MLKEM768` and its likes.
    pub key_exchange: Option<String>,
}

/// One complete HTTP response, with what metrics count it under.
#[derive(Debug)]
pub struct Response {
    /// Status, headers and body; a body that may hold secrets is erased once it is sent.
    pub http: ::http::Response<Bytes>,
    /// Which operation it answers; `None` where none was found.
    pub operation: Option<&'static str>,
    /// `ok`, or the code of the refusal.
    pub outcome: &'static str,
}
