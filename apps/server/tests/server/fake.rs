//! An installation that says what it was asked, and a server around it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambient::task::{self, JoinHandle};
use ambient::{ManualClock, SeededEntropy, Timestamp};
use arn::AccountId;
use bytes::Bytes;
use crypto::root::RootKeyId;
use engine::{Request, Response};
use identity::{NewAccessKey, Owner};
use secret::SecretBytes;
use server::config::{Config, Options, Tls};
use server::limits::Limits;
use server::start::{self, StartError, Surroundings};
use server::{Answer, Foundation, Installation, Mistake, RootSecret, Terms};
use tokio::sync::{Notify, mpsc};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// What a store would keep over restarts, and what tests look at.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) accounts: Mutex<Vec<(AccountId, String)>>,
    pub(crate) operators: Mutex<Vec<AccountId>>,
    pub(crate) secrets: Mutex<HashMap<String, Vec<u8>>>,
    pub(crate) root_keys: Mutex<Vec<RootKeyId>>,
    /// Lets requests for `/hold` go on.
    pub(crate) release: Notify,
    /// A request for `/hold` has arrived.
    pub(crate) arrived: Notify,
}

#[derive(Clone, Default)]
pub(crate) struct Fake(pub(crate) Arc<Kept>);

impl Foundation for Fake {
    type Installation = Fake;

    async fn open(self, terms: Terms) -> Result<Fake, Mistake> {
        std::fs::write(terms.store.join("keystead.db"), "sealed").unwrap();
        match terms.root {
            RootSecret::Key(key) => self.0.root_keys.lock().unwrap().push(key.id()),
            RootSecret::Passphrase(_) => {}
        }
        Ok(self)
    }
}

impl Installation for Fake {
    type Engine = Fake;

    fn accounts(&self) -> Result<Vec<AccountId>, Mistake> {
        Ok(self
            .0
            .accounts
            .lock()
            .unwrap()
            .iter()
            .map(|(account, _)| *account)
            .collect())
    }

    async fn create_account(&self, account: AccountId, key: &NewAccessKey) -> Result<(), Mistake> {
        self.0
            .accounts
            .lock()
            .unwrap()
            .push((account, key.id.as_str().to_owned()));
        Ok(())
    }

    fn first_account(&self) -> Result<Option<AccountId>, Mistake> {
        Ok(self.accounts()?.first().copied())
    }

    fn operator(&self) -> Result<Option<AccountId>, Mistake> {
        Ok(self.0.operators.lock().unwrap().first().copied())
    }

    async fn renew_credentials(&self, _: &Owner, _: &NewAccessKey) -> Result<(), Mistake> {
        Ok(())
    }

    async fn close(self) {}

    async fn create_operator(&self, account: AccountId, _: &NewAccessKey) -> Result<(), Mistake> {
        self.0.operators.lock().unwrap().push(account);
        Ok(())
    }

    fn secret(&self, name: &str) -> Result<Option<SecretBytes>, Mistake> {
        Ok(self
            .0
            .secrets
            .lock()
            .unwrap()
            .get(name)
            .map(|secret| SecretBytes::copied_from(secret)))
    }

    async fn keep_secret(&self, name: &str, secret: SecretBytes) -> Result<(), Mistake> {
        self.0
            .secrets
            .lock()
            .unwrap()
            .insert(name.to_owned(), secret.expose().to_vec());
        Ok(())
    }

    async fn start(self) -> Result<Arc<Fake>, Mistake> {
        Ok(Arc::new(self))
    }
}

impl Answer for Fake {
    async fn answer(self: &Arc<Self>, request: Request) -> Response {
        if request.path == "/hold" {
            self.0.arrived.notify_one();
            self.0.release.notified().await;
        }
        let tls = request.peer.tls.as_deref().map_or_else(
            || "plain".to_owned(),
            |tls| format!("{} {} {:?}", tls.version, tls.cipher_suite, tls.key_exchange),
        );
        let text = format!(
            "{} {} ?{} host={} body={} peer={} tls={tls}",
            request.method,
            request.path,
            request.query,
            request
                .headers
                .get("host")
                .map_or("none", |host| host.to_str().unwrap()),
            request.body.len(),
            request.peer.address,
        );
        Response {
            http: ::http::Response::new(Bytes::from(text)),
            operation: Some("Describe"),
            outcome: "ok",
        }
    }

