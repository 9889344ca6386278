//! The real parts behind the ports: the embedded store, the audit log, the engine, the services.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use ambient::{Clock, Monotonic, task};
use arn::AccountId;
use engine::{Engine, OpenError, Service};
use identity::{NewAccessKey, Owner};
use secret::SecretBytes;
use store::backend::BackendError;
use store::{CommitError, Passphrase, RootSource, StoreError, StoreOptions};
use store_sqlite::Sqlite;
use tokio::sync::oneshot;

use crate::boundary::{Answer, Foundation, Installation, Mistake, Request, Response, Terms};
use crate::metrics::{Flush, Recorder};
use crate::root_key::RootSecret;

/// Every service, one line each.
static SERVICES: &[&Service] = &[&admin::ADMIN, &iam::IAM, &kms::KMS, &sts::STS];

/// The store in the data directory, by this process alone.
#[derive(Debug, Clone, Copy)]
pub struct Embedded;

impl Foundation for Embedded {
    type Installation = engine::Installation;

    async fn open(self, terms: Terms) -> Result<engine::Installation, Mistake> {
        // A large store takes seconds to load, and a passphrase one to work: neither may hold up the runtime.
        let (done, opened) = oneshot::channel();
        task::thread("opening", move || {
            let _ = done.send(open(terms));
        })
        .map_err(|cause| Mistake::new(format!("no thread can be started ({cause})"), "raise `ulimit -u`"))?;
        match opened.await {
            Ok(opened) => opened.map_err(mistake),
            Err(_) => Err(Mistake::new(
                "the store could not be opened",
                "see the lines above, and report this",
            )),
        }
    }
}

fn open(terms: Terms) -> Result<engine::Installation, OpenError> {
    let backend = Sqlite::open(&terms.store).map_err(store::OpenError::from)?;
    let root: Box<dyn RootSource> = match terms.root {
        RootSecret::Key(key) => Box::new(key),
        RootSecret::Passphrase(passphrase) => Box::new(Passphrase(passphrase)),
    };
    let (audit_flushes, unknown_members) = (terms.recorder.clone(), terms.recorder.clone());
    engine::Installation::open(engine::Options {
        audit: &terms.audit,
        log: audit::Options {
            on_flush: Some(Arc::new(move |flush| {
                audit_flushes.flushed(Flush::Audit, flush.latency)
            })),
            ..audit::Options::default()
        },
        backend: Box::new(backend),
        root,
        store: StoreOptions::new().observer(Arc::new(StoreFlushes {
            recorder: terms.recorder,
            clock: terms.clock.clone(),
            begun: Mutex::new(None),
        })),
        services: SERVICES,
        regions: terms.regions,
        destruction_grace: terms.destruction_grace,
        attestations: terms.attestations,
        issuers: terms.issuers,
        on_unknown_members: Arc::new(move |count| unknown_members.ignored_members(count)),
        clock: terms.clock,
        entropy: terms.entropy,
    })
}

impl Installation for engine::Installation {
    type Engine = Engine;

    fn accounts(&self) -> Result<Vec<AccountId>, Mistake> {
        self.accounts().map_err(mistake)
    }

    async fn create_account(&self, account: AccountId, key: &NewAccessKey) -> Result<(), Mistake> {
        self.create_account(account, key).await.map_err(mistake)
    }

    fn first_account(&self) -> Result<Option<AccountId>, Mistake> {
        self.first_account().map_err(mistake)
    }

    fn operator(&self) -> Result<Option<AccountId>, Mistake> {
        self.operator().map_err(mistake)
    }

    async fn renew_credentials(&self, owner: &Owner, key: &NewAccessKey) -> Result<(), Mistake> {
        self.renew_credentials(owner, key).await.map_err(mistake)
    }

    async fn create_operator(&self, account: AccountId, key: &NewAccessKey) -> Result<(), Mistake> {
        self.create_operator(account, key).await.map_err(mistake)
    }

    fn secret(&self, name: &str) -> Result<Option<SecretBytes>, Mistake> {
        let secret = self.secret(name).map_err(mistake)?;
        Ok(secret.map(|secret| SecretBytes::copied_from(secret.expose())))
    }

    async fn keep_secret(&self, name: &str, secret: SecretBytes) -> Result<(), Mistake> {
        self.keep_secret(name, secret).await.map_err(mistake)
    }

    async fn close(self) {
        engine::Installation::close(&self).await;
    }

    async fn start(self) -> Result<Arc<Engine>, Mistake> {
        self.start().await.map_err(mistake)
    }
}

impl Answer for Engine {
    async fn answer(self: &Arc<Self>, request: Request) -> Response {
        Engine::answer(self, request).await
    }

    fn readiness(&self) -> Result<(), String> {
        Engine::readiness(self)
    }

    async fn close(self: Arc<Self>) {
        Engine::close(&self).await;
    }
}

/// Times the store's flushes.
struct StoreFlushes {
    recorder: Recorder,
    clock: Arc<dyn Clock>,
    begun: Mutex<Option<Monotonic>>,
}

impl store::Observer for StoreFlushes {
    fn begins(&self, _: usize) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.monotonic());
    }

    fn ended(&self, _: bool) {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(begun) = begun {
            self.recorder
                .flushed(Flush::Store, self.clock.monotonic().since(begun));
        }
    }

    fn reopens(&self, error: &BackendError) {
        tracing::warn!(%error, "the store failed, and is opened anew");
    }
}

/// What the operator reads. Most of these errors say themselves what to do; the others are told what helps.
fn mistake(error: OpenError) -> Mistake {
    let remedy = match &error {
        OpenError::Store(store::OpenError::Backend(cause)) => backend_remedy(cause),
        OpenError::Store(store::OpenError::Seal(_) | store::OpenError::Thread(_))
        | OpenError::Entropy(_)
        | OpenError::Threads(_) => Some("check this machine's limits"),
        OpenError::Store(store::OpenError::NoRootKey(_)) => Some("give the right one with --root-key"),
        OpenError::Store(_) | OpenError::StoreBehindLog { .. } | OpenError::LogBehindStore { .. } => None,
        OpenError::Audit(audit::AuditError::Damaged { .. } | audit::AuditError::NewerFormat { .. }) => None,
        OpenError::Commit(CommitError::Refused(_)) | OpenError::Read(StoreError::Damaged(_)) => {
            Some("restore the store from a backup")
        }
        OpenError::Audit(_) | OpenError::Commit(_) | OpenError::Read(_) => {
            Some("see to the data directory's owner, its modes and free space")
        }
    };
    match remedy {
        Some(remedy) => Mistake::new(with_causes(&error), remedy),
        None => Mistake::said(with_causes(&error)),
    }
}

fn backend_remedy(error: &BackendError) -> Option<&'static str> {
    match error {
        BackendError::Locked { .. } => Some("stop that one, or name another with --data-dir"),
        BackendError::Foreign { .. } => Some("name another place with --data-dir"),
        BackendError::Io { .. } => Some("see to its owner, its mode and free space"),
        BackendError::NewerFormat { .. } | BackendError::Full { .. } | BackendError::Damaged { .. } => None,
    }
}

/// An error and what lies behind it, in one line, each said once.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text} ({said})");
        }
        next = cause.source();
    }
    text
}
