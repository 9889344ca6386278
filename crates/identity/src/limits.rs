//! Bounds of what is kept of second factors and passwords.

use std::time::Duration;

/// Steps of 30 seconds before and after the present one whose codes of a second factor are taken.
pub const CODE_WINDOW: i64 = 1;
/// Steps before and after the present one in which two codes that bring a device into step are looked for.
pub const SYNC_WINDOW: i64 = 20;
/// Steps by which a device may be off before that is kept; less than it may be the time that it took to type.
pub const SYNC_SLACK: i64 = 2;
/// Wrong codes or passwords in a row after which none is taken for a while; each further one brings another pause.
pub const FAILURES: u32 = 5;
/// How long such a pause is.
pub const PAUSE: Duration = Duration::from_secs(15 * 60);
/// Former passwords of a user that are remembered, as many as a password policy may forbid to use again.
pub const FORMER_PASSWORDS: usize = 24;
