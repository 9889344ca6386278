//! Accounts, access keys and the principals behind them: records and look-ups.
//!
//! For now every account has one principal, its root user.

mod access_key;
mod account;
mod principal;

pub use access_key::{
    AccessKey, AccessKeyId, AccessKeySecrets, AccessKeys, InvalidAccessKeyId, NewAccessKey, Status,
};
pub use account::{Account, Accounts, ByAccount};
pub use principal::{Kind, Principal};
