//! An entry as CloudTrail shows it.

use crate::entry::Entry;

/// The record's JSON, on one line.
pub fn render(_entry: &Entry<'_>) -> String {
    String::new()
}
