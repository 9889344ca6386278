//! The audit log: frames, order, durability, CloudTrail's rendering.

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
