//! The real server in this process: its whole way from a data directory to an open port, as fast as it goes.

use std::path::Path;
use std::sync::{Arc, mpsc};

use ambient::task::JoinHandle;
use ambient::{SystemClock, SystemEntropy};
use server::Embedded;
use server::config::{Config, Options, Tls};
use server::limits::Limits;
use server::start::{StartError, Surroundings, serve};
use tokio::runtime::Runtime;

/// Where servers run.
pub struct Host {
    runtime: Runtime,
}

/// A server that accepts calls.
pub struct Hosted<'h> {
    host: &'h Host,
    /// `http://127.0.0.1:PORT`, or with `https`.
    pub url: String,
    stop: tokio::sync::mpsc::Sender<()>,
    serving: JoinHandle<Result<(), StartError>>,
}

enum Event {
    Ready(String),
    Ended,
}

impl Default for Host {
    fn default() -> Host {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        Host { runtime }
    }
}

impl Host {
    /// Starts a server on a data directory, or gives the line that says why it does not start.
    pub fn start(&self, data: &Path, tls: Tls) -> Result<Hosted<'_>, String> {
        let options = Options {
            data_dir: Some(data.to_owned()),
            listen: Some("127.0.0.1:0".parse().unwrap()),
            admin_listen: Some("127.0.0.1:0".parse().unwrap()),
            tls: Some(tls),
            ..Options::default()
        };
        let config = Config::assemble(options, None).unwrap();
        let (stop, stopped) = tokio::sync::mpsc::channel(2);
        let (events, event) = mpsc::channel();
        let ended = events.clone();
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock::start()),
            entropy: Arc::new(SystemEntropy),
            environment: Box::new(|_| None),
            announce: Box::new(move |line| {
                let url = line
                    .strip_prefix("keystead is ready: ")
                    .and_then(|rest| rest.split(' ').next());
                if let Some(url) = url {
                    let _ = events.send(Event::Ready(url.to_owned()));
                }
            }),
            stop: stopped,
            limits: Limits::default(),
        };
        let _guard = self.runtime.enter();
        let serving = ambient::task::spawn(async move {
            let end = serve(config, Embedded, surroundings).await;
            let _ = ended.send(Event::Ended);
            end
        });
        match event.recv() {
            Ok(Event::Ready(url)) => Ok(Hosted {
                host: self,
                url,
                stop,
                serving,
            }),
            Ok(Event::Ended) | Err(_) => match self.runtime.block_on(serving) {
                Ok(Err(error)) => Err(error.to_string()),
                Ok(Ok(())) => Err("the server ended by itself".to_owned()),
                Err(panic) => Err(format!("the server panicked: {panic}")),
            },
        }
    }
}

impl Hosted<'_> {
    /// Stops it in order.
    pub fn stop(self) {
        let _ = self.stop.try_send(());
        self.host.runtime.block_on(self.serving).unwrap().unwrap();
    }
}
