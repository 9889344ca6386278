//! The audit log: frames, order, durability, CloudTrail's rendering.
//!
//! [`Entry::encode`] makes the bytes of a record. [`AuditLog::append`] takes those of calls that change nothing
//! and ends when they are durable; [`AuditLog::queue_change`] takes those of committed changes, in order. One
//! writer thread puts what has gathered into the current segment with one write and one flush. [`Reader`] gives
//! the frames back, also from a log that is being written, and [`render`] shows an entry as CloudTrail does.
//! [`RefusedStream`] is for refusals before anybody was authenticated, which are no part of the log.
//!
//! The files' format is stated in `docs/audit-log-format.md`.

mod disk;
mod entry;
mod error;
mod frame;
pub mod limits;
mod log;
mod queue;
mod reader;
mod recover;
mod refused;
mod render;
mod segment;
mod spare;
#[cfg(test)]
mod tests;
mod wire;
mod writer;

pub use entry::{
    Entry, EventType, Identity, IdentityKind, Resource, SCHEMA, Session, SessionIssuer, Tls, UnreadableEntry,
};
pub use error::{AuditError, Health};
pub use frame::Origin;
pub use log::{AuditLog, ChangeLag, Flush, Options, Recovered, Torn};
pub use reader::{Frame, Reader, Start};
pub use refused::{Refusal, RefusedStream, RefusedTotals};
pub use render::{EVENT_VERSION, cloudtrail_date, pretty, render};
