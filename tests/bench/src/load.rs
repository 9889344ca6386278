//! One round of load: so many connections, each with one request at a time, for so long.

use std::net::SocketAddr;
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;
use std::time::Duration;

use ambient::{Clock, Monotonic, SystemClock, task};
use rustls::ClientConfig;
use tokio::runtime::{Builder, Runtime};

use crate::arguments::Pace;
use crate::client::Connection;
use crate::figures::Round;
use crate::process;
use crate::stop::Stop;

/// Requests as they go over the wire.
pub(crate) type Requests = Arc<Vec<Vec<u8>>>;

/// A server to measure.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How to speak with it.
    pub(crate) tls: Arc<ClientConfig>,
    /// Its process id.
    pub(crate) process: u32,
}

/// Beyond a round's own time: connecting, and the last answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Threads of the load generator; each has its share of the connections.
const THREADS: usize = 2;

/// What is counted: the answers that come within it.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: Monotonic,
    to: Monotonic,
}

/// Runs one round on new connections. Every connection begins at another request and goes on in a circle.
pub(crate) fn round(
    target: &Target,
    requests: &Requests,
    connections: usize,
    pace: &Pace,
) -> Result<Round, Stop> {
    let clock = SystemClock::start();
    let threads = THREADS.min(connections);
    let gate = Barrier::new(threads + 1);
    let window = OnceLock::new();
    let work = |thread: usize| {
        let firsts = (thread..connections)
            .step_by(threads)
            .map(|connection| connection * requests.len() / connections)
            .collect();
        let opened = Share::open(target, firsts);
        gate.wait();
        gate.wait();
        // INVARIANT: it is set between the two.
        let window = window.get().copied().ok_or("no window")?;
        opened?.run(requests, window, clock)
    };
    thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        gate.wait();
        let from = clock.monotonic().after(pace.warm_up);
        let to = from.after(pace.counted);
        let _ = window.set(Window { from, to });
        gate.wait();
        thread::sleep(pace.warm_up);
        let before = process::cpu(target.process);
        thread::sleep(pace.counted);
        let after = process::cpu(target.process);
        let mut latencies = Vec::new();
        for worker in workers {
            latencies.extend(
                worker
                    .join()
                    .map_err(|_| "a thread of the load generator broke")??,
            );
        }
        let cpu = after?.saturating_sub(before?);
        Ok(Round::of(&mut latencies, pace.counted, cpu))
    })
}

/// Sends each request once, over a few connections, and gives the answers' bodies in order.
pub(crate) fn once(target: &Target, requests: &Requests) -> Result<Vec<Vec<u8>>, Stop> {
    const CONNECTIONS: usize = 32;
    let share = Share::open(target, (0..CONNECTIONS.min(requests.len())).collect())?;
    let step = share.connections.len();
    let mut answers = vec![Vec::new(); requests.len()];
    share.runtime.block_on(async {
        let asking = share.connections.into_iter().map(|(first, mut connection)| {
            let requests = Arc::clone(requests);
            task::spawn(async move {
                let mut answers = Vec::new();
                for (place, request) in requests.iter().enumerate().skip(first).step_by(step) {
                    answers.push((place, connection.exchange(request).await?.to_vec()));
                }
                Ok::<_, Stop>(answers)
            })
        });
        for asked in asking.collect::<Vec<_>>() {
            for (place, answer) in asked.await?? {
                if let Some(empty) = answers.get_mut(place) {
                    *empty = answer;
                }
            }
        }
        Ok(answers)
    })
}

/// The connections of one thread, each with the place of its first request.
struct Share {
    runtime: Runtime,
    connections: Vec<(usize, Connection)>,
}

impl Share {
    fn open(target: &Target, firsts: Vec<usize>) -> Result<Share, Stop> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connections = runtime.block_on(async {
            let mut connections = Vec::with_capacity(firsts.len());
            for first in firsts {
                let opening = Connection::open(target.address, target.tls.clone());
                connections.push((first, tokio::time::timeout(PATIENCE, opening).await??));
            }
            Ok::<_, Stop>(connections)
        })?;
        Ok(Share { runtime, connections })
    }

    /// The latencies of the answers within the window, in nanoseconds.
    fn run(self, requests: &Requests, window: Window, clock: SystemClock) -> Result<Vec<u64>, Stop> {
        self.runtime.block_on(async {
            let patience = window.to.since(clock.monotonic()) + PATIENCE;
            let driving = self.connections.into_iter().map(|(first, connection)| {
                let drive = drive(connection, Arc::clone(requests), first, window, clock);
                task::spawn(tokio::time::timeout(patience, drive))
            });
            let mut latencies = Vec::new();
            for driven in driving.collect::<Vec<_>>() {
                latencies.extend(driven.await???);
            }
            Ok(latencies)
        })
    }
}

async fn drive(
    mut connection: Connection,
    requests: Requests,
    first: usize,
    window: Window,
    clock: SystemClock,
) -> Result<Vec<u64>, Stop> {
    let mut latencies = Vec::with_capacity(1 << 14);
    let mut sent = clock.monotonic();
    for request in requests.iter().cycle().skip(first) {
        connection.exchange(request).await?;
        let answered = clock.monotonic();
        if answered >= window.to {
            break;
        }
        if answered >= window.from {
            latencies.push(u64::try_from(answered.since(sent).as_nanos()).unwrap_or(u64::MAX));
        }
        sent = answered;
    }
    Ok(latencies)
}
