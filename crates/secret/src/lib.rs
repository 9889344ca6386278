//! Bytes that must not leak.
//!
//! The types here are erased when dropped, compare in constant time, print only their length, and do not
//! clone. [`SecretBytes::expose`] and its likes are the words to search for in a review.

mod buffer;
mod bytes;
mod locked;

pub use buffer::SecretBuffer;
pub use bytes::{SecretArray, SecretBytes, SecretString};
pub use locked::{LockedKey, forbid_core_dumps};
