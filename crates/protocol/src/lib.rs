//! Wire protocols: bytes to typed shapes and back.
//!
//! A protocol takes the operation's name and its input out of a request, and puts its output, or a [`Failure`], into
//! an answer. What a shape holds and what makes it legal is `model`'s; how it is spelled is decided here.

pub mod aws_json;
pub mod aws_query;
mod failure;
pub mod limits;
mod recorded;
mod wire;

pub use failure::Failure;
pub use recorded::recorded;
pub use wire::Wire;

/// A value could not be written; no shape of ours does this, and nothing of it is sent.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be written: {0}")]
pub struct Unwritable(String);
