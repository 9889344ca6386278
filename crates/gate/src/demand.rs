//! What a call demands before it may act.

use std::sync::Arc;

use arn::{AccountId, Arn};
use policy::Compiled;
use smallvec::{SmallVec, smallvec};

/// One action on one resource that has to be allowed.
#[derive(Debug, Clone)]
pub struct Demand {
    /// The action, as in `kms:Encrypt`.
    pub action: &'static str,
    /// What it is done to; `*` is written as the ARN of the account's root where an action has no resource.
    pub resource: Arn,
    /// The account that owns the resource.
    pub owner: AccountId,
    /// Which policies decide.
    pub authority: Authority,
}

impl Demand {
    /// As it is judged.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        let has_none = self.authority.is_identity() && self.resource == Arn::root_of(self.owner);
        Wanted {
            action: self.action,
            resource: if has_none { "*" } else { self.resource.as_str() },
            owner: self.owner,
            authority: &self.authority,
        }
    }
}

/// One action on one resource, whether a call demands it or nobody does.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The action.
    pub action: &'w str,
    /// The resource as policies speak of it: `*` where the action has none.
    pub resource: &'w str,
    /// The account that owns the resource.
    pub owner: AccountId,
    /// Which policies decide.
    pub authority: &'w Authority,
}

/// Which policies decide a demand.
#[derive(Debug, Clone)]
pub enum Authority {
    /// The caller's own policies alone, as for CreateKey or an alias.
    Identity,
    /// The resource's policy: it has to allow the caller, or to delegate to the caller's account.
    Resource(Arc<Compiled>),
    /// A grant on the resource: its policy may deny and can't allow.
    Grant(Arc<Compiled>),
}

impl Authority {
    fn is_identity(&self) -> bool {
        matches!(self, Authority::Identity)
    }
}

/// What a call demands: never nothing.
#[derive(Debug, Clone)]
pub struct Demands(pub(crate) Kind);

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    All(SmallVec<[Demand; 2]>),
    Public(&'static str),
}

impl Demands {
    /// This one demand; more are added with [`Demands::and`].
    pub fn of(demand: Demand) -> Demands {
        Demands(Kind::All(smallvec![demand]))
    }

    /// This demand as well; every one has to be allowed.
    #[must_use]
    pub fn and(self, demand: Demand) -> Demands {
        match self.0 {
            Kind::All(mut demands) => {
                demands.push(demand);
                Demands(Kind::All(demands))
            }
            Kind::Public(_) => Demands::of(demand),
        }
    }

    /// No demand, for the stated reason. The permit that comes of it opens nothing.
    pub fn public(reason: &'static str) -> Demands {
        Demands(Kind::Public(reason))
    }

    /// Why nothing is demanded, where that is so.
    pub fn public_reason(&self) -> Option<&'static str> {
        match self.0 {
            Kind::All(_) => None,
            Kind::Public(reason) => Some(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::{Kind as PolicyKind, Policy};

    #[test]
    fn what_has_no_resource_is_asked_of_all_and_an_account_s_root_is_one_where_it_has_a_policy() {
        let owner: AccountId = "111122223333".parse().unwrap();
        let root = Arn::root_of(owner);
        let user: Arn = "arn:aws:iam::111122223333:user/ada".parse().unwrap();
        let policy = Arc::new(Policy::silent(PolicyKind::Key).compile());
        let text = |resource: &Arn, authority: Authority| {
            let demand = Demand {
                action: "iam:ListUsers",
                resource: resource.clone(),
                owner,
                authority,
            };
            demand.wanted().resource.to_owned()
        };
        assert_eq!(text(&root, Authority::Identity), "*");
        assert_eq!(text(&user, Authority::Identity), user.as_str());
        assert_eq!(
            text(&root, Authority::Resource(Arc::clone(&policy))),
            root.as_str()
        );
        assert_eq!(text(&root, Authority::Grant(policy)), root.as_str());
    }

    #[test]
    fn what_is_public_says_why_until_something_is_demanded() {
        let public = Demands::public("a test");
        assert_eq!(public.public_reason(), Some("a test"));
        let owner: AccountId = "111122223333".parse().unwrap();
        let more = public.and(Demand {
            action: "iam:ListUsers",
            resource: Arn::root_of(owner),
            owner,
            authority: Authority::Identity,
        });
        assert_eq!(more.public_reason(), None);
    }
}
