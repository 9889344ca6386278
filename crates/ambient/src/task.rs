//! Starting work beside the caller: the one place that spawns.
#![allow(clippy::disallowed_methods, reason = "this module is what the lint points to")]

use std::future::Future;
use std::io;

pub use tokio::task::JoinHandle;

/// Runs `work` on the current runtime, to its own end, whoever waits for it.
pub fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}

/// Starts a named thread for work that blocks, such as a writer that flushes files.
pub fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}
