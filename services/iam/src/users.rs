//! Users and the root user, as operations on access keys find them.

use arn::{AccountId, Arn};
use engine::{Authority, Demand, Described, Resource, Targets, View};
use identity::{AccessKey, AccessKeyId, AccessKeys, Kind, Owner, UniqueId, Users};
use store::{Domain, Held};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{AccessKeyIdText, UserName};

/// A user, or the account's root user, that a call about access keys is about.
#[derive(Debug)]
pub enum KeyHolder {
    /// The root user, who is no user by name.
    Root(AccountId),
    /// A user.
    User(Target<Users>),
}

impl Targets for KeyHolder {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        match self {
            KeyHolder::Root(_) => None,
            KeyHolder::User(user) => Some(user),
        }
    }
}

impl KeyHolder {
    /// The user of this name, or else the caller.
    pub fn named_or_caller(name: Option<&UserName>, view: &View) -> Result<KeyHolder, IamError> {
        if let Some(UserName(name)) = name {
            return Target::named(name, view).map(KeyHolder::User);
        }
        let account = view.place().account;
        let caller = view.caller().map(engine::Caller::principal);
        let caller = match caller {
            Some(caller) if caller.kind == Kind::User => caller,
            Some(caller) if caller.kind == Kind::Root => return Ok(KeyHolder::Root(account)),
            // A session of a role is nobody who could have access keys.
            _ => return Err(no_user()),
        };
        match identity::user_of(account, &UniqueId::kept(&caller.id), view.store())? {
            Some(user) => Target::of(user, account).map(KeyHolder::User),
            None => Target::nobody(caller.name.as_deref().unwrap_or_default(), account).map(KeyHolder::User),
        }
    }

    /// The user.
    pub fn user(&self) -> Result<&Held<identity::User>, IamError> {
        match self {
            KeyHolder::User(user) => user.held(),
            KeyHolder::Root(_) => Err(no_user()),
        }
    }

    /// A user's name.
    pub fn name(&self) -> Result<Option<&str>, IamError> {
        match self {
            KeyHolder::Root(_) => Ok(None),
            KeyHolder::User(user) => Ok(Some(&user.held()?.name)),
        }
    }

    /// Whose access keys its are.
    pub fn owner(&self) -> Result<Owner, IamError> {
        match self {
            KeyHolder::Root(account) => Ok(Owner::Root(*account)),
            KeyHolder::User(user) => Ok(Owner::User(user.account, user.held()?.id())),
        }
    }

    /// The demand to do `action` to it.
    pub fn demand(&self, action: &'static str) -> Demand {
        match self {
            KeyHolder::Root(account) => demand_on(action, Arn::root_of(*account), *account),
            KeyHolder::User(user) => user.demand(action),
        }
    }
}

fn no_user() -> IamError {
    IamError::Validation("Must specify userName when calling with non-User credentials".to_owned())
}

/// The demand to do `action` to something of an account: the caller's own policies decide.
pub fn demand_on(action: &'static str, resource: Arn, account: AccountId) -> Demand {
    Demand {
        action,
        resource,
        owner: account,
        authority: Authority::Identity,
    }
}

/// The access key of this id, which has to be the user's.
pub fn key_of(
    AccessKeyIdText(text): &AccessKeyIdText,
    holder: &KeyHolder,
    view: &View,
) -> Result<(AccessKeyId, Held<AccessKey>), IamError> {
    let owner = holder.owner()?;
    let absent = || IamError::NoSuchEntity(format!("The Access Key with id {text} cannot be found."));
    let id: AccessKeyId = text.parse().map_err(|_| absent())?;
    let key = view.store().get::<AccessKeys>(Domain::Installation, &id)?;
    match key.filter(|key| key.owner() == Some(owner)) {
        Some(key) => Ok((id, key)),
        None => Err(absent()),
    }
}

/// What calls are about that concern no entity by name.
#[derive(Debug, Clone, Copy)]
pub struct NoTarget;

impl Targets for NoTarget {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}
