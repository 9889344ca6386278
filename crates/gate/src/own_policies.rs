//! What a caller's own policies say: one side of every decision.

use identity::{Gathered, Kind};
use policy::{Decision, Question};
use store::StoreError;

use crate::permit::sid_of;
use crate::{Caller, Cause};

/// A caller's own policies, as they are in one snapshot.
#[derive(Debug)]
pub(crate) enum OwnPolicies {
    /// The root user may do everything in its account, and has none.
    Root,
    /// Those of a user.
    User(Gathered),
    /// The caller is gone.
    Gone,
}

/// What they say to one question.
#[derive(Debug)]
pub(crate) enum Say {
    /// They allow it.
    Allow,
    /// One of them denies it, whatever else allows it.
    Deny(Cause),
    /// They leave it to others.
    Silent(Cause),
}

impl OwnPolicies {
    /// Gathers them.
    pub(crate) fn of(caller: &Caller, view: &store::View) -> Result<OwnPolicies, StoreError> {
        let principal = caller.principal();
        match principal.kind {
            Kind::Root => Ok(OwnPolicies::Root),
            Kind::User => {
                let Some(domain) = identity::domain_of(principal.account, view) else {
                    return Ok(OwnPolicies::Gone);
                };
                let id = identity::UniqueId::kept(&principal.id);
                match view.get::<identity::Users>(domain, &id)? {
                    None => Ok(OwnPolicies::Gone),
                    Some(user) => {
                        let gathered = identity::policies_of(&user, principal.account, domain, view)?;
                        Ok(OwnPolicies::User(gathered))
                    }
                }
            }
        }
    }

    /// The value of one of the caller's tags, found without regard to case.
    pub(crate) fn tag(&self, name: &str) -> Option<&str> {
        match self {
            OwnPolicies::User(gathered) => identity::tag(&gathered.tags, name),
            OwnPolicies::Root | OwnPolicies::Gone => None,
        }
    }

    /// What they say to a question.
    pub(crate) fn say(&self, question: &Question<'_>) -> Say {
        let gathered = match self {
            OwnPolicies::Root => return Say::Allow,
            OwnPolicies::Gone => return Say::Silent(Cause::CallerGone),
            OwnPolicies::User(gathered) => gathered,
        };
        let mut say = Say::Silent(Cause::NoIdentityPolicy);
        for policy in &gathered.giving {
            match policy.decide(question) {
                Decision::Deny(source) => return Say::Deny(Cause::DeniedByIdentityPolicy(sid_of(source))),
                Decision::Allow(..) => say = Say::Allow,
                Decision::Silent => {}
            }
        }
        let Some(boundary) = &gathered.boundary else {
            return say;
        };
        match (boundary.decide(question), say) {
            (Decision::Deny(source), _) => Say::Deny(Cause::DeniedByBoundary(sid_of(source))),
            (Decision::Silent, Say::Allow) => Say::Silent(Cause::NoBoundary),
            (_, say) => say,
        }
    }
}
