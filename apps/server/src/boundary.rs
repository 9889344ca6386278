//! What the server asks of the parts that stand behind its ports.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, Entropy};
use arn::{AccountId, Region};
use attestation::Verifier;
use identity::{NewAccessKey, Owner};
use secret::SecretBytes;

use crate::metrics::Recorder;
use crate::root_key::RootSecret;

pub(crate) use engine::{Peer, Request, Response, TlsDetails};

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

    /// The accounts there are; none before the first start has come so far.
    fn accounts(&self) -> Result<Vec<AccountId>, Mistake>;

    /// Makes an account whose root user signs with `key`; durable when it returns.
    fn create_account(
        &self,
        account: AccountId,
        key: &NewAccessKey,
    ) -> impl Future<Output = Result<(), Mistake>> + Send;

    /// The account that was made first; none before the first start has come so far.
    fn first_account(&self) -> Result<Option<AccountId>, Mistake>;

    /// The operator's account, once it was made.
    fn operator(&self) -> Result<Option<AccountId>, Mistake>;

    /// Puts `key` in place of every access key of `owner`; durable when it returns.
    fn renew_credentials(
        &self,
        owner: &Owner,
        key: &NewAccessKey,
    ) -> impl Future<Output = Result<(), Mistake>> + Send;

    /// Makes the operator's account, whose access key is `key`; durable when it returns.
    fn create_operator(
        &self,
        account: AccountId,
        key: &NewAccessKey,
    ) -> impl Future<Output = Result<(), Mistake>> + Send;

    /// A secret of the installation's own that is kept sealed, by name.
    fn secret(&self, name: &str) -> Result<Option<SecretBytes>, Mistake>;

    /// Keeps a secret under a name, in place of an earlier one; durable when it returns.
    fn keep_secret(
        &self,
        name: &str,
        secret: SecretBytes,
    ) -> impl Future<Output = Result<(), Mistake>> + Send;

    /// Closes the store and the log, without having been at work.
    fn close(self) -> impl Future<Output = ()> + Send;

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
    /// What attestation documents have to lead to.
    pub attestations: Verifier,
    /// The keys of OpenID Connect providers.
    pub issuers: oidc::Issuers,
    /// Where flush times and the like are reported.
    pub recorder: Recorder,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
}

/// Something that keeps the server from starting and that its operator can put right.
///
/// It prints as one line: what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Mistake(String);

impl Mistake {
    /// What is wrong, and what to do; neither ends in a full stop.
    pub fn new(wrong: impl std::fmt::Display, remedy: &str) -> Mistake {
        Mistake(format!("{wrong}: {remedy}"))
    }

    /// A line that says both already.
    pub fn said(line: String) -> Mistake {
        Mistake(line)
    }
}
