//! The signals that stop a server, and what else the real one takes from its surroundings.

use std::io::{self, Write};
use std::sync::Arc;

use ambient::{SystemClock, SystemEntropy, task};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::limits::Limits;
use crate::root_key;
use crate::start::Surroundings;

/// The machine's clock and entropy, the process's environment and standard error, and SIGTERM and SIGINT.
pub(crate) fn surroundings() -> io::Result<Surroundings> {
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
