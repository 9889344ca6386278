//! Whoever can call.

use arn::{AccountId, Arn, Place, Region};
use store::{Domain, Held, StoreError, View};

use crate::{
    AccessKey, Accounts, ByAccount, Owner, Role, Roles, Session, SessionKind, UniqueId, User, Users,
};

/// What kind of principal it is, by CloudTrail's `userIdentity.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The operator of the installation, who is no tenant.
    Operator,
    /// The account's root user.
    Root,
    /// A user of the account, or a session of its own.
    User,
    /// A session of a role.
    AssumedRole,
    /// A session that a user, or the root user, opened for somebody.
    FederatedUser,
    /// Somebody whom an OpenID Connect provider speaks for, and who has no role yet.
    WebIdentity,
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
    /// A user's name, a federated user's, or the subject that a provider speaks of.
    pub name: Option<String>,
    /// Of a session the role or user that it is of.
    pub issuer: Option<Issuer>,
}

/// A role or user, as its sessions know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its ARN.
    pub arn: Arn,
    /// Its unique id; the account's number for its root user.
    pub id: String,
    /// Its name; none for the root user.
    pub name: Option<String>,
}

/// What a session is called that may be any: none can have this name.
const ANY_SESSION: &str = "*";
const ANY_OF_ROLE: &str = "/*";

impl Principal {
    /// The root user of `account`.
    pub fn root(account: AccountId) -> Principal {
        Principal {
            kind: Kind::Root,
            account,
            arn: Arn::root_of(account),
            id: account.to_string(),
            name: None,
            issuer: None,
        }
    }

