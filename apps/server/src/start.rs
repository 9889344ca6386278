//! The life of a server: everything stands, the ports accept, requests end, it stops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ambient::task::JoinHandle;
use ambient::{Clock, Entropy, EntropyFailed, task};
use arn::AccountId;
use identity::NewAccessKey;
use secret::SecretString;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, watch};

use crate::admin::{self, Readiness};
use crate::boundary::{Answer, Foundation, Installation, Mistake, Terms};
use crate::config::{Config, ConfigError, Listen, Tls};
use crate::directory::{DataDirectory, DirectoryError};
use crate::files::FileError;
use crate::http::{self, Phase, Port};
use crate::keeper::{self, Keeper, KeeperError, Source};
use crate::limits::{BACKLOG, Limits};
use crate::metrics::Recorder;
use crate::profile::{self, Profile};
use crate::root_key::RootKeyError;
use crate::{shell, tls};

/// What keeps a server from starting. Each prints as one line: what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The root key.
    #[error(transparent)]
    RootKey(#[from] RootKeyError),
    /// The server's certificate.
    #[error(transparent)]
    Certificate(#[from] KeeperError),
    /// The store, the log or what else is behind the ports.
    #[error(transparent)]
    Installation(#[from] Mistake),
    /// The data directory belongs to another account.
    #[error("the data directory's account is {0}: leave out --account-id, or name another --data-dir")]
    OtherAccount(AccountId),
    /// There is no such account.
    #[error("there is no such account here: `keystead account list` tells which there are")]
    NoAccount,
    /// No random bytes.
    #[error("{0}: no keys can be made on this machine")]
    Entropy(#[from] EntropyFailed),
    /// A port can't be had.
    #[error("{listen} can't be listened on ({cause}): stop what uses it, or give another {option}")]
    Port {
        /// The option that names it.
        option: &'static str,
        /// Its value.
        listen: Listen,
        /// What the system said.
        cause: io::Error,
    },
    /// TLS could not be set up.
    #[error("TLS can't be set up ({0}): give another certificate with --tls CERT,KEY")]
    Tls(#[from] rustls::Error),
    /// A file of the data directory can't be written.
    #[error("{0} failed ({cause}): see to its owner, its mode and free space", cause = .0.cause())]
    File(#[from] FileError),
    /// The runtime could not be started.
    #[error("threads can't be started ({0}): raise the limit on processes (`ulimit -u`)")]
    Runtime(io::Error),
}

/// Looks up a variable of the environment.
pub type Environment = Box<dyn Fn(&str) -> Option<SecretString> + Send + Sync>;

/// What a server takes from its surroundings.
pub struct Surroundings {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
    /// A variable of the environment.
    pub environment: Environment,
    /// Hears the lines that people and scripts wait for.
    pub announce: Box<dyn Fn(&str) + Send + Sync>,
    /// Each message asks the server to stop; the second cuts its farewell short.
    pub stop: mpsc::Receiver<()>,
    /// The bounds of the main port.
    pub limits: Limits,
}

/// Runs a server until its surroundings stop it.
///
/// The order matters for a first start that is killed: the root key is durable before the store is opened, the access
/// key's file before the store knows the key, the authority in the store before its files, and `local/config`, whose
/// presence says that all of it stands, comes last, before the port accepts.
pub async fn serve<F: Foundation>(
    config: Config,
    foundation: F,
    mut surroundings: Surroundings,
) -> Result<(), StartError> {
    let mut ground = Ground::take(&config)?;
    let is_new = ground.directory.is_new();
    let readiness = Readiness::not_yet("starting");
    let admin = listening(ground.admin.take(), &config.admin_listen, ADMIN_LISTEN)?;
    let admin = task::spawn(admin::serve(admin, ground.recorder.clone(), readiness.clone()));
    let opening = foundation.open(terms(
        &ground.directory,
        &ground.recorder,
        &config,
        &surroundings,
    )?);
    let installation = tokio::select! {
        opened = opening => opened?,
        // Nothing was promised to anybody yet, and the store survives being left at any moment.
        _ = surroundings.stop.recv() => return Ok(()),
    };
    ground
        .settle_account(&config, &installation, &*surroundings.entropy)
        .await?;
    ground
        .settle_operator(&installation, &*surroundings.entropy)
        .await?;
    let certificate = ground.certificate(&config, &installation, &surroundings).await?;
    let engine = installation.start().await?;
    ground.write_profile(&config)?;

    let (phase, phases) = watch::channel(Phase::Open);
    let (tls, renewal) = certificate.unzip();
    let port = Port::new(engine.clone(), tls, ground.recorder.clone(), &surroundings);
    let main = listening(ground.main.take(), &config.listen, LISTEN)?;
    let serving = task::spawn(http::serve(main, port, phases));
    let probed = engine.clone();
    readiness.ask(move || probed.readiness());
    ground.announce(&config, is_new, &*surroundings.announce);

    let _ = surroundings.stop.recv().await;
    readiness.end("stopping");
    drain(serving, &phase, &mut surroundings).await;
    if let Some(renewal) = renewal {
        renewal.abort();
    }
    engine.close().await;
    admin.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Lets requests end, up to the deadline or a second signal, and cuts what is left.
async fn drain(mut serving: JoinHandle<()>, phase: &watch::Sender<Phase>, surroundings: &mut Surroundings) {
    tracing::info!("stopping: no new connections, waiting for requests to end");
    phase.send_replace(Phase::Draining);
    tokio::select! {
        _ = &mut serving => return,
        () = tokio::time::sleep(surroundings.limits.drain) => {
            tracing::warn!("some requests did not end in time, and are cut");
        }
        _ = surroundings.stop.recv() => {}
    }
    phase.send_replace(Phase::Cut);
    let _ = serving.await;
}

const LISTEN: &str = "--listen";
const ADMIN_LISTEN: &str = "--admin-listen";

/// What a server takes hold of before it opens anything: its directory and its ports.
struct Ground {
    directory: Arc<DataDirectory>,
    main: Option<TcpSocket>,
    main_port: u16,
    admin: Option<TcpSocket>,
    admin_port: u16,
    recorder: Recorder,
}

impl Ground {
    fn take(config: &Config) -> Result<Ground, StartError> {
        let (address, admin_address) = (config.address()?, config.admin_address()?);
        let directory = Arc::new(DataDirectory::open(&config.data_dir)?);
        let (main, main_port) = bind(address).map_err(|cause| busy(&config.listen, LISTEN, cause))?;
        let (admin, admin_port) =
            bind(admin_address).map_err(|cause| busy(&config.admin_listen, ADMIN_LISTEN, cause))?;
        Ok(Ground {
            directory,
            main: Some(main),
            main_port,
            admin: Some(admin),
            admin_port,
            recorder: Recorder::new(),
        })
    }

    /// Makes the first account and its access key where there is none.
    async fn settle_account<I: Installation>(
        &self,
        config: &Config,
        installation: &I,
        entropy: &dyn Entropy,
    ) -> Result<(), StartError> {
        let accounts = installation.accounts()?;
        match (config.account_id, accounts.first()) {
            (_, None) => {}
            (Some(wanted), Some(present)) if !accounts.contains(&wanted) => {
                return Err(StartError::OtherAccount(*present));
            }
            _ => return Ok(()),
        }
        let account = match config.account_id {
            Some(account) => account,
            None => identity::random_account(entropy)?,
        };
        // Killed after the file and before the account, the next start finds no account, and draws another key.
        let key = NewAccessKey::draw(entropy)?;
        profile::write_credentials(&self.directory.credentials(), &key)?;
        Ok(installation.create_account(account, &key).await?)
    }

    /// Makes the operator's account and its access key where there is none.
    async fn settle_operator<I: Installation>(
        &self,
        installation: &I,
        entropy: &dyn Entropy,
    ) -> Result<(), StartError> {
        if installation.operator()?.is_some() {
            return Ok(());
        }
        let key = NewAccessKey::draw(entropy)?;
        profile::write_credentials(&self.directory.operator_credentials(), &key)?;
        let accounts = installation.accounts()?;
        let mut account = identity::random_account(entropy)?;
        while accounts.contains(&account) {
            account = identity::random_account(entropy)?;
        }
        Ok(installation.create_operator(account, &key).await?)
    }

    /// The TLS configuration, and what keeps its certificate fresh; `None` without TLS.
    async fn certificate<I: Installation>(
        &self,
        config: &Config,
        installation: &I,
        surroundings: &Surroundings,
    ) -> Result<Option<(Arc<rustls::ServerConfig>, JoinHandle<()>)>, StartError> {
        let names = config.names();
        let source = match &config.tls {
            Tls::Off => return Ok(None),
            Tls::Auto => Source::Own {
                authority: keeper::authority(installation, &names, surroundings.clock.now()).await?,
                names,
            },
            Tls::Files { certificate, key } => Source::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            },
        };
        let keeper = Keeper {
            directory: self.directory.clone(),
            source,
            clock: surroundings.clock.clone(),
            recorder: self.recorder.clone(),
        };
        let current = keeper.start()?;
        let tls = tls::server_config(current.clone())?;
        Ok(Some((tls, task::spawn(keeper.renew(current)))))
    }

    /// Writes down how clients reach the server.
    fn write_profile(&self, config: &Config) -> Result<(), StartError> {
        let ca = (config.tls == Tls::Auto).then(|| self.directory.ca_certificate());
        if let Some(region) = config.regions.first() {
            Profile::new(self.endpoint(config), region, ca.as_deref()).write(&self.directory)?;
        }
        Ok(())
    }

    fn announce(&self, config: &Config, is_new: bool, announce: &dyn Fn(&str)) {
        announce(&format!(
            "keystead is ready: {} (admin http://{}:{})",
            self.endpoint(config),
            config.admin_listen.host_for_urls(),
            self.admin_port
        ));
        if is_new {
            let data = shell::quoted(&config.data_dir.display().to_string());
            announce(&format!("to use it: eval \"$(keystead env --data-dir {data})\""));
        }
    }

    fn endpoint(&self, config: &Config) -> String {
        let scheme = if config.tls == Tls::Off { "http" } else { "https" };
        format!("{scheme}://{}:{}", config.listen.host_for_urls(), self.main_port)
    }
}

/// What an installation is opened with.
pub(crate) fn terms(
    directory: &DataDirectory,
    recorder: &Recorder,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Terms, StartError> {
    let (source, entropy) = (config.root_key.as_ref(), &*surroundings.entropy);
    Ok(Terms {
        store: directory.store(),
        audit: directory.audit(),
        root: directory.root_secret(source, entropy, &*surroundings.environment)?,
        regions: config.regions.clone(),
        destruction_grace: config.destruction_grace,
        attestations: config.attestations()?,
        issuers: config.issuers(surroundings.clock.clone())?,
        recorder: recorder.clone(),
        clock: surroundings.clock.clone(),
        entropy: surroundings.entropy.clone(),
    })
}

/// Takes a port without accepting on it yet, so that its number is known and a busy one is told early.
fn bind(address: SocketAddr) -> io::Result<(TcpSocket, u16)> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}

fn listening(
    socket: Option<TcpSocket>,
    listen: &Listen,
    option: &'static str,
) -> Result<TcpListener, StartError> {
    // INVARIANT: each socket is taken once.
    let socket = socket.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected));
    let listener = socket.and_then(|socket| socket.listen(BACKLOG));
    listener.map_err(|cause| busy(listen, option, cause))
}

fn busy(listen: &Listen, option: &'static str, cause: io::Error) -> StartError {
    StartError::Port {
        option,
        listen: listen.clone(),
        cause,
    }
}
