//! The judgement of what is wanted by the policies that bear on it: the same for calls, for explanations and for simulations.
//!
//! Sources: IAM User Guide, "Policy evaluation logic"; KMS Developer Guide, "Troubleshooting key access".

use identity::Kind;
use policy::{Compiled, Context, Decision, Question, Source, Strength};
use store::StoreError;

use crate::own_policies::{OwnPolicies, Say};
use crate::{Authority, Cause, Subject, Wanted, federated};

/// What is wanted, and what bears on it.
pub(crate) struct Case<'c> {
    /// Who wants it.
    pub(crate) subject: Subject<'c>,
    pub(crate) wanted: Wanted<'c>,
    /// The subject's own policies.
    pub(crate) own: &'c OwnPolicies,
    pub(crate) context: &'c dyn Context,
    /// How each policy is read: a call's by [`Compiled::decide`].
    pub(crate) decide: Decide,
}

/// How one policy is read.
pub(crate) type Decide = for<'p> fn(&'p Compiled, &Question<'_>) -> Decision<'p>;

/// What the actions of the administration begin with.
const ADMINISTRATION: &str = "keystead:";

impl<'c> Case<'c> {
    /// What each policy is asked.
    pub(crate) fn question(&self) -> Question<'c> {
        Question {
            caller: self.subject.in_policies(),
            action: self.wanted.action,
            resource: self.wanted.resource,
            context: self.context,
        }
    }

    /// A Deny wins wherever it stands; then the resource's policy or a grant on it may name the subject, which is enough in its
    /// own account; then both sides have to allow. `granted` tells how strongly a grant names the subject, and is asked once nothing
    /// denies and the policies do not allow.
    pub(crate) fn judge(
        &self,
        granted: impl FnOnce() -> Result<Option<Strength>, StoreError>,
    ) -> Result<Result<(), Cause>, StoreError> {
        let wanted = self.wanted;
        let principal = self.subject.principal;
        let own = wanted.owner == principal.account;
        // What is the operator's is nobody else's, and nothing else is the operator's, whatever policies say.
        if wanted.action.starts_with(ADMINISTRATION) != (principal.kind == Kind::Operator) {
            return Ok(Err(Cause::Administration));
        }
        let question = self.question();
        if principal.kind == Kind::WebIdentity {
            return Ok(federated::decide(
                wanted,
                &question,
                principal.account,
                self.decide,
            ));
        }
        let own_side = match self.own.say(&question, self.decide) {
            Ok(say) => say,
            Err(cause) => return Ok(Err(cause)),
        };
        let policy = match wanted.authority {
            // Nobody's own policies reach into another account by themselves.
            Authority::Identity if own => return Ok(own_side.allows),
            Authority::Identity => return Ok(Err(Cause::Foreign)),
            Authority::Resource(policy) | Authority::Grant(policy) => policy,
        };
        let by_grant_alone = matches!(wanted.authority, Authority::Grant(_));
        let by_policy = match (self.decide)(policy, &question) {
            Decision::Deny(source) if own => return Ok(Err(Cause::DeniedByResourcePolicy(sid_of(source)))),
            Decision::Deny(_) => return Ok(Err(Cause::Foreign)),
            Decision::Allow(_, strength) if !by_grant_alone => Some(strength),
            Decision::Allow(..) | Decision::Silent => None,
        };
        let decided = weigh(by_policy, own, &own_side);
        if decided.is_ok() {
            return Ok(decided);
        }
        Ok(match granted()? {
            // A grant that is asked for alone says itself whom it is for, in whatever account.
            Some(granted) => weigh(by_policy.max(Some(granted)), own || by_grant_alone, &own_side),
            None => decided,
        })
    }
}

/// What the resource's side and the caller's own side come to, where neither denies.
fn weigh(resource_side: Option<Strength>, own: bool, own_side: &Say) -> Result<(), Cause> {
    match resource_side {
        None if own => Err(Cause::NoResourcePolicy),
        None => Err(Cause::Foreign),
        Some(Strength::Itself) if own => Ok(()),
        // What is given to a role holds for its sessions as far as they are not bounded, and so does what is given to
        // everybody: AWS says of nothing but the caller's own name that it reaches past the bounds.
        Some(Strength::Role | Strength::Everybody) if own => own_side.bounds.clone(),
        // It is left to the account; and across accounts both sides have to allow.
        Some(_) => own_side.allows.clone(),
    }
}

/// As [`statement_name`], of a Deny.
pub(crate) fn sid_of(source: &Source) -> Option<String> {
    Some(statement_name(source))
}

/// The name of a statement, for the operator: its `Sid`, or its place among the policy's statements.
pub(crate) fn statement_name(source: &Source) -> String {
    let place = || format!("statement {}", source.index + 1);
    source.sid.as_deref().map_or_else(place, str::to_owned)
}

#[cfg(test)]
mod tests;
