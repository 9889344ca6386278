//! Accounts, access keys and the principals behind them: records and look-ups.

mod access_key;
mod account;
mod document;
mod entity;
mod gather;
#[cfg(test)]
mod golden;
mod group;
mod managed_policy;
mod principal;
mod unique_id;
mod user;

pub use access_key::{
    AccessKey, AccessKeyId, AccessKeySecrets, AccessKeys, InvalidAccessKeyId, NewAccessKey, Owner, Status,
};
pub use account::{Account, Accounts, ByAccount};
pub use document::Document;
pub use entity::{InlinePolicy, Policies, Tag, set_tag, tag};
pub use gather::{Gathered, group_named, managed_policy_of, policies_of};
pub use group::{Group, Groups};
pub use managed_policy::{ManagedPolicies, ManagedPolicy, PolicyVersion};
pub use principal::{
    Kind, Principal, account_exists, domain_of, principal_of_arn, principal_of_id, user_named, user_of,
};
pub use unique_id::{IdKind, UniqueId};
pub use user::{User, Users};
