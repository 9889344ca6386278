//! Whoever can call.

use arn::{AccountId, Arn};

/// What kind of principal it is, by CloudTrail's `userIdentity.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The account's root user.
    Root,
}

/// Whoever can call: its kind, account, ARN and unique id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The kind.
    pub kind: Kind,
    /// The account it belongs to.
    pub account: AccountId,
    /// `arn:aws:iam::111122223333:root`.
    pub arn: Arn,
    /// The unique id; the account's number for its root user.
    pub id: String,
}

impl Principal {
    /// The root user of `account`.
    pub fn root(account: AccountId) -> Principal {
        Principal {
            kind: Kind::Root,
            account,
            arn: Arn::root_of(account),
            id: account.to_string(),
        }
    }
}
