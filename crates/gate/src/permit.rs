//! The decision: demands to a permit, or a denial that says why.

use std::fmt;

use arn::{AccountId, Arn};
use policy::Compiled;
use smallvec::SmallVec;
use store::StoreError;

use crate::conditions::{Asking, CallContext, Lookup};
use crate::demand::{Demand, Demands, Kind};
use crate::judge::Case;
use crate::own_policies::OwnPolicies;
use crate::{AuthenticationError, Caller, caller};

/// Proof that a call's demands were allowed, with what they were made for.
///
/// Only [`authorize`] and [`permit_internal`] make one. What it does not list, it does not open.
#[derive(Debug)]
pub struct Permit<T> {
    targets: T,
    allowed: SmallVec<[(&'static str, Arn); 2]>,
}

impl<T> Permit<T> {
    /// What the call was found to be about.
    pub fn targets(&self) -> &T {
        &self.targets
    }

    /// Whether `action` on `resource` is among what was allowed.
    pub fn covers(&self, action: &str, resource: &Arn) -> bool {
        self.allowed
            .iter()
            .any(|(allowed, on)| *allowed == action && on == resource)
    }
}

/// Why a call is denied. `Display` is AWS's text for the caller; [`Denial::decided_by`] is for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Who was denied.
    pub caller: Arn,
    /// The action that was denied.
    pub action: &'static str,
    /// What it was denied on.
    pub resource: Arn,
    /// What denied it.
    pub cause: Cause,
}

/// What denied a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A Deny statement of the resource's policy, by its `Sid` or its place.
    DeniedByResourcePolicy(Option<String>),
    /// The resource's policy neither allows the caller nor delegates to its account.
    NoResourcePolicy,
    /// A Deny statement of one of the caller's own policies, by its `Sid` or its place.
    DeniedByIdentityPolicy(Option<String>),
    /// A Deny statement of the caller's permissions boundary, by its `Sid` or its place.
    DeniedByBoundary(Option<String>),
    /// It would be for the caller's own policies to allow, and none does.
    NoIdentityPolicy,
    /// The caller's own policies allow, and its permissions boundary does not.
    NoBoundary,
    /// A Deny statement of a policy that was passed to the caller's session, by its `Sid` or its place.
    DeniedBySessionPolicy(Option<String>),
    /// The caller's own policies allow, and none that was passed to its session does.
    NoSessionPolicy,
    /// Sessions of this kind may not call this, whatever policies say.
    ClosedToSession,
    /// The operator administers the installation and nothing else, and nobody else does.
    Administration,
    /// The resource belongs to another account, or nobody; which of them is not told.
    Foreign,
    /// The role's trust policy does not let a provider's callers take it on, or denies it by a statement of this `Sid`.
    Untrusted(Option<String>),
    /// The caller's credentials ended while the call was under way.
    CallerGone,
}

impl Cause {
    /// Which policy, and which of its statements.
    pub fn decided_by(&self) -> DecidedBy<'_> {
        let (policy, statement) = match self {
            Cause::DeniedByResourcePolicy(sid) => ("resource-based policy", sid.as_deref()),
            Cause::DeniedByIdentityPolicy(sid) => ("identity-based policy", sid.as_deref()),
            Cause::DeniedByBoundary(sid) => ("permissions boundary", sid.as_deref()),
            Cause::DeniedBySessionPolicy(sid) => ("session policy", sid.as_deref()),
            Cause::Untrusted(sid) => ("role trust policy", sid.as_deref()),
            Cause::NoResourcePolicy | Cause::Foreign => ("resource-based policy", None),
            Cause::NoIdentityPolicy => ("identity-based policy", None),
            Cause::NoBoundary => ("permissions boundary", None),
            Cause::NoSessionPolicy => ("session policy", None),
            Cause::ClosedToSession => ("kind of the session", None),
            Cause::Administration => ("administration", None),
            Cause::CallerGone => ("end of the credentials", None),
        };
        DecidedBy { policy, statement }
    }
}

/// What decided a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedBy<'d> {
    /// The kind of policy, or what else it was.
    pub policy: &'static str,
    /// The Deny statement in it, by its `Sid`, or its place where it has none; `None` where it was that nothing allows.
    pub statement: Option<&'d str>,
}

/// Why there is no permit.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizationError {
    /// The caller may not.
    #[error("{0}")]
    Denied(Denial),
    /// Ours to mend: whether the caller may could not be read.
    #[error("the caller's credentials could not be read again")]
    Store(#[from] StoreError),
}

impl Denial {
    /// What a caller hears of a resource of another account that is absent or closed to it.
    pub fn of_foreign(caller: &Caller, action: &'static str, resource: Arn) -> Denial {
        Denial {
            caller: caller.arn().clone(),
            action,
            resource,
            cause: Cause::Foreign,
        }
    }

