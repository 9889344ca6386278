//! Opening an installation: the log, the store, and whether they belong together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ambient::pool::Pool;
use ambient::{Clock, Entropy, EntropyFailed, task};
use arn::{AccountId, Region};
use attestation::Verifier;
use audit::{AuditError, AuditLog, RefusedStream};
use crypto::InProcess;
use crypto::wrapping::WrappingKeys;
use identity::{
    AccessKeyId, AccessKeySecrets, AccessKeys, Account, Accounts, ByAccount, NewAccessKey, Owner,
};
use secret::{SecretBuffer, SecretBytes};
use sigv4::SigningKeys;
use store::backend::Backend;
use store::{
    Change, CommitError, Domain, HashedName, ReadSet, SecretTable, Store, StoreError, TableId, TableSpec,
    Unreadable,
};

use crate::engine::Engine;
use crate::outbox::{self, ToLog};
use crate::service::Service;
use crate::usage::{self, LastUses};
use crate::{chores, grace, limits};

/// What an installation is made of.
pub struct Options<'o> {
    /// Where the audit log is.
    pub audit: &'o Path,
    /// How the log is written.
    pub log: audit::Options,
    /// What keeps the store's rows.
    pub backend: Box<dyn Backend>,
    /// What the store is sealed under.
    pub root: Box<dyn store::RootSource>,
    /// How the store is kept in memory, and who is told of its flushes.
    pub store: store::StoreOptions,
    /// The services.
    pub services: &'static [&'static Service],
    /// The Regions that are served; at least one.
    pub regions: Vec<Region>,
    /// How long destroyed material stays recoverable after its key was first seen to be due, counted in uptime.
    pub destruction_grace: Duration,
    /// What attestation documents have to lead to.
    pub attestations: Verifier,
    /// The keys of OpenID Connect providers.
    pub issuers: oidc::Issuers,
    /// Told how many members of a request were ignored because no model knows them; it should only count.
    pub on_unknown_members: Arc<dyn Fn(u64) + Send + Sync>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
}

