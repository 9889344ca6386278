//! How large things may get. Those that bound what is written belong to the format's promise and only grow.

use std::time::Duration;

/// The most bytes of any one text of an entry, such as a user agent or an error message; longer text is cut.
pub const TEXT: usize = 1024;

/// The most bytes of one JSON member of an entry, such as its request parameters; a longer one is left out
/// and said to be.
pub const JSON: usize = 256 * 1024;

/// The most resources that one entry names; further ones are left out.
pub const RESOURCES: usize = 64;

/// The most bytes of one payload. No entry reaches it.
pub const PAYLOAD: usize = 2 * 1024 * 1024;

/// The most records that belong to one change.
pub const CHANGE_PAYLOADS: usize = 1024;

/// How many bytes of records may wait for the writer before further calls wait for room.
pub const QUEUE: usize = 4 * 1024 * 1024;

/// How many changes may wait to be recorded before the engine should refuse further ones.
pub const LAGGING_CHANGES: u64 = 10_000;

/// How many bytes of records of changes may wait before the engine should refuse further ones.
pub const LAGGING_BYTES: u64 = 32 * 1024 * 1024;

/// How long the writer waits before it tries again to record changes that it could not.
pub const RETRY: Duration = Duration::from_millis(250);

/// The size of a log's first segment, unless told otherwise. Each further one is four times the last.
pub const FIRST_SEGMENT: u64 = 1024 * 1024;

/// The size that segments grow to, unless told otherwise.
pub const SEGMENT: u64 = 64 * 1024 * 1024;

/// How many bytes of a segment that is made ready are flushed at once.
pub const SPARE_STEP: u64 = 1024 * 1024;

/// The largest file that is read as a segment.
pub const SEGMENT_FILE: u64 = 4 * 1024 * 1024 * 1024 - 1;

/// The most bytes that a write which never finished can have left behind; more is damage.
pub const TORN: u64 = 256 * 1024 * 1024;

/// How many bytes recovery puts through a checksum in search of frames behind a damaged one.
pub const SEARCH: u64 = 1024 * 1024 * 1024;

/// How many segment bytes are written or read at once.
pub const CHUNK: usize = 256 * 1024;

/// The most bytes of each of the two files of unauthenticated refusals.
pub const REFUSED_FILE: u64 = 4 * 1024 * 1024;

/// How many kinds of unauthenticated refusals (source, access key, code) are counted apart at a time.
pub const REFUSED_KINDS: usize = 4096;

/// How many samples of one kind of refusal are written down between two counts.
pub const REFUSED_SAMPLES: u64 = 3;

/// How many samples may wait to be written; further ones are only counted.
pub const REFUSED_QUEUE: usize = 1024;

/// How often counts of refusals are written down.
pub const REFUSED_INTERVAL: Duration = Duration::from_secs(60);
