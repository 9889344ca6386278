//! The main port: accepting connections, no more than it can hold, until the server stops.

use std::sync::Arc;

use ambient::{Clock, Entropy, task};
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::budget::Budget;
use super::connection;
use crate::boundary::Answer;
use crate::limits::{ACCEPT_PAUSE, CONNECTION_WINDOW, HEAD_BUFFER, Limits, STREAM_WINDOW};
use crate::metrics::Recorder;
use crate::start::Surroundings;

/// How far the server's life has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Connections are accepted.
    Open,
    /// No more are; those that are there end their requests.
    Draining,
    /// Whatever is left is cut.
    Cut,
}

/// What all connections of the port share.
pub(crate) struct Port<A> {
    pub(crate) answer: Arc<A>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) limits: Limits,
    pub(crate) budget: Arc<Budget>,
    pub(crate) recorder: Recorder,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) http: auto::Builder<Spawner>,
}

impl<A: Answer> Port<A> {
    pub(crate) fn new(
        answer: Arc<A>,
        tls: Option<Arc<ServerConfig>>,
        recorder: Recorder,
        surroundings: &Surroundings,
    ) -> Arc<Port<A>> {
        Arc::new(Port {
            answer,
            tls: tls.map(TlsAcceptor::from),
            budget: Budget::of(surroundings.limits.bodies),
            http: http(&surroundings.limits),
            limits: surroundings.limits.clone(),
            recorder,
            clock: surroundings.clock.clone(),
            entropy: surroundings.entropy.clone(),
        })
    }
}

/// Starts what HTTP/2 runs beside a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spawner;

impl<F> hyper::rt::Executor<F> for Spawner
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, work: F) {
        task::spawn(work);
    }
}

fn http(limits: &Limits) -> auto::Builder<Spawner> {
    let mut builder = auto::Builder::new(Spawner);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_buf_size(HEAD_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(HEAD_BUFFER).unwrap_or(u32::MAX));
    builder
}

/// Accepts and serves connections until the phase says otherwise; ends when the last connection has.
pub(crate) async fn serve<A: Answer>(
    listener: TcpListener,
    port: Arc<Port<A>>,
    mut phase: watch::Receiver<Phase>,
) {
    let all = port.limits.connections;
    let slots = Arc::new(Semaphore::new(all));
    loop {
        let next = async {
            let slot = slots.clone().acquire_owned().await;
            (slot, accepted(&listener).await)
        };
        let (slot, (stream, address)) = tokio::select! {
            biased;
            _ = phase.wait_for(|phase| *phase != Phase::Open) => break,
            next = next => next,
        };
        let connection = connection::serve(port.clone(), stream, address, phase.clone());
        task::spawn(async move {
            connection.await;
            drop(slot);
        });
    }
    drop(listener);
    let _ = slots.acquire_many(u32::try_from(all).unwrap_or(u32::MAX)).await;
}

async fn accepted(listener: &TcpListener) -> (TcpStream, std::net::SocketAddr) {
    let mut failures = 0_u64;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(cause) => {
                if failures == 0 {
                    tracing::warn!(%cause, "a connection could not be accepted; trying on");
                }
                failures += 1;
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
