//! The bounds on what peers can make the server hold, and on how long it waits for them.

use std::time::Duration;

/// Bounds of the main port. The defaults are the product's; tests hand in shorter ones.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections. At the limit no more are accepted, and the system's queue holds the next ones back.
    pub connections: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// Bytes of request bodies held at one time, over all connections.
    pub bodies: usize,
    /// Bytes of a request's target and headers together.
    pub head: usize,
    /// From the connection to the end of its TLS handshake.
    pub handshake: Duration,
    /// From a connection's readiness for a request to the end of that request's headers.
    pub idle: Duration,
    /// From a request's headers to the end of its body.
    pub body_time: Duration,
    /// From the decision to close an idle connection to its being cut.
    pub farewell: Duration,
    /// How long, and up to how many bytes, input is thrown away after a refusal that left it unread, so that the
    /// refusal reaches a peer that is still sending.
    pub linger: Duration,
    /// See `linger`.
    pub linger_bytes: usize,
    /// From the order to stop to the cutting of connections that still have work.
    pub drain: Duration,
    /// Requests of one HTTP/2 connection that run at the same time.
    pub streams: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 4096,
            body: 1 << 20,
            bodies: 64 << 20,
            head: 16 << 10,
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body_time: Duration::from_secs(20),
            farewell: Duration::from_secs(5),
            linger: Duration::from_secs(1),
            linger_bytes: 4 << 20,
            drain: Duration::from_secs(20),
            streams: 128,
        }
    }
}

impl Limits {
    /// The defaults, with fewer connections where the system's limit on open files asks for it.
    pub fn of_this_system() -> Limits {
        let mut limits = Limits::default();
        if let Some(files) = open_files() {
            limits.connections = limits.connections.min(files.saturating_sub(OTHER_FILES).max(16));
        }
        limits
    }
}

/// Files that the process needs beside its connections: the store, the log, the ports, the runtime.
const OTHER_FILES: usize = 128;

/// Connections to the admin port at one time.
pub(crate) const ADMIN_CONNECTIONS: usize = 32;
/// From a connection to the admin port to the end of its next request's headers.
pub(crate) const ADMIN_IDLE: Duration = Duration::from_secs(10);
/// Connections that the system queues before they are accepted.
pub(crate) const BACKLOG: u32 = 1024;
/// Bytes of a request's head that the HTTP/1 parser holds; past it, its own short 431 is all a peer gets.
pub(crate) const HEAD_BUFFER: usize = 64 << 10;
/// Bytes of body that an HTTP/2 peer may send ahead on one request, and on all of a connection.
pub(crate) const STREAM_WINDOW: u32 = 64 << 10;
/// See [`STREAM_WINDOW`].
pub(crate) const CONNECTION_WINDOW: u32 = 256 << 10;
/// The pause after the system refused to accept a connection, as it does when it is out of open files.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often certificates are looked at for renewal.
pub(crate) const RENEWAL_CHECK: Duration = Duration::from_secs(3600);
/// Bytes of a configuration file, a certificate file or a key file.
pub(crate) const SMALL_FILE: u64 = 1 << 20;

/// Bytes of the head of an answer from an OpenID Connect provider.
pub(crate) const FETCHED_HEAD: usize = 64 << 10;
/// Certificates of such a provider's server that are held against thumbprints.
pub(crate) const FETCHED_CHAIN: usize = 10;

/// The system's soft limit on open files.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
