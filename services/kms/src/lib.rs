//! AWS KMS: keys, and what is done with them.
//!
//! `operations/` has one file for each operation; [`OPERATIONS`] is the table of them.

#![allow(
    unreachable_pub,
    reason = "the crate's front is its service alone; within it, `pub` says what a module offers"
)]

mod action;
mod aliases;
mod chores;
mod cipher;
mod conditions;
mod context;
mod custom_key_stores;
mod data_key;
mod duties;
mod error;
mod explain;
#[doc(hidden)]
pub mod generator;
mod grants;
mod imports;
mod key_id;
mod key_kinds;
mod key_metadata;
mod key_policy;
pub mod limits;
mod multi_region;
mod operations;
mod paging;
mod recipient;
mod records;
mod rotation;
mod signing;
mod state;
mod tags;
mod target;
mod wire;

pub use error::KmsError;
pub use operations::OPERATIONS;

use engine::{Seat, Service, Wire};

/// The service.
pub static KMS: Service = Service {
    name: "kms",
    event_source: "kms.amazonaws.com",
    wire: Wire::AwsJson {
        target: "TrentService",
    },
    seat: Seat::Region,
    signed: sigv4::Service::usual("kms"),
    tables: &[
        store::table_spec::<records::Keys>(),
        store::secret_table_spec::<records::Materials>(),
        store::table_spec::<records::Aliases>(),
        store::table_spec::<records::KeyPolicies>(),
        store::table_spec::<records::Grants>(),
    ],
    operations: OPERATIONS,
    chores: chores::CHORES,
    explain: explain::explain,
    endings: &["DeleteKey"],
    internal_error: "KMSInternalException",
};
