//! Every bound of this crate, by name.

use std::time::Duration;

/// Changes that share one flush at most.
pub const GROUP_CHANGES: usize = 512;

/// Sealed bytes that share one flush at most; a single larger change goes alone.
pub const GROUP_BYTES: usize = 8 << 20;

/// Sealed bytes of one change at most.
pub const CHANGE_BYTES: usize = 256 << 20;

/// Changes that wait for the writer at most; further callers wait to queue.
pub const QUEUED_CHANGES: usize = 4096;

/// Bytes of a row key at most, table and domain included.
pub const ROW_NAME: usize = 512;

/// Bytes of one index entry at most.
pub const INDEX_BYTES: usize = 2048;

/// Outbox rows that may wait for the log; beyond it changes are refused.
pub const OUTBOX_ROWS: u64 = 65_536;

/// Outbox rows that one group deletes at most.
pub const PRUNED_ROWS: usize = 4096;

/// How often in a row a failed backend is reopened before the next try waits.
pub const REOPENINGS: usize = 3;

/// The first wait between such tries; each further one is twice as long, up to [`REOPENING_WAIT`].
pub const FIRST_REOPENING_WAIT: Duration = Duration::from_millis(50);

/// The longest wait between tries to reopen a failed backend. A change that comes meanwhile is a try as well.
pub const REOPENING_WAIT: Duration = Duration::from_secs(5);

/// Bytes of opened records kept, unless the options say otherwise.
pub const RECORD_CACHE_BYTES: u64 = 64 << 20;

/// Opened secrets kept, unless the options say otherwise.
pub const SECRET_CACHE_ENTRIES: usize = 16_384;

/// Rows that travel together while a store is loaded.
pub(crate) const LOAD_CHUNK: usize = 8192;

/// Threads that check rows while a store is loaded.
pub(crate) const LOAD_THREADS: usize = 8;

/// How often the creation of a domain is tried again because another was created meanwhile.
pub(crate) const DOMAIN_CONFLICTS: usize = 64;
