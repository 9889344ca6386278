//! The administration of an installation: its accounts, and who may do what in it.
//!
//! Its operations are the operator's alone. The operator is no tenant: it has an account number of its own, may do nothing but
//! `keystead:*`, and nobody else may do that, whatever policies say; `gate` sees to it.

#![allow(
    unreachable_pub,
    reason = "the crate's front is its service alone; within it, `pub` says what a module offers"
)]

mod access;
mod error;
mod operations;

use engine::{Seat, Service, Wire};

pub use error::AdminError;
pub use operations::OPERATIONS;

/// The service.
pub static ADMIN: Service = Service {
    name: "keystead",
    event_source: "keystead.internal",
    wire: Wire::AwsJson { target: "Keystead" },
    seat: Seat::Account,
    signed: sigv4::Service::usual("keystead"),
    tables: &[],
    operations: OPERATIONS,
    chores: &[],
    explain: engine::by_identity,
    endings: &[],
    internal_error: "InternalFailure",
};
