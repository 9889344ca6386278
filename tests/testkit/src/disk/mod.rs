//! The disk as a power cut leaves it.
//!
//! What is durable, and what may be lost:
//! - Data and size of a file are durable once a flush of it has succeeded that began after they were written.
//! - Until then each sector may hold what is durable or what any later write left in it, whatever became of its
//!   neighbours; and the size may be any it had since. Cutting a file is ordered: nothing written after the cut is there
//!   without it.
//! - The entries of a directory are durable once the directory itself was flushed. Until then the changes to it may be
//!   lost, the latest first; those to other directories independently. Flushing a new file does not make its name
//!   durable. A rename is never half done.
//! - A write whose flush failed stays in doubt: a later flush that succeeds does not cover it, unless the same page was
//!   written again (so Linux does, since the pages count as clean after the failure).
//! - Permissions are durable at once, since nobody here relies on their order.

mod image;
mod log;
mod pending;
mod replay;
mod tree;

pub use log::{Log, Step};
pub use replay::{Loss, Replay};
pub use tree::Tree;