/// Why an installation does not open, for the operator: what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The log tells of changes that the store does not have.
    #[error(
        "the store is at revision {store}, but its audit log tells of revision {log}: an older copy of the store was put back; restore the newest copy, or a backup"
    )]
    StoreBehindLog {
        /// The store's revision.
        store: u64,
        /// The highest revision in the log.
        log: u64,
    },
    /// The log tells of less than the store knows it held.
    #[error(
        "the audit log ends at revision {log}, but it held what the store did up to revision {store}: it was cut short, or an older copy was put back; put the newest one back, or set the audit directory aside as evidence and start with a new one"
    )]
    LogBehindStore {
        /// The revision up to which the store gave its records away.
        store: u64,
        /// The highest revision in the log.
        log: u64,
    },
    /// A first account, domain or secret could not be written.
    #[error("the store does not take the installation's first records: {0}")]
    Commit(#[from] CommitError),
    /// A record could not be read.
    #[error("the store can't be read: {0}")]
    Read(#[from] StoreError),
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// No threads for heavy work.
    #[error("the system gives no threads for heavy work: {0}")]
    Threads(std::io::Error),
}

/// The tables of an installation with these services: what its store is opened with.
pub fn tables(services: &[&'static Service]) -> Vec<TableSpec> {
    let mut tables = vec![
        store::table_spec::<Accounts>(),
        store::table_spec::<AccessKeys>(),
        store::secret_table_spec::<AccessKeySecrets>(),
        store::secret_table_spec::<InstallationSecrets>(),
        store::table_spec::<grace::Waiting>(),
    ];
    tables.extend(services.iter().flat_map(|service| service.tables));
    tables
}

/// An installation that was opened, and is not at work yet.
#[derive(Debug)]
pub struct Installation {
    engine: Arc<Engine>,
    destruction_grace: Duration,
    /// Whether the log is new and the store is not.
    log_is_gone: bool,
    /// Where the log is, and which.
    log: (PathBuf, [u8; 16]),
    pool: Arc<Pool>,
}

impl Installation {
    /// Opens the audit log and the store, checks that they belong together, and brings the log up to date.
    pub fn open(options: Options<'_>) -> Result<Installation, OpenError> {
        let Options { clock, entropy, .. } = options;
        let (log, recovered) = AuditLog::open(options.audit, options.log, Arc::clone(&clock), &*entropy)?;
        let refused = RefusedStream::open(options.audit, Arc::clone(&clock))?;
        let tables = tables(options.services);
        let sink = Arc::new(ToLog(log.clone()));
        let (store, vault) = Store::open(
            options.backend,
            &tables,
            options.root,
            Arc::clone(&entropy),
            sink,
            options.store,
        )?;
        let revision = store.head_revision();
        if recovered.highest_revision > revision {
            return Err(OpenError::StoreBehindLog {
                store: revision,
                log: recovered.highest_revision,
            });
        }
        let logged = store.logged_revision();
        let log_is_gone = recovered.next_sequence == 1 && logged > 0;
        if log_is_gone {
            tracing::warn!(
                revision = logged,
                "the audit log is gone, and with it the records of all that was done; a new one is begun, and says so"
            );
        } else if recovered.highest_revision < logged {
            return Err(OpenError::LogBehindStore {
                store: logged,
                log: recovered.highest_revision,
            });
        }
        if let Some(torn) = &recovered.torn {
            tracing::warn!(
                bytes = torn.bytes, path = %torn.path.display(),
                "the audit log ended in a record that was never acknowledged: it was set aside"
            );
        }
        store.drained(recovered.highest_revision);
        for waiting in store.outbox()? {
            if waiting.revision > recovered.highest_revision {
                outbox::queue(&log, waiting.revision, waiting.payloads);
            }
        }
        let pool =
            Pool::of_all_processors("heavy", limits::HEAVY_WORK_WAITING).map_err(OpenError::Threads)?;
        let pool = Arc::new(pool);
        // Whoever tries passwords holds up nobody but others who do.
        let passwords = Pool::start("passwords", limits::PASSWORD_THREADS, limits::PASSWORDS_WAITING)
            .map_err(OpenError::Threads)?;
        let last_uses = LastUses::load(options.audit, recovered.log_id, options.services, clock.now());
        let engine = Engine {
            store,
            vault,
            log,
            refused,
            clock,
            backing: InProcess::new(Arc::clone(&entropy), Arc::clone(&pool)),
            passwords,
            wrapping_keys: WrappingKeys::new(Arc::clone(&pool)),
            attestations: options.attestations,
            entropy,
            last_uses,
            signing_keys: SigningKeys::holding(limits::SIGNING_KEYS),
            sessions: gate::Sessions::new(),
            issuers: options.issuers,
            unsigned: tokio::sync::Semaphore::new(limits::UNSIGNED_CALLS),
            services: options.services,
            regions: options.regions,
            walks: Arc::default(),
            on_unknown_members: options.on_unknown_members,
        };
        Ok(Installation {
            engine: Arc::new(engine),
            destruction_grace: options.destruction_grace,
            log_is_gone,
            log: (options.audit.to_owned(), recovered.log_id),
            pool,
        })
    }

    /// The accounts there are, without the operator's.
    pub fn accounts(&self) -> Result<Vec<AccountId>, OpenError> {
        let view = self.engine.store.snapshot().view();
        let (mut accounts, operator) = (identity::accounts(&view)?, identity::operator(&view)?);
        accounts.retain(|account| Some(*account) != operator);
        Ok(accounts)
    }

    /// The operator's account; `None` before it was made.
    pub fn operator(&self) -> Result<Option<AccountId>, OpenError> {
        Ok(identity::operator(&self.engine.store.snapshot().view())?)
    }

    /// Makes the operator's account, unless there is one, with `key` to sign with.
    pub async fn create_operator(&self, account: AccountId, key: &NewAccessKey) -> Result<(), OpenError> {
        let now = self.engine.clock.now();
        let view = self.engine.store.snapshot().view();
        if identity::operator(&view)?.is_some() {
            return Ok(());
        }
        let record = Account::of_operator_made_at(now);
        let owner = Owner::Operator(account);
        self.open_account(view, record, &owner, key, "CreateOperator")
            .await
    }

    /// Makes an account whose root user signs with `key`. To do it again changes nothing.
    pub async fn create_account(&self, account: AccountId, key: &NewAccessKey) -> Result<(), OpenError> {
        let now = self.engine.clock.now();
        let view = self.engine.store.snapshot().view();
        if view
            .get::<Accounts>(Domain::Installation, &ByAccount(account))?
            .is_some()
        {
            return Ok(());
        }
        let owner = Owner::Root(account);
        self.open_account(view, Account::made_at(now), &owner, key, "CreateAccount")
            .await
    }

    async fn open_account(
        &self,
        view: store::View,
        account: Account,
        owner: &Owner,
        key: &NewAccessKey,
        event: &str,
    ) -> Result<(), OpenError> {
        let (engine, number) = (&self.engine, owner.account());
        let mut change = Change::new();
        change.put::<Accounts>(Domain::Installation, ByAccount(number), account);
        key.keep(owner, engine.clock.now(), &mut change);
        change.record(chores::installation_event(engine, number, event, None)?);
        engine.store.commit(view.into_reads(), change).await?;
        Ok(())
    }

    /// The tenant that was made first.
    pub fn first_account(&self) -> Result<Option<AccountId>, OpenError> {
        let view = self.engine.store.snapshot().view();
        let mut first = None;
        for account in self.accounts()? {
            if let Some(record) = view.get::<Accounts>(Domain::Installation, &ByAccount(account))? {
                let made = (record.created(), account);
                first = Some(first.map_or(made, |first| made.min(first)));
            }
        }
        Ok(first.map(|(_, account)| account))
    }

    /// Puts `key` in place of every access key of `owner`, the root user of an account or the operator.
    pub async fn renew_credentials(&self, owner: &Owner, key: &NewAccessKey) -> Result<(), OpenError> {
        let engine = &self.engine;
        let view = engine.store.snapshot().view();
        let mut change = Change::new();
        let entries = view.index::<AccessKeys>(
            Domain::Installation,
            AccessKeys::BY_OWNER,
            &AccessKeys::of_owner(owner),
            None,
            usize::MAX,
        )?;
        for entry in entries {
            let name = std::str::from_utf8(entry.row.name()).ok();
            let Some(id) = name.and_then(|name| name.parse::<AccessKeyId>().ok()) else {
                continue;
            };
            change.delete::<AccessKeys>(Domain::Installation, id.clone());
            change.destroy::<AccessKeySecrets>(Domain::Installation, id);
        }
        key.keep(owner, engine.clock.now(), &mut change);
        let details = serde_json::json!({ "accessKeyId": key.id.as_str() }).to_string();
        let event = "RecoverCredentials";
        change.record(chores::installation_event(
            engine,
            owner.account(),
            event,
            Some(&details),
        )?);
        engine.store.commit(view.into_reads(), change).await?;
        Ok(())
    }

    /// Closes the store and the log, without having been at work.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// A secret of the installation's own, by name.
    pub fn secret(&self, name: &str) -> Result<Option<Arc<SecretBytes>>, OpenError> {
        let view = self.engine.store.snapshot().view();
        let name = HashedName(name.to_owned());
        Ok(self
            .engine
            .vault
            .open::<InstallationSecrets>(&view, Domain::Installation, &name)?)
    }

    /// Keeps a secret of the installation's own under a name, over what was there. Each account's log tells of it.
    pub async fn keep_secret(&self, name: &str, secret: SecretBytes) -> Result<(), OpenError> {
        let mut change = Change::new();
        let details = serde_json::json!({ "name": name }).to_string();
        for account in self.accounts()? {
            change.record(chores::installation_event(
                &self.engine,
                account,
                "PutInstallationSecret",
                Some(&details),
            )?);
        }
        let name = HashedName(name.to_owned());
        change.put_secret::<InstallationSecrets>(Domain::Installation, name, Arc::new(secret));
        self.engine.store.commit(ReadSet::new(), change).await?;
        Ok(())
    }

    /// Makes what is missing for each account in each Region that is served, and begins the background work.
    pub async fn start(self) -> Result<Arc<Engine>, OpenError> {
        let (accounts, operator) = (self.accounts()?, self.operator()?);
        let engine = self.engine;
        if self.log_is_gone {
            let mut change = Change::new();
            for account in &accounts {
                change.record(chores::installation_event(
                    &engine,
                    *account,
                    "BeginAuditLog",
                    None,
                )?);
            }
            engine.store.commit(ReadSet::new(), change).await?;
        }
        for account in accounts.into_iter().chain(operator) {
            engine.create_domains(account).await?;
        }
        task::spawn(outbox::drain(engine.store.clone(), engine.log.durable_revision()));
        let (dir, log_id) = self.log;
        task::spawn(usage::keep_checkpoints(
            Arc::downgrade(&engine),
            dir,
            log_id,
            self.pool,
        ));
        task::spawn(chores::keep_working(
            Arc::downgrade(&engine),
            self.destruction_grace,
        ));
        Ok(engine)
    }
}

/// The table of the installation's own secrets, such as the key of its certificate authority, by name.
#[derive(Debug)]
struct InstallationSecrets;

impl SecretTable for InstallationSecrets {
    const ID: TableId = TableId(12);
    const NAME: &'static str = "installation secrets";
    const FORMAT: u8 = 1;
    type Key = HashedName;
    type Secret = SecretBytes;

    fn encode(secret: &SecretBytes, out: &mut SecretBuffer) {
        out.extend(secret.expose());
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<SecretBytes, Unreadable> {
        Ok(SecretBytes::copied_from(bytes))
    }
}
