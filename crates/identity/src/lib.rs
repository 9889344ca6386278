//! Accounts, access keys and the principals behind them: records and look-ups.

mod access_key;
mod account;
mod account_settings;
mod aws_policies;
mod document;
mod entity;
mod failures;
mod gather;
#[cfg(test)]
mod golden;
mod group;
pub mod limits;
mod login;
mod managed_policy;
mod mfa;
mod naming;
mod oidc_provider;
mod password_policy;
mod principal;
mod role;
mod session;
mod unique_id;
mod user;

pub use access_key::{
    AccessKey, AccessKeyId, AccessKeySecrets, AccessKeys, InvalidAccessKeyId, NewAccessKey, Owner, Status,
};
pub use account::{Account, Accounts, ByAccount, accounts, operator, random_account};
pub use account_settings::{
    AccountAliases, AccountSettings, AliasOwner, AllAccountSettings, Only, account_of_alias, settings_of,
};
pub use aws_policies::aws_policies;
pub use document::Document;
pub use entity::{InlinePolicy, Policies, Tag, set_tag, tag};
pub use gather::{
    Gathered, Giving, Take, each_policy_of, each_policy_of_group, each_policy_of_role, group_named,
    managed_document, managed_policy_of, policies_of, policies_of_role, session_policies,
};
pub use group::{Group, Groups};
pub use login::{LoginProfile, LoginProfiles, NewPassword, PasswordsFailed, verify_password};
pub use managed_policy::{FoundPolicy, ManagedPolicies, ManagedPolicy, PolicyVersion};
pub use mfa::{MfaDevice, MfaDevices, MfaSeeds, Verdict, mfa_device_of};
pub use naming::{Named, Unknown, by_id, named_in, shown};
pub use oidc_provider::{OidcProvider, OidcProviders, oidc_provider_of};
pub use password_policy::{PasswordPolicy, admits};
pub use principal::{
    Issuer, Kind, Principal, account_exists, domain_of, principal_of_arn, principal_of_id, role_named,
    role_of, user_named, user_of,
};
pub use role::{Role, Roles, TrustPolicy};
pub use session::{
    NoCredentials, Session, SessionCredentials, SessionKind, TEMPORARY, TOKEN_CHARACTERS, WebFederation,
};
pub use unique_id::{IdKind, UniqueId};
pub use user::{User, Users};