    /// What decided. It is for the operator and the caller's own account, and not for the caller.
    pub fn decided_by(&self) -> DecidedBy<'_> {
        self.cause.decided_by()
    }

    /// Whether all that decided is of the caller's own account, which may be told of it.
    pub fn is_within(&self, account: AccountId) -> bool {
        self.cause != Cause::Foreign && self.resource.account() == Some(account)
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Denial {
            caller,
            action,
            resource,
            cause,
        } = self;
        // Where an action has no resource, policies and AWS's text alike speak of all of them.
        let all = resource
            .account()
            .is_some_and(|account| *resource == Arn::root_of(account));
        let resource = if all { "*" } else { resource.as_str() };
        if matches!(cause, Cause::Untrusted(_)) {
            // Who it was is not told to whoever it was.
            return write!(f, "Not authorized to perform {action}");
        }
        write!(f, "User: {caller} is not authorized to perform: {action} ")?;
        match cause {
            // Which roles there are is not told.
            Cause::Foreign | Cause::NoResourcePolicy if action.starts_with("sts:") => write!(f, "on resource: {resource}"),
            Cause::Foreign => f.write_str(
                "on this resource because the resource does not exist in this Region, no resource-based policies \
                 allow access, or a resource-based policy explicitly denies access",
            ),
            Cause::DeniedByResourcePolicy(_) if action.starts_with("sts:") => {
                write!(f, "on resource: {resource} with an explicit deny in a role trust policy")
            }
            Cause::DeniedByResourcePolicy(_) => {
                write!(f, "on resource: {resource} with an explicit deny in a resource-based policy")
            }
            Cause::DeniedByIdentityPolicy(_) => {
                write!(f, "on resource: {resource} with an explicit deny in an identity-based policy")
            }
            Cause::DeniedByBoundary(_) => {
                write!(f, "on resource: {resource} with an explicit deny in a permissions boundary")
            }
            Cause::DeniedBySessionPolicy(_) => {
                write!(f, "on resource: {resource} with an explicit deny in a session policy")
            }
            Cause::NoSessionPolicy => {
                write!(f, "on resource: {resource} because no session policy allows the {action} action")
            }
            Cause::NoBoundary => {
                write!(f, "on resource: {resource} because no permissions boundary allows the {action} action")
            }
            Cause::NoResourcePolicy => {
                write!(f, "on resource: {resource} because no resource-based policy allows the {action} action")
            }
            Cause::NoIdentityPolicy
            | Cause::Administration
            | Cause::CallerGone
            | Cause::ClosedToSession
            | Cause::Untrusted(_) => {
                write!(f, "on resource: {resource} because no identity-based policy allows the {action} action")
            }
        }
    }
}

/// Decides every demand on current policy, first come first named: a permit if all are allowed.
///
/// The caller's credentials are read again from the snapshot, so that the permit rests on them as they are there, like
/// the rest of the call. `look` finds what a demand is about among the targets.
pub fn authorize<T>(
    asking: Asking<'_>,
    demands: Demands,
    targets: T,
    look: Lookup<T>,
) -> Result<Permit<T>, AuthorizationError> {
    let demands = match demands.0 {
        Kind::Public(_) => {
            return Ok(Permit {
                targets,
                allowed: SmallVec::new(),
            });
        }
        Kind::All(demands) => demands,
    };
    let caller = asking.caller;
    let present = match caller::reaffirm(caller, asking.view) {
        Ok(()) => true,
        Err(AuthenticationError::Signature(_)) => false,
        Err(AuthenticationError::Store(error)) => return Err(error.into()),
    };
    let own = OwnPolicies::of(caller.subject(), asking.view)?;
    let mut allowed = SmallVec::new();
    for demand in demands {
        let decided = if present {
            let resource = look(&targets, &demand.resource);
            let context = CallContext::of(asking, &own, &demand, resource);
            let case = Case {
                subject: caller.subject(),
                wanted: demand.wanted(),
                own: &own,
                context: &context,
                decide: Compiled::decide,
            };
            case.judge(|| match resource {
                Some(resource) => resource.granted(demand.action, &asking),
                None => Ok(None),
            })?
        } else {
            Err(Cause::CallerGone)
        };
        match decided {
            Ok(()) => allowed.push((demand.action, demand.resource)),
            Err(cause) => {
                let Demand { action, resource, .. } = demand;
                return Err(AuthorizationError::Denied(Denial {
                    caller: caller.arn().clone(),
                    action,
                    resource,
                    cause,
                }));
            }
        }
    }
    Ok(Permit { targets, allowed })
}

/// A permit for the installation's own background work, which no caller asked for and an audit record tells of.
pub fn permit_internal<T>(targets: T, allowed: impl IntoIterator<Item = (&'static str, Arn)>) -> Permit<T> {
    Permit {
        targets,
        allowed: allowed.into_iter().collect(),
    }
}
