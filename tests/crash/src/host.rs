//! The real server in this process: its whole way from a data directory to an open port, as fast as it goes.

use std::path::Path;
use std::sync::{Arc, mpsc};

use ambient::task::JoinHandle;
use ambient::{Entropy, SystemClock, SystemEntropy};
use server::Embedded;
use server::config::{Config, Options, Tls};
use server::limits::Limits;
use server::start::{StartError, Surroundings, serve};
use tokio::runtime::Runtime;

use crate::client::REGIONS;

/// A server that accepts calls, on a runtime of its own.
pub struct Hosted {
    runtime: Runtime,
    /// `http://127.0.0.1:PORT`, or with `https`.
    pub url: String,
    stop: tokio::sync::mpsc::Sender<()>,
    serving: JoinHandle<Result<(), StartError>>,
}

enum Event {
    Ready(String),
    Ended,
}

/// Starts a server on a data directory, or gives the line that says why it does not start.
pub fn start(data: &Path, tls: Tls) -> Result<Hosted, String> {
    start_with(data, tls, Arc::new(SystemEntropy))
}

/// The same, with random bytes from a given source.
pub fn start_with(data: &Path, tls: Tls, entropy: Arc<dyn Entropy>) -> Result<Hosted, String> {
    let regions = REGIONS.map(|region| region.parse().unwrap());
    let options = Options {
        regions: Some(regions.to_vec()),
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
        entropy,
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let guard = runtime.enter();
    let serving = ambient::task::spawn(async move {
        let end = serve(config, Embedded, surroundings).await;
        let _ = ended.send(Event::Ended);
        end
    });
    drop(guard);
    match event.recv() {
        Ok(Event::Ready(url)) => Ok(Hosted {
            runtime,
            url,
            stop,
            serving,
        }),
        Ok(Event::Ended) | Err(_) => match runtime.block_on(serving) {
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(())) => Err("the server ended by itself".to_owned()),
            Err(panic) => Err(format!("the server panicked: {panic}")),
        },
    }
}

impl Hosted {
    /// Stops it in order. With the runtime all that it left behind is gone, also its hold on the data directory.
    pub fn stop(self) {
        let _ = self.stop.try_send(());
        self.runtime.block_on(self.serving).unwrap().unwrap();
    }
}
