//! From the store to the audit log: the records of committed changes.
//!
//! The store hands them over in the order of revisions, before their snapshot is published, so that whoever saw a
//! change is recorded after it; once the log holds them durably, the store forgets them.

use audit::AuditLog;
use store::{OutboxSink, Store};
use tokio::sync::watch;

/// The log, as the store's outbox sees it.
pub(crate) struct ToLog(pub(crate) AuditLog);

impl OutboxSink for ToLog {
    fn queue(&self, revision: u64, payloads: Vec<Vec<u8>>) {
        queue(&self.0, revision, payloads);
    }
}

/// Hands the records of one committed change to the log. They stay in the store until the log holds them, so a log
/// that is closed gets them when it is next opened.
pub(crate) fn queue(log: &AuditLog, revision: u64, payloads: Vec<Vec<u8>>) {
    if let Err(error) = log.queue_change(revision, payloads) {
        tracing::error!(
            revision,
            error = &error as &dyn std::error::Error,
            "the log does not take a change's record"
        );
    }
}

/// Tells the store what the log holds, for as long as there is a log.
pub(crate) async fn drain(store: Store, mut durable: watch::Receiver<u64>) {
    while durable.changed().await.is_ok() {
        let through = *durable.borrow_and_update();
        store.drained(through);
    }
}
