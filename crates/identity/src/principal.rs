//! Whoever can call.

use arn::{AccountId, Arn, Place, Region};
use store::{Domain, Held, StoreError, View};

use crate::{AccessKey, Accounts, ByAccount, Owner, UniqueId, User, Users};

/// What kind of principal it is, by CloudTrail's `userIdentity.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The account's root user.
    Root,
    /// A user of the account.
    User,
}

/// Whoever can call: its kind, account, ARN and unique id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The kind.
    pub kind: Kind,
    /// The account it belongs to.
    pub account: AccountId,
    /// `arn:aws:iam::111122223333:root` or `arn:aws:iam::111122223333:user/ada`.
    pub arn: Arn,
    /// The unique id; the account's number for its root user.
    pub id: String,
    /// A user's name.
    pub name: Option<String>,
}

impl Principal {
    /// The root user of `account`.
    pub fn root(account: AccountId) -> Principal {
        Principal {
            kind: Kind::Root,
            account,
            arn: Arn::root_of(account),
            id: account.to_string(),
            name: None,
        }
    }

    /// A user; `None` for a damaged record alone.
    pub fn user(user: &User, account: AccountId) -> Option<Principal> {
        Some(Principal {
            kind: Kind::User,
            account,
            arn: user.arn(account)?,
            id: user.id().to_string(),
            name: Some(user.name.clone()),
        })
    }

    /// Whoever signs with an access key; `None` where they are gone.
    pub fn of_key(key: &AccessKey, view: &View) -> Result<Option<Principal>, StoreError> {
        match key.owner() {
            None => Ok(None),
            Some(Owner::Root(account)) => Ok(Some(Principal::root(account))),
            Some(Owner::User(account, id)) => {
                let user = user_of(account, &id, view)?;
                Ok(user.and_then(|user| Principal::user(&user, account)))
            }
        }
    }

    /// Whether it is this principal who signs with an access key; cheaper than [`Principal::of_key`].
    pub fn owns(&self, key: &AccessKey) -> bool {
        match key.owner() {
            Some(Owner::Root(account)) => self.kind == Kind::Root && account == self.account,
            Some(Owner::User(account, id)) => {
                self.kind == Kind::User && account == self.account && id.as_str() == self.id
            }
            None => false,
        }
    }
}

/// The part of the store that an account's users, groups, roles and policies are in.
pub fn domain_of(account: AccountId, view: &View) -> Option<Domain> {
    let region = Region::global();
    view.domain(&Place { account, region })
}

/// Whether there is such an account here.
pub fn account_exists(account: AccountId, view: &View) -> Result<bool, StoreError> {
    let found = view.get::<Accounts>(Domain::Installation, &ByAccount(account))?;
    Ok(found.is_some())
}

/// The unique id of whoever has this ARN; nobody has one that differs from theirs in its path.
pub fn principal_of_arn(arn: &Arn, view: &View) -> Result<Option<UniqueId>, StoreError> {
    let named = arn
        .resource()
        .strip_prefix("user/")
        .filter(|_| arn.service() == "iam");
    let (Some(below), Some(account)) = (named, arn.account()) else {
        return Ok(None);
    };
    let Some(domain) = domain_of(account, view) else {
        return Ok(None);
    };
    let name = below.rsplit('/').next().unwrap_or_default();
    let user = user_named(name, domain, view)?;
    let exact = user.filter(|user| user.arn(account).as_ref() == Some(arn));
    Ok(exact.map(|user| user.id()))
}

/// The ARN that whoever has this unique id has now, in this account.
pub fn principal_of_id(id: &str, account: AccountId, view: &View) -> Result<Option<Arn>, StoreError> {
    let user = user_of(account, &UniqueId::kept(id), view)?;
    Ok(user.and_then(|user| user.arn(account)))
}

/// The user of a name, without regard to case.
pub fn user_named(name: &str, domain: Domain, view: &View) -> Result<Option<Held<User>>, StoreError> {
    let name = name.to_ascii_lowercase();
    let entries = view.index::<Users>(domain, Users::BY_NAME, name.as_bytes(), None, 1)?;
    match entries.first().filter(|entry| entry.bytes == name.as_bytes()) {
        Some(entry) => view.get_row::<Users>(&entry.row),
        None => Ok(None),
    }
}

/// A user of an account.
pub fn user_of(account: AccountId, id: &UniqueId, view: &View) -> Result<Option<Held<User>>, StoreError> {
    match domain_of(account, view) {
        Some(domain) => view.get::<Users>(domain, id),
        None => Ok(None),
    }
}