    fn readiness(&self) -> Result<(), String> {
        Ok(())
    }

    async fn close(self: Arc<Self>) {}
}

/// A server that runs until it is stopped.
pub(crate) struct Running {
    pub(crate) fake: Fake,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) lines: Vec<String>,
    pub(crate) data: PathBuf,
    stop: mpsc::Sender<()>,
    ended: JoinHandle<Result<(), StartError>>,
}

/// How to start a server.
pub(crate) struct Start {
    pub(crate) options: Options,
    pub(crate) limits: Limits,
    pub(crate) fake: Fake,
}

impl Start {
    /// On `data`, without TLS, on ports that the system chooses.
    pub(crate) fn plain(data: &Path) -> Start {
        let mut start = Start::secured(data);
        start.options.tls = Some(Tls::Off);
        start
    }

    /// On `data`, with TLS, on ports that the system chooses.
    pub(crate) fn secured(data: &Path) -> Start {
        Start {
            options: Options {
                data_dir: Some(data.join("data")),
                listen: Some("127.0.0.1:0".parse().unwrap()),
                admin_listen: Some("127.0.0.1:0".parse().unwrap()),
                ..Options::default()
            },
            limits: Limits::default(),
            fake: Fake::default(),
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Start)) -> Start {
        change(&mut self);
        self
    }

    /// Starts it, and waits until it is ready.
    pub(crate) async fn run(self) -> Result<Running, StartError> {
        let clock = Arc::new(ManualClock::at(NOW));
        let (stop, stops) = mpsc::channel(2);
        let (said, mut hears) = mpsc::unbounded_channel();
        let surroundings = Surroundings {
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(1)),
            environment: Box::new(|_| None),
            announce: Box::new(move |line: &str| {
                let _ = said.send(line.to_owned());
            }),
            stop: stops,
            limits: self.limits,
        };
        let config = Config::assemble(self.options, None)?;
        let data = config.data_dir.clone();
        let is_new = !data.join("local/config").exists();
        let ended = task::spawn(start::serve(config, self.fake.clone(), surroundings));
        let mut lines = Vec::new();
        while lines.len() < if is_new { 2 } else { 1 } {
            match hears.recv().await {
                Some(line) => lines.push(line),
                None => {
                    return ended
                        .await
                        .unwrap()
                        .map(|()| panic!("it ended before it was ready"));
                }
            }
        }
        Ok(Running {
            fake: self.fake,
            clock,
            lines,
            data,
            stop,
            ended,
        })
    }
}

impl Running {
    /// The address in the ready line.
    pub(crate) fn address(&self) -> String {
        let url = self.lines[0].split(' ').nth(3).unwrap();
        url.split_once("://").unwrap().1.to_owned()
    }

    /// The admin address in the ready line.
    pub(crate) fn admin(&self) -> String {
        let url = self.lines[0].split("http://").last().unwrap();
        url.trim_end_matches(')').to_owned()
    }

    pub(crate) fn local(&self, name: &str) -> PathBuf {
        self.data.join("local").join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.local(name)).unwrap()
    }

    /// Asks it to stop.
    pub(crate) async fn ask_to_stop(&self) {
        self.stop.send(()).await.unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn end(self) -> Result<(), StartError> {
        within(self.ended).await.unwrap()
    }

    pub(crate) async fn stop(self) {
        self.ask_to_stop().await;
        self.end().await.unwrap();
    }
}

/// Something that should happen at once, but for a slow machine.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .expect("it hangs")
}

/// Whether something has not happened after a moment that is long for this machine.
pub(crate) async fn is_stuck<T>(work: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_millis(100), work)
        .await
        .is_err()
}
