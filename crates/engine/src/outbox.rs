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
        self.0.queue_change(revision, payloads);
    }
}

/// Tells the store what the log holds, for as long as there is a log.
pub(crate) async fn drain(store: Store, mut durable: watch::Receiver<u64>) {
    while durable.changed().await.is_ok() {
        let through = *durable.borrow_and_update();
        store.drained(through);
    }
}
