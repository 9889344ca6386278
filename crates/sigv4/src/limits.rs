//! The bounds of what is read from a request. What goes past one is refused, not cut.

/// Bytes of an `Authorization` header.
pub const AUTHORIZATION: usize = 8 * 1024;

/// Bytes of a session token. AWS's own are of up to a few thousand.
pub const SESSION_TOKEN: usize = 16 * 1024;

/// Bytes of a path as sent.
pub const PATH: usize = 8 * 1024;

/// Bytes of a query as sent. A presigned one holds a session token, percent-encoded.
pub const QUERY: usize = 64 * 1024;

/// Parameters of a query.
pub const QUERY_PARAMETERS: usize = 512;

/// Names in the list of signed headers.
pub const SIGNED_HEADERS: usize = 128;

/// Bytes of a request's own text that an error message repeats; here the rest is cut off.
pub const ECHO: usize = 2 * 1024;

/// Seconds for which a presigned request may be valid: a week.
pub const EXPIRES: u64 = 604_800;
