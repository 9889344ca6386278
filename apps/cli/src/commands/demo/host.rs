//! A server in this process, on ports that happen to be free.

use std::path::Path;
use std::sync::Arc;

use ambient::task::{self, JoinHandle};
use ambient::{SystemClock, SystemEntropy};
use server::config::{Config, Options};
use server::limits::Limits;
use server::start::{self, StartError, Surroundings};
use tokio::sync::{mpsc, watch};

use super::error::DemoError;

/// A server that runs beside its owner.
pub(crate) struct Host {
    serving: JoinHandle<Result<(), StartError>>,
    outcome: Option<Result<(), DemoError>>,
    ready: watch::Receiver<bool>,
    stop: mpsc::Sender<()>,
}

impl Host {
    /// Begins to start a server on `data`.
    pub(crate) fn start(data: &Path) -> Result<Host, DemoError> {
        let free_port = || "127.0.0.1:0".parse().ok();
        let options = Options {
            data_dir: Some(data.to_owned()),
            listen: free_port(),
            admin_listen: free_port(),
            ..Options::default()
        };
        let config = Config::assemble(options, None)?;
        let (announced, ready) = watch::channel(false);
        let (stop, stopping) = mpsc::channel(2);
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock::start()),
            entropy: Arc::new(SystemEntropy),
            environment: Box::new(|_| None),
            // The first line says that the ports are open.
            announce: Box::new(move |_| {
                announced.send_replace(true);
            }),
            stop: stopping,
            limits: Limits::of_this_system(),
        };
        Ok(Host {
            serving: task::spawn(start::serve(config, server::Embedded, surroundings)),
            outcome: None,
            ready,
            stop,
        })
    }

    /// Waits until it answers.
    pub(crate) async fn ready(&mut self) -> Result<(), DemoError> {
        let mut ready = self.ready.clone();
        tokio::select! {
            Ok(_) = ready.wait_for(|ready| *ready) => Ok(()),
            () = self.ended() => Err(match self.outcome.take() {
                Some(Err(error)) => error,
                _ => DemoError::Ended,
            }),
        }
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) {
        if self.outcome.is_none() {
            let ended = (&mut self.serving).await;
            self.outcome = Some(match ended {
                Ok(outcome) => outcome.map_err(DemoError::from),
                Err(_) => Err(DemoError::Ended),
            });
        }
    }

    /// Stops it, and waits until everything is written and closed.
    pub(crate) async fn stop(mut self) -> Result<(), DemoError> {
        // It does not listen any more if it has ended.
        let _ = self.stop.send(()).await;
        self.ended().await;
        self.outcome.unwrap_or(Err(DemoError::Ended))
    }
}
