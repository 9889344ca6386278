//! SIGINT and SIGTERM.

use std::io;

use ambient::task;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// From now on, either signal is a message instead of the end of the process.
pub(crate) fn watch() -> io::Result<mpsc::Receiver<()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (tell, told) = mpsc::channel(2);
    task::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if tell.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(told)
}
