//! Figures for Prometheus, and the handle by which the other parts report theirs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use ambient::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// What waits for a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flush {
    /// The store's groups of changes.
    Store,
    /// The audit log's groups of frames.
    Audit,
}

/// Counts and times; cheap to clone, shared by all clones.
#[derive(Clone)]
pub struct Recorder(Arc<Figures>);

struct Figures {
    registry: Registry,
    requests: Family<Outcome, Counter>,
    latencies: Family<Operation, Histogram, fn() -> Histogram>,
    flushes: Family<What, Histogram, fn() -> Histogram>,
    store_flushes: Histogram,
    audit_flushes: Histogram,
    certificate_expiry: Gauge<i64, std::sync::atomic::AtomicI64>,
    connections: Gauge<i64, std::sync::atomic::AtomicI64>,
    accepted: Counter<u64, AtomicU64>,
    failed_handshakes: Counter<u64, AtomicU64>,
    refused: Family<Reason, Counter>,
    ignored_members: Counter<u64, AtomicU64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    what: &'static str,
}

/// An open connection, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(Recorder);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.connections.dec();
    }
}

impl Default for Recorder {
    fn default() -> Recorder {
        Recorder::new()
    }
}

impl Recorder {
    /// All figures at zero.
    pub fn new() -> Recorder {
        let flushes = Family::new_with_constructor(flushes as fn() -> Histogram);
        let mut figures = Figures {
            registry: Registry::with_prefix("keystead"),
            requests: Family::default(),
            latencies: Family::new_with_constructor(latencies as fn() -> Histogram),
            store_flushes: flushes.get_or_create_owned(&What { what: "store" }),
            audit_flushes: flushes.get_or_create_owned(&What { what: "audit" }),
            flushes,
            certificate_expiry: Gauge::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            failed_handshakes: Counter::default(),
            refused: Family::default(),
            ignored_members: Counter::default(),
        };
        figures.register();
        Recorder(Arc::new(figures))
    }

    /// A request was answered: by which operation, where it named one, how it ended, and how long that took.
    pub fn answered(&self, operation: Option<&'static str>, outcome: &'static str, took: Duration) {
        let operation = operation.unwrap_or("unknown");
        self.0
            .requests
            .get_or_create(&Outcome { operation, outcome })
            .inc();
        self.0
            .latencies
            .get_or_create(&Operation { operation })
            .observe(took.as_secs_f64());
    }

    /// A request was refused before it was complete, for this reason.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.0.refused.get_or_create(&Reason { reason }).inc();
    }

    /// A group was made durable, and how long the flush took.
    pub fn flushed(&self, what: Flush, took: Duration) {
        let histogram = match what {
            Flush::Store => &self.0.store_flushes,
            Flush::Audit => &self.0.audit_flushes,
        };
        histogram.observe(took.as_secs_f64());
    }

    /// Requests held members that the service model does not know.
    pub fn ignored_members(&self, count: u64) {
        self.0.ignored_members.inc_by(count);
    }

    /// When the certificate in use ends.
    pub(crate) fn certificate_expires(&self, at: Timestamp) {
        self.0.certificate_expiry.set(at.seconds());
    }

    /// A connection was accepted.
    pub(crate) fn connected(&self) -> OpenConnection {
        self.0.accepted.inc();
        self.0.connections.inc();
        OpenConnection(self.clone())
    }

    /// A connection ended in its TLS handshake.
    pub(crate) fn handshake_failed(&self) {
        self.0.failed_handshakes.inc();
    }

    /// All figures, in the OpenMetrics text format.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

impl Figures {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From a request's headers to its answer",
            Unit::Seconds,
            self.latencies.clone(),
        );
        registry.register_with_unit(
            "flush_duration",
            "Making a group durable",
            Unit::Seconds,
            self.flushes.clone(),
        );
        registry.register(
            "certificate_expiry_timestamp_seconds",
            "When the server's certificate ends, in seconds since 1970; 0 without TLS",
            self.certificate_expiry.clone(),
        );
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register(
            "connections_accepted",
            "Connections accepted",
            self.accepted.clone(),
        );
        registry.register(
            "handshakes_failed",
            "Connections that ended in their TLS handshake",
            self.failed_handshakes.clone(),
        );
        registry.register(
            "refused",
            "Requests refused before they were complete",
            self.refused.clone(),
        );
        registry.register(
            "ignored_members",
            "Members of requests that the service model does not know",
            self.ignored_members.clone(),
        );
    }
}

/// 50 µs to 13 s.
fn latencies() -> Histogram {
    Histogram::new(std::iter::successors(Some(50e-6), |bound| Some(bound * 2.0)).take(19))
}

/// 20 µs to 10 s.
fn flushes() -> Histogram {
    Histogram::new(std::iter::successors(Some(20e-6), |bound| Some(bound * 2.0)).take(20))
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_by_operation_and_outcome() {
        let recorder = Recorder::new();
        recorder.answered(Some("Encrypt"), "ok", Duration::from_micros(70));
        recorder.answered(Some("Encrypt"), "ok", Duration::from_micros(70));
        recorder.answered(None, "UnknownOperationException", Duration::from_micros(1));
        recorder.flushed(Flush::Audit, Duration::from_micros(200));
        recorder.certificate_expires(Timestamp::from_seconds(1_800_000_000));
        recorder.refused("body too large");
        let open = recorder.connected();
        let text = recorder.text().unwrap();
        for line in [
            "keystead_requests_total{operation=\"Encrypt\",outcome=\"ok\"} 2",
            "keystead_requests_total{operation=\"unknown\",outcome=\"UnknownOperationException\"} 1",
            "keystead_request_duration_seconds_count{operation=\"Encrypt\"} 2",
            "keystead_request_duration_seconds_bucket{le=\"0.0001\",operation=\"Encrypt\"} 2",
            "keystead_flush_duration_seconds_count{what=\"audit\"} 1",
            "keystead_flush_duration_seconds_count{what=\"store\"} 0",
            "keystead_certificate_expiry_timestamp_seconds 1800000000",
            "keystead_connections 1",
            "keystead_refused_total{reason=\"body too large\"} 1",
        ] {
            assert!(
                text.lines().any(|there| there == line),
                "{line} is not in\n{text}"
            );
        }
        drop(open);
        assert!(recorder.text().unwrap().contains("keystead_connections 0\n"));
    }
}
