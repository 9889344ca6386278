//! Users, as operations find them.

use arn::{AccountId, Arn};
use engine::{Authority, Demand, Resource, Targets, View};
use identity::{AccessKey, AccessKeyId, AccessKeys, Kind, Owner, UniqueId};
use store::{Domain, Held};

use crate::IamError;
use crate::wire::{AccessKeyIdText, UserName};

/// Whom a call is about.
#[derive(Debug)]
pub struct UserTarget {
    /// The account.
    pub account: AccountId,
    /// Its ARN; of nobody, the one that a user of that name would have.
    pub arn: Arn,
    subject: Subject,
}

#[derive(Debug)]
enum Subject {
    /// The account's root user, who is no user by name.
    Root,
    /// A user.
    User(Held<identity::User>),
    /// Nobody of this name; told once the caller is known to be allowed to ask.
    Nobody(String),
}

impl Targets for UserTarget {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

impl UserTarget {
    /// The user of this name.
    pub fn named(UserName(name): &UserName, view: &View) -> Result<UserTarget, IamError> {
        let account = view.place().account;
        match identity::user_named(name, view.domain(), view.store())? {
            Some(user) => UserTarget::of(user, account),
            None => Ok(UserTarget {
                account,
                arn: arn_of(account, "/", name)?,
                subject: Subject::Nobody(name.clone()),
            }),
        }
    }

    /// The user of this name, or else the caller.
    pub fn named_or_caller(name: Option<&UserName>, view: &View) -> Result<UserTarget, IamError> {
        if let Some(name) = name {
            return UserTarget::named(name, view);
        }
        let account = view.place().account;
        let caller = view.caller().map(engine::Caller::principal);
        let Some(user) = caller.filter(|caller| caller.kind == Kind::User) else {
            return Ok(UserTarget {
                account,
                arn: Arn::root_of(account),
                subject: Subject::Root,
            });
        };
        match identity::user_of(account, &UniqueId::kept(&user.id), view.store())? {
            Some(user) => UserTarget::of(user, account),
            None => Ok(UserTarget {
                account,
                arn: user.arn.clone(),
                subject: Subject::Nobody(user.name.clone().unwrap_or_default()),
            }),
        }
    }

    fn of(user: Held<identity::User>, account: AccountId) -> Result<UserTarget, IamError> {
        Ok(UserTarget {
            account,
            arn: user.arn(account).ok_or_else(|| IamError::damaged("users"))?,
            subject: Subject::User(user),
        })
    }

    /// Whether it is the account's root user.
    pub fn is_root(&self) -> bool {
        matches!(self.subject, Subject::Root)
    }

    /// The user.
    pub fn user(&self) -> Result<&Held<identity::User>, IamError> {
        match &self.subject {
            Subject::User(user) => Ok(user),
            Subject::Nobody(name) => Err(IamError::no_user(name)),
            Subject::Root => Err(IamError::Validation(
                "Must specify userName when calling with non-User credentials".to_owned(),
            )),
        }
    }

    /// Whose access keys its are.
    pub fn owner(&self) -> Result<Owner, IamError> {
        match &self.subject {
            Subject::Root => Ok(Owner::Root(self.account)),
            Subject::User(_) | Subject::Nobody(_) => Ok(Owner::User(self.account, self.user()?.id())),
        }
    }

    /// The demand to do `action` to it.
    pub fn demand(&self, action: &'static str) -> Demand {
        demand_on(action, self.arn.clone(), self.account)
    }
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

/// The ARN that a user of this path and name has.
pub fn arn_of(account: AccountId, path: &str, name: &str) -> Result<Arn, IamError> {
    let text = format!("arn:aws:iam::{account}:user{path}{name}");
    text.parse().map_err(|_| IamError::damaged("users"))
}

/// The access key of this id, which has to be the user's.
pub fn key_of(
    AccessKeyIdText(text): &AccessKeyIdText,
    target: &UserTarget,
    view: &View,
) -> Result<(AccessKeyId, Held<AccessKey>), IamError> {
    let owner = target.owner()?;
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
