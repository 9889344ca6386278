//! A server in a process of its own: real clocks, real signals.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use ambient::{SystemClock, SystemEntropy, task};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::config::{Config, StoreKind};
use crate::limits::Limits;
use crate::recover::{self, Recovered, Whose};
use crate::start::{self, StartError, Surroundings};
use crate::{logging, root_key, wiring};

/// Runs a server in this process until SIGTERM or SIGINT stops it.
pub fn run(config: Config) -> Result<(), StartError> {
    logging::start(config.log);
    secret::forbid_core_dumps();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let ended = runtime.block_on(async {
        let surroundings = surroundings().map_err(StartError::Runtime)?;
        match config.store {
            StoreKind::Embedded => start::serve(config, wiring::Embedded, surroundings).await,
        }
    });
    runtime.shutdown_timeout(LAST_WORK);
    ended
}

/// Makes new credentials on the data directory of a server that is stopped.
pub fn recover(config: &Config, whose: Whose) -> Result<Recovered, StartError> {
    logging::start(config.log);
    secret::forbid_core_dumps();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let recovered = runtime.block_on(async {
        let surroundings = surroundings().map_err(StartError::Runtime)?;
        match config.store {
            StoreKind::Embedded => recover::credentials(config, whose, wiring::Embedded, &surroundings).await,
        }
    });
    runtime.shutdown_timeout(LAST_WORK);
    recovered
}

/// What threads of the runtime may take to end once the server has stopped.
const LAST_WORK: Duration = Duration::from_secs(1);

/// The machine's clock and entropy, the process's environment and standard error, and SIGTERM and SIGINT.
fn surroundings() -> io::Result<Surroundings> {
    Ok(Surroundings {
        clock: Arc::new(SystemClock::start()),
        entropy: Arc::new(SystemEntropy),
        environment: Box::new(root_key::environment),
        announce: Box::new(|line| {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }),
        stop: stop()?,
        limits: Limits::of_this_system(),
    })
}

fn stop() -> io::Result<mpsc::Receiver<()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (asked, stop) = mpsc::channel(2);
    task::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if asked.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(stop)
}
