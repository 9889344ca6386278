//! The audit log: frames, order, durability, CloudTrail's rendering.

mod entry;
mod error;
pub mod limits;
mod log;
mod refused;
mod render;
mod segment;
mod wire;

pub use entry::{
    Entry, EventType, Identity, IdentityKind, Resource, SCHEMA, Session, SessionIssuer, Tls, UnreadableEntry,
};
pub use error::{AuditError, Health};
pub use log::{AuditLog, ChangeLag, Flush, Options, Recovered, Torn};
pub use refused::{Refusal, RefusedStream};
pub use render::render;
