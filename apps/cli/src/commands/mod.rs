//! The commands.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod demo;
pub(crate) mod env;
pub(crate) mod policy;
pub(crate) mod recover;
pub(crate) mod server;

/// Why a command failed; it prints as what is wrong and what to do.
pub(crate) type Failed = Box<dyn std::error::Error>;
