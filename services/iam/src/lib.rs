//! Identity and Access Management: the users of an account, their access keys and their policies.
//!
//! `operations/` has one file for each operation; [`OPERATIONS`] is the table of them. The records are `identity`'s, since
//! deciding who may what reads them too.
//!
//! Source: IAM API Reference; IAM User Guide.

#![allow(
    unreachable_pub,
    reason = "the crate's front is its service alone; within it, `pub` says what a module offers"
)]

mod account;
mod documents;
mod error;
mod holders;
mod last_access;
mod limits;
mod login;
mod mfa;
mod oidc;
mod operations;
mod paging;
mod policies;
mod policy_source;
mod roles;
mod simulation;
mod tags;
mod users;
mod wire;

use engine::{Seat, Service, Wire};

pub use error::IamError;
pub use operations::OPERATIONS;

/// The service.
pub static IAM: Service = Service {
    name: "iam",
    event_source: "iam.amazonaws.com",
    wire: Wire::AwsQuery {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    },
    seat: Seat::Account,
    signed: sigv4::Service::IAM,
    tables: &[
        store::table_spec::<identity::Users>(),
        store::table_spec::<identity::Groups>(),
        store::table_spec::<identity::ManagedPolicies>(),
        store::table_spec::<identity::Roles>(),
        store::table_spec::<identity::MfaDevices>(),
        store::secret_table_spec::<identity::MfaSeeds>(),
        store::table_spec::<identity::LoginProfiles>(),
        store::table_spec::<identity::AllAccountSettings>(),
        store::table_spec::<identity::AccountAliases>(),
        store::table_spec::<identity::OidcProviders>(),
    ],
    operations: OPERATIONS,
    chores: &[],
    explain: engine::by_identity,
    endings: &[],
    internal_error: "ServiceFailure",
};
