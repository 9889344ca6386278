//! Accounts, access keys and the principals behind them: records and look-ups.

mod access_key;
mod account;
mod entity;
mod group;
mod managed_policy;
mod principal;
mod unique_id;
mod user;

pub use access_key::{
    AccessKey, AccessKeyId, AccessKeySecrets, AccessKeys, InvalidAccessKeyId, NewAccessKey, Owner, Status,
};
pub use account::{Account, Accounts, ByAccount};
pub use entity::{InlinePolicy, Policies, Tag, set_tag};
pub use group::{Group, Groups};
pub use managed_policy::{ManagedPolicies, ManagedPolicy, PolicyVersion};
pub use principal::{Kind, Principal, domain_of, user_of};
pub use unique_id::{IdKind, UniqueId};
pub use user::{User, Users};
