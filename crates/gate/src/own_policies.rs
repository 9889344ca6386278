//! What a caller's own policies say: one side of every decision.

use std::sync::Arc;

use arn::AccountId;
use identity::{Gathered, Kind, Session, SessionKind, Tag, UniqueId};
use policy::{Compiled, Decision, Question};
use store::{Domain, StoreError};

use crate::judge::{Decide, sid_of};
use crate::{Cause, Subject};

/// A caller's own policies, as they are in one snapshot.
#[derive(Debug)]
pub(crate) struct OwnPolicies {
    gives: Gives,
    /// What was passed to the session; any of them may allow.
    session: Option<Vec<Arc<Compiled>>>,
    session_tags: Vec<Tag>,
    /// What the session's kind keeps it from, whatever policies say.
    closed: &'static [&'static str],
}

/// What the caller's rights come from.
#[derive(Debug)]
enum Gives {
    /// The root user may do everything in its account, and has no policies.
    Everything,
    /// Those of a user or role.
    Policies(Gathered),
    /// The caller is gone.
    Gone,
}

/// What they say to one question.
#[derive(Debug)]
pub(crate) struct Say {
    /// Whether they allow it, bounds and all.
    pub(crate) allows: Result<(), Cause>,
    /// Whether what bounds them allows it: what may be given by name needs that alone.
    pub(crate) bounds: Result<(), Cause>,
}

/// What federated sessions may not call at all, nor those from GetSessionToken without a second factor, but AssumeRole.
/// Source: STS API Reference, `GetSessionToken` and `GetFederationToken`.
const CLOSED: &[&str] = &["iam:", "sts:"];
/// As [`CLOSED`], with a second factor.
const CLOSED_WITH_MFA: &[&str] = &["sts:"];

/// What AssumeRole may demand.
const TAKING_ON: &[&str] = &["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"];

/// What is closed to a session.
fn closed_to(session: &Session) -> &'static [&'static str] {
    match session.kind {
        SessionKind::Role => &[],
        SessionKind::Own if session.mfa().is_some() => CLOSED_WITH_MFA,
        SessionKind::Own | SessionKind::Federated => CLOSED,
    }
}

impl OwnPolicies {
    /// Gathers them.
    pub(crate) fn of(subject: Subject<'_>, view: &store::View) -> Result<OwnPolicies, StoreError> {
        let Subject {
            principal, session, ..
        } = subject;
        let closed = session.map_or(&[][..], closed_to);
        let Some(domain) = identity::domain_of(principal.account, view) else {
            return Ok(OwnPolicies {
                gives: match principal.kind {
                    Kind::Root | Kind::Operator => Gives::Everything,
                    _ => Gives::Gone,
                },
                session: None,
                session_tags: Vec::new(),
                closed,
            });
        };
        let id = principal
            .issuer
            .as_ref()
            .map_or(&principal.id, |issuer| &issuer.id);
        let gives = match principal.kind {
            // It has none.
            Kind::WebIdentity => Gives::Policies(Gathered::default()),
            Kind::AssumedRole => of_role(id, principal.account, domain, view)?,
            _ if *id == principal.account.to_string() => Gives::Everything,
            _ => of_user(id, principal.account, domain, view)?,
        };
        let passed = match session {
            Some(session) => identity::session_policies(session, principal.account, domain, view)?,
            None => None,
        };
        Ok(OwnPolicies {
            gives,
            session: match principal.kind {
                // Without a policy of its own such a session has no rights at all.
                Kind::FederatedUser => Some(passed.unwrap_or_default()),
                _ => passed,
            },
            session_tags: session.map(|session| session.tags.clone()).unwrap_or_default(),
            closed,
        })
    }

    /// Of policies that are at hand: a root user has none, and may do everything in its account. `session` are those that were
    /// passed to a session, any of which may allow.
    pub(crate) fn given(
        gives: Option<Gathered>,
        session: Option<Vec<Arc<Compiled>>>,
        closed: &'static [&'static str],
    ) -> OwnPolicies {
        OwnPolicies {
            gives: gives.map_or(Gives::Everything, Gives::Policies),
            session,
            session_tags: Vec::new(),
            closed,
        }
    }

    /// The value of one of the caller's tags, found without regard to case: those of its session come first.
    pub(crate) fn tag(&self, name: &str) -> Option<&str> {
        let own = match &self.gives {
            Gives::Policies(gathered) => gathered.tags.as_slice(),
            Gives::Everything | Gives::Gone => &[],
        };
        identity::tag(&self.session_tags, name).or_else(|| identity::tag(own, name))
    }

    /// What they say to a question; an error where one of them denies it, whatever else allows it.
    pub(crate) fn say(&self, question: &Question<'_>, decide: Decide) -> Result<Say, Cause> {
        let closed = self
            .closed
            .iter()
            .any(|service| question.action.starts_with(service));
        // A user's own session may still take on roles.
        if closed && !(self.session.is_none() && TAKING_ON.contains(&question.action)) {
            return Err(Cause::ClosedToSession);
        }
        let bounds = self.bounds(question, decide)?;
        let given = match &self.gives {
            Gives::Everything => Ok(()),
            Gives::Gone => Err(Cause::CallerGone),
            Gives::Policies(gathered) => {
                let mut given = Err(Cause::NoIdentityPolicy);
                for policy in &gathered.giving {
                    match decide(policy, question) {
                        Decision::Deny(source) => return Err(Cause::DeniedByIdentityPolicy(sid_of(source))),
                        Decision::Allow(..) => given = Ok(()),
                        Decision::Silent => {}
                    }
                }
                given
            }
        };
        Ok(Say {
            allows: given.and_then(|()| bounds.clone()),
            bounds,
        })
    }

    fn bounds(&self, question: &Question<'_>, decide: Decide) -> Result<Result<(), Cause>, Cause> {
        let mut bounds = Ok(());
        if let Some(policies) = &self.session {
            bounds = Err(Cause::NoSessionPolicy);
            for policy in policies {
                match decide(policy, question) {
                    Decision::Deny(source) => return Err(Cause::DeniedBySessionPolicy(sid_of(source))),
                    Decision::Allow(..) => bounds = Ok(()),
                    Decision::Silent => {}
                }
            }
        }
        let boundary = match &self.gives {
            Gives::Policies(gathered) => gathered.boundary.as_ref(),
            Gives::Everything | Gives::Gone => None,
        };
        match boundary.map(|boundary| decide(boundary, question)) {
            Some(Decision::Deny(source)) => Err(Cause::DeniedByBoundary(sid_of(source))),
            Some(Decision::Silent) => Ok(Err(Cause::NoBoundary)),
            Some(Decision::Allow(..)) | None => Ok(bounds),
        }
    }
}

fn of_user(id: &str, account: AccountId, domain: Domain, view: &store::View) -> Result<Gives, StoreError> {
    Ok(match view.get::<identity::Users>(domain, &UniqueId::kept(id))? {
        None => Gives::Gone,
        Some(user) => Gives::Policies(identity::policies_of(&user, account, domain, view)?),
    })
}

fn of_role(id: &str, account: AccountId, domain: Domain, view: &store::View) -> Result<Gives, StoreError> {
    Ok(match view.get::<identity::Roles>(domain, &UniqueId::kept(id))? {
        None => Gives::Gone,
        Some(role) => Gives::Policies(identity::policies_of_role(&role, account, domain, view)?),
    })
}
