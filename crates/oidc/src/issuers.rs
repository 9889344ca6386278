//! The keys of issuers: given by the operator, or fetched and held for a while.
//!
//! Anybody can send a token that names a key which there is not. So a provider is asked by one call at a time, and left alone
//! for a while after that; calls whose keys are held wait for nobody.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use ambient::{Clock, Monotonic, task};
use quick_cache::sync::Cache;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::claims::Claims;
use crate::discovery;
use crate::keys::KeySet;
use crate::limits;
use crate::token::{NotVerified, Unverified};
use crate::url::HttpsUrl;

/// A document that is on its way.
pub type Fetching<'f> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchFailed>> + Send + 'f>>;

/// Fetches documents over HTTPS.
pub trait Fetch: Send + Sync {
    /// The document at `url`, of at most [`limits::DOCUMENT_BYTES`], from a server that a trusted root vouches for, or one of the
    /// certificates whose SHA-1 is among `thumbprints`. It follows no redirect, and ends within [`limits::FETCH_TIME`].
    fn fetch<'f>(&'f self, url: &'f HttpsUrl, thumbprints: &'f [String]) -> Fetching<'f>;
}

/// Why a document could not be fetched, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchFailed(pub String);

/// A network that leads nowhere.
struct NoNetwork;

impl Fetch for NoNetwork {
    fn fetch<'f>(&'f self, _: &'f HttpsUrl, _: &'f [String]) -> Fetching<'f> {
        Box::pin(async { Err(FetchFailed("there is no network".to_owned())) })
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The token's own fault.
    #[error(transparent)]
    Token(#[from] NotVerified),
    /// Its issuer could not be asked for its keys.
    #[error("the token's issuer could not be asked for its keys")]
    Unreachable,
}

/// The keys of all issuers.
pub struct Issuers {
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    given: BTreeMap<String, KeySet>,
    known: Cache<String, Arc<Provider>>,
    fetches: Arc<Semaphore>,
}

impl std::fmt::Debug for Issuers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Issuers({} given, {} known)",
            self.given.len(),
            self.known.len()
        )
    }
}

/// A provider, with what is known of its keys.
struct Provider {
    issuer: String,
    thumbprints: Vec<String>,
    held: Mutex<Held>,
    /// Whoever has it fetches.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default, Clone)]
struct Held {
    keys: Option<(Arc<KeySet>, Monotonic)>,
    /// When the last fetch began.
    asked: Option<Monotonic>,
    /// How many have ended.
    fetches: u64,
}

impl Provider {
    fn held(&self) -> Held {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Held {
    /// Keys that are not too old.
    fn fresh(&self, now: Monotonic) -> Option<Arc<KeySet>> {
        let (keys, since) = self.keys.as_ref()?;
        (now.since(*since) < limits::KEYS_AGE).then(|| Arc::clone(keys))
    }
}

impl Issuers {
    /// Issuers that are asked through `fetch`, but those whose keys are `given`, by their URLs.
    pub fn new(fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>, given: BTreeMap<String, KeySet>) -> Issuers {
        Issuers {
            fetch,
            clock,
            given,
            known: Cache::new(limits::PROVIDERS),
            fetches: Arc::new(Semaphore::new(limits::FETCHES)),
        }
    }

    /// Issuers of whom none can be asked, and none was given.
    pub fn none(clock: Arc<dyn Clock>) -> Issuers {
        Issuers::new(Arc::new(NoNetwork), clock, BTreeMap::new())
    }

    /// What a token says, once a key of its issuer's has verified it. `issuer` is the URL of the provider that is trusted.
    pub async fn verify(
        &self,
        token: &Unverified<'_>,
        issuer: &str,
        thumbprints: &[String],
    ) -> Result<Claims, Refused> {
        if token.claimed_issuer() != Some(issuer) {
            return Err(NotVerified::UnknownKey.into());
        }
        token.is_worth_keys()?;
        if let Some(keys) = self.given.get(issuer) {
            return Ok(token.verify(keys)?);
        }
        let provider = self.provider(issuer, thumbprints);
        let held = provider.held();
        if let Some(keys) = held.fresh(self.clock.monotonic()) {
            match token.verify(&keys) {
                Err(NotVerified::UnknownKey) => {}
                verified => return Ok(verified?),
            }
        }
        let keys = self.newer(&provider, held.fetches).await?;
        Ok(token.verify(&keys)?)
    }

    fn provider(&self, issuer: &str, thumbprints: &[String]) -> Arc<Provider> {
        let name = format!("{issuer} {}", thumbprints.join(","));
        if let Some(provider) = self.known.get(&name) {
            return provider;
        }
        let provider = Arc::new(Provider {
            issuer: issuer.to_owned(),
            thumbprints: thumbprints.to_vec(),
            held: Mutex::default(),
            turn: Arc::default(),
        });
        // Of two that come at once, the one that is kept is asked.
        let kept: Result<_, std::convert::Infallible> =
            self.known.get_or_insert_with(&name, || Ok(Arc::clone(&provider)));
        kept.unwrap_or(provider)
    }

    /// Keys of a fetch that ended after `seen` others had: by whoever had their turn while this call waited, or else now.
    async fn newer(&self, provider: &Arc<Provider>, seen: u64) -> Result<Arc<KeySet>, Refused> {
        let turn = Arc::clone(&provider.turn).lock_owned().await;
        let now = self.clock.monotonic();
        let held = provider.held();
        let rests = held
            .asked
            .is_some_and(|asked| now.since(asked) < limits::FETCH_PAUSE);
        if held.fetches == seen && !rests {
            let permit = Arc::clone(&self.fetches)
                .try_acquire_owned()
                .map_err(|_| Refused::Unreachable)?;
            provider.change(|held| held.asked = Some(now));
            // It goes on without the call that began it, so that nobody can spoil it for others.
            let (fetch, clock) = (Arc::clone(&self.fetch), Arc::clone(&self.clock));
            let asked = task::spawn(ask(fetch, clock, Arc::clone(provider), (turn, permit)));
            asked.await.map_err(|_| Refused::Unreachable)?;
        }
        provider
            .held()
            .fresh(self.clock.monotonic())
            .ok_or(Refused::Unreachable)
    }
}

/// Fetches a provider's keys, and keeps them. What fails leaves those that there are.
async fn ask(
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    provider: Arc<Provider>,
    its: (OwnedMutexGuard<()>, OwnedSemaphorePermit),
) {
    match fetched(&*fetch, &provider).await {
        Ok(keys) => {
            let now = clock.monotonic();
            provider.change(|held| held.keys = Some((Arc::new(keys), now)));
        }
        Err(error) => {
            tracing::warn!(issuer = provider.issuer, %error, "the keys of an OpenID Connect provider can't be fetched");
        }
    }
    provider.change(|held| held.fetches = held.fetches.wrapping_add(1));
    drop(its);
}

async fn fetched(fetch: &dyn Fetch, provider: &Provider) -> Result<KeySet, FetchFailed> {
    let failed = |text: &str| FetchFailed(text.to_owned());
    let at = discovery::document_of(&provider.issuer).ok_or_else(|| failed("it has no address"))?;
    let document = fetch.fetch(&at, &provider.thumbprints).await?;
    let at = discovery::jwks_uri(&document, &provider.issuer)
        .ok_or_else(|| failed("its discovery document is not its own, or does not say where its keys are"))?;
    let keys = fetch.fetch(&at, &provider.thumbprints).await?;
    KeySet::parse(&keys).map_err(|error| failed(&error.to_string()))
}