    /// The operator, under the number of its account.
    pub fn operator(account: AccountId) -> Principal {
        Principal {
            kind: Kind::Operator,
            ..Principal::root(account)
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
            issuer: None,
        })
    }

    /// Whoever a provider of an account speaks for.
    pub fn web_identity(account: AccountId, provider: &Arn, audience: &str, subject: &str) -> Principal {
        Principal {
            kind: Kind::WebIdentity,
            account,
            arn: provider.clone(),
            id: format!("{provider}:{audience}:{subject}"),
            name: Some(subject.to_owned()),
            issuer: None,
        }
    }

    /// Whoever has this ARN: of a role, a session that is not known; `None` where there is nobody who can be named so.
    pub fn of_arn(arn: &Arn, view: &View) -> Result<Option<Principal>, StoreError> {
        let Some(account) = arn.account() else {
            return Ok(None);
        };
        if *arn == Arn::root_of(account) {
            return Ok(account_exists(account, view)?.then(|| Principal::root(account)));
        }
        let Some(domain) = domain_of(account, view) else {
            return Ok(None);
        };
        let (kind, below) = arn.resource().split_once('/').unwrap_or_default();
        let name = below.rsplit('/').next().unwrap_or_default();
        Ok(match (arn.service(), kind) {
            ("iam", "user") => {
                let user = user_named(name, domain, view)?.and_then(|user| Principal::user(&user, account));
                user.filter(|user| user.arn == *arn)
            }
            ("iam", "role") => {
                let role = role_named(name, domain, view)?;
                let exact = role.filter(|role| role.arn(account).as_ref() == Some(arn));
                exact.and_then(|role| Principal::of_role(&role, account))
            }
            ("sts", "assumed-role") => {
                let (role, session) = below.split_once('/').unwrap_or_default();
                let role = role_named(role, domain, view)?;
                let session = role.and_then(|role| Principal::of_role_session(&role, account, session));
                session.filter(|session| session.arn == *arn)
            }
            _ => None,
        })
    }

    /// Whoever would have the ARN of a user, a role or a group, whether there is such a one: nobody knows its unique id.
    pub fn supposed(arn: &Arn) -> Option<Principal> {
        let account = arn.account().filter(|_| arn.service() == "iam")?;
        let (kind, below) = arn.resource().split_once('/')?;
        let name = below.rsplit('/').next()?.to_owned();
        let principal = Principal {
            kind: Kind::User,
            account,
            arn: arn.clone(),
            id: String::new(),
            name: Some(name.clone()),
            issuer: None,
        };
        match kind {
            "user" | "group" => Some(principal),
            "role" => Some(Principal {
                kind: Kind::AssumedRole,
                arn: format!("arn:aws:sts::{account}:assumed-role/{name}{ANY_OF_ROLE}")
                    .parse()
                    .ok()?,
                name: None,
                issuer: Some(Issuer {
                    arn: arn.clone(),
                    id: String::new(),
                    name: Some(name),
                }),
                ..principal
            }),
            _ => None,
        }
    }

    /// Any session of a role.
    pub fn of_role(role: &Role, account: AccountId) -> Option<Principal> {
        Principal::of_role_session(role, account, ANY_SESSION)
    }

    /// Whether it is any session of a role, and not one that is known.
    pub fn is_any_session(&self) -> bool {
        self.kind == Kind::AssumedRole && self.arn.resource().ends_with(ANY_OF_ROLE)
    }

    /// Whoever signs with an access key; `None` where they are gone.
    pub fn of_key(key: &AccessKey, view: &View) -> Result<Option<Principal>, StoreError> {
        match key.owner() {
            None => Ok(None),
            Some(Owner::Root(account)) => Ok(Some(Principal::root(account))),
            Some(Owner::Operator(account)) => Ok(Some(Principal::operator(account))),
            Some(Owner::User(account, id)) => {
                let user = user_of(account, &id, view)?;
                Ok(user.and_then(|user| Principal::user(&user, account)))
            }
        }
    }

    /// Whoever a session is of, as it is in `view`; `None` where that is gone, or ended the session.
    pub fn of_session(session: &Session, view: &View) -> Result<Option<Principal>, StoreError> {
        let Some(account) = session.account() else {
            return Ok(None);
        };
        if session.kind == SessionKind::Role {
            let role = role_of(account, &UniqueId::kept(&session.principal), view)?;
            let role = role.filter(|role| role.admits(session.issued()));
            return Ok(role.and_then(|role| Principal::of_role_session(&role, account, &session.name)));
        }
        let own = match session.principal == account.to_string() {
            true => account_exists(account, view)?.then(|| Principal::root(account)),
            false => {
                let user = user_of(account, &UniqueId::kept(&session.principal), view)?;
                user.and_then(|user| Principal::user(&user, account))
            }
        };
        Ok(match session.kind {
            SessionKind::Federated => own.and_then(|own| own.federated(&session.name)),
            _ => own,
        })
    }

    fn of_role_session(role: &Role, account: AccountId, name: &str) -> Option<Principal> {
        Some(Principal {
            kind: Kind::AssumedRole,
            account,
            arn: role.session_arn(account, name)?,
            id: format!("{}:{name}", role.id()),
            name: None,
            issuer: Some(Issuer {
                arn: role.arn(account)?,
                id: role.id().to_string(),
                name: Some(role.name.clone()),
            }),
        })
    }

    fn federated(self, name: &str) -> Option<Principal> {
        let account = self.account;
        Some(Principal {
            kind: Kind::FederatedUser,
            account,
            arn: format!("arn:aws:sts::{account}:federated-user/{name}")
                .parse()
                .ok()?,
            id: format!("{account}:{name}"),
            name: Some(name.to_owned()),
            issuer: Some(Issuer {
                arn: self.arn,
                id: self.id,
                name: self.name,
            }),
        })
    }

    /// What policies and grants that name it by its ARN know it by, as [`principal_of_arn`] tells.
    pub fn known_by(&self) -> &str {
        match self.kind {
            Kind::FederatedUser => self.arn.as_str(),
            Kind::Operator | Kind::Root | Kind::User | Kind::AssumedRole | Kind::WebIdentity => &self.id,
        }
    }

    /// Whether it is this principal who signs with an access key; cheaper than [`Principal::of_key`].
    pub fn owns(&self, key: &AccessKey) -> bool {
        match key.owner() {
            Some(Owner::Root(account)) => self.kind == Kind::Root && account == self.account,
            Some(Owner::Operator(account)) => self.kind == Kind::Operator && account == self.account,
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

/// Whether there is such an account here, and it is a tenant: the operator's is nobody's to name.
pub fn account_exists(account: AccountId, view: &View) -> Result<bool, StoreError> {
    let found = view.get::<Accounts>(Domain::Installation, &ByAccount(account))?;
    Ok(found.is_some_and(|account| !account.is_operator()))
}

/// What whoever has this ARN is known by: a unique id, which a session of a role has from it (`AROA…:name`), or a federated
/// user's ARN itself. Nobody has one that differs from theirs in its path.
pub fn principal_of_arn(arn: &Arn, view: &View) -> Result<Option<String>, StoreError> {
    let Some(account) = arn.account() else {
        return Ok(None);
    };
    let Some(domain) = domain_of(account, view) else {
        return Ok(None);
    };
    let (kind, below) = arn.resource().split_once('/').unwrap_or_default();
    let name = below.rsplit('/').next().unwrap_or_default();
    Ok(match (arn.service(), kind) {
        ("iam", "user") => {
            let user = user_named(name, domain, view)?;
            let exact = user.filter(|user| user.arn(account).as_ref() == Some(arn));
            exact.map(|user| user.id().to_string())
        }
        ("iam", "role") => {
            let role = role_named(name, domain, view)?;
            let exact = role.filter(|role| role.arn(account).as_ref() == Some(arn));
            exact.map(|role| role.id().to_string())
        }
        ("sts", "assumed-role") => {
            let (role, session) = below.split_once('/').unwrap_or_default();
            let role = role_named(role, domain, view)?;
            let exact = role.filter(|role| role.session_arn(account, session).as_ref() == Some(arn));
            exact.map(|role| format!("{}:{session}", role.id()))
        }
        ("sts", "federated-user") => (!below.is_empty()).then(|| arn.to_string()),
        _ => None,
    })
}

/// The ARN that whoever is known by this has now, in this account.
pub fn principal_of_id(id: &str, account: AccountId, view: &View) -> Result<Option<Arn>, StoreError> {
    if id.starts_with("arn:") {
        return Ok(id.parse().ok());
    }
    if let Some((role, session)) = id.split_once(':') {
        let role = role_of(account, &UniqueId::kept(role), view)?;
        return Ok(role.and_then(|role| role.session_arn(account, session)));
    }
    let id = UniqueId::kept(id);
    if let Some(user) = user_of(account, &id, view)? {
        return Ok(user.arn(account));
    }
    let role = role_of(account, &id, view)?;
    Ok(role.and_then(|role| role.arn(account)))
}

/// The role of a name, without regard to case.
pub fn role_named(name: &str, domain: Domain, view: &View) -> Result<Option<Held<Role>>, StoreError> {
    let name = name.to_ascii_lowercase();
    let entries = view.index::<Roles>(domain, Roles::BY_NAME, name.as_bytes(), None, 1)?;
    match entries.first().filter(|entry| entry.bytes == name.as_bytes()) {
        Some(entry) => view.get_row::<Roles>(&entry.row),
        None => Ok(None),
    }
}

/// A role of an account.
pub fn role_of(account: AccountId, id: &UniqueId, view: &View) -> Result<Option<Held<Role>>, StoreError> {
    match domain_of(account, view) {
        Some(domain) => view.get::<Roles>(domain, id),
        None => Ok(None),
    }
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
