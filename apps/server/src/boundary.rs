//! What the server asks of the parts that stand behind its ports.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, Entropy};
use arn::{AccountId, Region};
use bytes::Bytes;
use secret::{SecretBuffer, SecretBytes, SecretString};

use crate::metrics::Recorder;
use crate::root_key::RootSecret;

/// One complete request: its head, its whole body, and who sent it.
#[derive(Debug)]
pub struct Request {
    /// The method, as sent.
    pub method: http::Method,
    /// The path, as sent: neither decoded nor normalised.
    pub path: String,
    /// The query, as sent and without its question mark; empty where there is none.
    pub query: String,
    /// The headers. `host` is always among them, on HTTP/2 filled from `:authority`.
    pub headers: http::HeaderMap,
    /// The body, read to its end.
    pub body: SecretBuffer,
    /// Where the request came from.
    pub peer: Peer,
}

/// The other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address, as this machine sees it.
    pub address: IpAddr,
    /// What TLS agreed on; `None` without TLS.
    pub tls: Option<Arc<TlsDetails>>,
}

/// What a TLS handshake agreed on, in the words that audit records use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsDetails {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite by its IANA name, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// The group of the key exchange, such as `X25519MLKEM768`; `None` where the handshake had none.
    pub key_exchange: Option<String>,
}

/// An answer, ready to be sent.
#[derive(Debug)]
pub struct Response {
    /// Status, headers and body, without the headers that HTTP's framing adds; a body that may hold secrets is erased
    /// once it has been written.
    pub http: http::Response<Bytes>,
    /// The operation, where the request named one that exists.
    pub operation: Option<&'static str>,
    /// `ok`, or the error's code.
    pub outcome: &'static str,
}

/// Answers requests: authenticates, decodes, authorizes, acts, records.
pub trait Answer: Send + Sync + 'static {
    /// Answers one request. The caller may stop waiting at any time; what was begun is then still ended.
    fn answer(self: &Arc<Self>, request: Request) -> impl Future<Output = Response> + Send;

    /// Whether requests can be served now; otherwise why not, in one line.
    fn readiness(&self) -> Result<(), String>;

    /// Stops background work, waits for requests that run on although their connections were cut, and closes the
    /// store and the log.
    fn close(self: Arc<Self>) -> impl Future<Output = ()> + Send;
}

/// A store and a log that were opened and recovered, and are not at work yet.
pub trait Installation: Send + Sync + Sized + 'static {
    /// What it becomes when it is at work.
    type Engine: Answer;

    /// Draws an access key, which nobody knows yet.
    fn draw_access_key(&self) -> Result<AccessKey, Mistake>;

    /// The accounts there are; none before the first start has come so far.
    fn accounts(&self) -> Result<Vec<AccountId>, Mistake>;

    /// Makes an account whose root user signs with `key`; durable when it returns.
    fn create_account(
        &self,
        account: AccountId,
        key: &AccessKey,
    ) -> impl Future<Output = Result<(), Mistake>> + Send;

    /// A secret of the installation's own that is kept sealed, by name.
    fn secret(&self, name: &str) -> Result<Option<SecretBytes>, Mistake>;

    /// Keeps a secret under a name, in place of an earlier one; durable when it returns.
    fn keep_secret(
        &self,
        name: &str,
        secret: SecretBytes,
    ) -> impl Future<Output = Result<(), Mistake>> + Send;

    /// Goes to work.
    fn start(self) -> impl Future<Output = Result<Arc<Self::Engine>, Mistake>> + Send;
}

/// Opens an [`Installation`].
pub trait Foundation: Send + 'static {
    /// What is opened.
    type Installation: Installation;

    /// Opens the store and the log and recovers them. The terms' root key is durable before this is called.
    fn open(self, terms: Terms) -> impl Future<Output = Result<Self::Installation, Mistake>> + Send;
}

/// What an installation is opened with.
pub struct Terms {
    /// The directory of the sealed store; it exists.
    pub store: PathBuf,
    /// The directory of the audit log; it exists.
    pub audit: PathBuf,
    /// What the domain keys are wrapped by.
    pub root: RootSecret,
    /// The Regions that are served, the first being the default; never empty.
    pub regions: Vec<Region>,
    /// How long after a key's deletion is first seen due its material is kept.
    pub destruction_grace: Duration,
    /// Where flush times and the like are reported.
    pub recorder: Recorder,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
}

/// An access key, as a client needs it.
#[derive(Debug)]
pub struct AccessKey {
    /// The public half, such as `AKIA…`.
    pub id: String,
    /// The secret half.
    pub secret: SecretString,
}

/// Something that keeps the server from starting and that its operator can put right.
///
/// It prints as one line: what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{wrong}: {remedy}")]
pub struct Mistake {
    wrong: String,
    remedy: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Mistake {
    /// What is wrong, and what to do; neither ends in a full stop.
    pub fn new(wrong: impl Into<String>, remedy: impl Into<String>) -> Mistake {
        Mistake {
            wrong: wrong.into(),
            remedy: remedy.into(),
            source: None,
        }
    }

    /// The same, with what lies behind it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Mistake {
        self.source = Some(cause.into());
        self
    }
}
