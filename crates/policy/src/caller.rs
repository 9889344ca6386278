//! Who asks, and how strongly a policy's principals name them.
//!
//! Sources: IAM User Guide, "AWS JSON policy elements: Principal", "AWS JSON policy elements: NotPrincipal" and
//! "Policy evaluation logic"; KMS Developer Guide, "Key policies in AWS KMS".

use arn::{AccountId, Arn};
use smallvec::{SmallVec, smallvec};

use crate::{Effect, Element, Principal, Truth};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'q> {
    /// An account's root user.
    Root(AccountId),
    /// A user, with long-term credentials or with a session of its own from GetSessionToken.
    User(Entity<'q>),
    /// A session of a role.
    Session {
        /// The role.
        role: Entity<'q>,
        /// The session: `arn:aws:sts::111122223333:assumed-role/name/session`.
        arn: &'q Arn,
    },
    /// A session from GetFederationToken.
    Federated {
        /// The session: `arn:aws:sts::111122223333:federated-user/name`.
        arn: &'q Arn,
        /// The user that asked for it; `None` when it was the root user.
        user: Option<Entity<'q>>,
    },
    /// A service on its own behalf, by its name: `s3.amazonaws.com`.
    Service(&'q str),
    /// Somebody an identity provider speaks for, by the provider's ARN or name, who has no role yet.
    Provider(&'q str),
    /// Nobody who is known.
    Anonymous,
}

/// A user or a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity<'q> {
    /// Its ARN, with its path.
    pub arn: &'q Arn,
    /// Its unique id: `AIDA…`, `AROA…`.
    pub id: &'q str,
}

/// How strongly an Allow names a caller, the weakest first. What a strength is worth is for whoever brings the policies
/// of all kinds together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// By its account: the account's identity policies decide. The root user is named itself by its account.
    Account,
    /// By its role, or by the user behind a federated session: the session's own bounds still count.
    Role,
    /// As everybody is: by `*`, or by not being left out.
    Everybody,
    /// Itself, or because the policy is attached to it.
    Itself,
}

/// A name that a caller has.
#[derive(Clone, Copy)]
enum Name<'q> {
    Account(AccountId),
    Entity(Entity<'q>),
    Session(Entity<'q>, &'q Arn),
    Arn(&'q Arn),
    Service(&'q str),
    Provider(&'q str),
}

impl<'q> Caller<'q> {
    /// The caller's account, if it has one.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Caller::Root(account) => Some(*account),
            Caller::User(user) => user.arn.account(),
            Caller::Session { arn, .. } | Caller::Federated { arn, .. } => arn.account(),
            Caller::Service(_) | Caller::Provider(_) | Caller::Anonymous => None,
        }
    }

    /// Every name that the caller has, and how strongly it names it.
    fn names(&self) -> SmallVec<[(Name<'q>, Strength); 3]> {
        let mut names = match *self {
            Caller::Root(_) | Caller::Anonymous => smallvec![],
            Caller::User(user) => smallvec![(Name::Entity(user), Strength::Itself)],
            Caller::Session { role, arn } => {
                smallvec![
                    (Name::Session(role, arn), Strength::Itself),
                    (Name::Entity(role), Strength::Role)
                ]
            }
            Caller::Federated { arn, user } => {
                let mut names: SmallVec<[_; 3]> = smallvec![(Name::Arn(arn), Strength::Itself)];
                names.extend(user.map(|user| (Name::Entity(user), Strength::Role)));
                names
            }
            Caller::Service(name) => smallvec![(Name::Service(name), Strength::Itself)],
            Caller::Provider(name) => smallvec![(Name::Provider(name), Strength::Itself)],
        };
        let by_account = match self {
            Caller::Root(_) => Strength::Itself,
            _ => Strength::Account,
        };
        names.extend(self.account().map(|account| (Name::Account(account), by_account)));
        names
    }

    /// Whether the principals of a statement with this effect name the caller, and how strongly.
    ///
    /// `NotPrincipal` is read to the side that fails closed, which is what AWS documents for Deny: a Deny spares the
    /// caller only when each of its names is listed (itself, its role, its account), an Allow admits it only when
    /// none is.
    pub(crate) fn is_named(&self, principals: &Element<Principal>, effect: Effect) -> (Truth, Strength) {
        let listed =
            |name: Name<'_>, list: &[Principal]| Truth::any(list.iter().map(|listed| name.is(listed)));
        match principals {
            Element::These(list) => {
                let mut named = (Truth::No, Strength::Account);
                if list.contains(&Principal::Anyone) {
                    named = (Truth::Yes, Strength::Everybody);
                }
                for (name, strength) in self.names() {
                    named = named.max((listed(name, list), strength));
                }
                named
            }
            Element::Not(list) if list.contains(&Principal::Anyone) => (Truth::No, Strength::Everybody),
            Element::Not(list) => {
                let names = self.names();
                let listed = names.iter().map(|(name, _)| listed(*name, list));
                let spared = match effect {
                    Effect::Deny if names.is_empty() => Truth::No,
                    Effect::Deny => Truth::all(listed),
                    Effect::Allow => Truth::any(listed),
                };
                (!spared, Strength::Everybody)
            }
        }
    }
}

/// Whether `listed` is the unique id of a role's session: the role's, a colon, and what the session is called.
fn is_session_of(role: Entity<'_>, session: &Arn, listed: &str) -> bool {
    let called = session.resource().rsplit('/').next();
    let listed = listed
        .strip_prefix(role.id)
        .and_then(|rest| rest.strip_prefix(':'));
    listed.is_some() && listed == called
}

impl Name<'_> {
    fn is(self, listed: &Principal) -> Truth {
        let known = match (self, listed) {
            // Which account it is isn't known.
            (Name::Account(_), Principal::CanonicalUser(_)) => return Truth::Unknown,
            (Name::Account(account), Principal::Account(listed)) => account == *listed,
            (Name::Arn(arn) | Name::Session(_, arn), Principal::Arn(listed)) => arn == listed,
            (Name::Session(role, arn), Principal::Id(listed)) => is_session_of(role, arn, listed),
            (Name::Entity(entity), Principal::Arn(listed)) => entity.arn == listed,
            (Name::Entity(entity), Principal::Id(listed)) => entity.id == listed,
            (Name::Service(name), Principal::Service(listed))
            | (Name::Provider(name), Principal::Federated(listed)) => listed == "*" || name == listed,
            _ => false,
        };
        Truth::from(known)
    }
}
