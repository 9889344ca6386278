//! The form of segment files.

/// The version of the segment format that is written.
pub(crate) const FORMAT: u16 = 1;
