//! What bounds the reading of one request, whatever is in it.

/// The deepest nesting that is read, in values within values; the outermost structure is at depth 0.
pub const DEPTH: u16 = 64;

/// Violations whose texts are kept; the others are only counted.
pub const VIOLATIONS: usize = 50;

/// Bytes of a refused value that its violation shows; a longer one is cut and ends in `...`.
pub const SHOWN_VALUE: usize = 4096;
