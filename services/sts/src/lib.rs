//! The Security Token Service: who a caller is, and credentials for a while.
//!
//! Source: STS API Reference; IAM User Guide, "Temporary security credentials in IAM".

#![allow(
    unreachable_pub,
    reason = "the crate's front is its service alone; within it, `pub` says what a module offers"
)]

mod error;
mod explain;
mod operations;
mod passed;
mod wire;

use engine::{Seat, Service, Wire};

pub use error::StsError;
pub use operations::OPERATIONS;

/// The service.
pub static STS: Service = Service {
    name: "sts",
    event_source: "sts.amazonaws.com",
    wire: Wire::AwsQuery {
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    },
    seat: Seat::Account,
    signed: sigv4::Service::STS,
    tables: &[],
    operations: OPERATIONS,
    chores: &[],
    explain: explain::explain,
    endings: &[],
    internal_error: "InternalFailure",
};
