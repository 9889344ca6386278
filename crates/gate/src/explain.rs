//! Decisions that nobody waits for, taken apart: who may, by which statements, and on what it depends.
//!
//! They come of the judgement that calls come of. What only a call can tell, such as where it comes from, is unknown unless
//! it is given; so a decision may depend.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ambient::Timestamp;
use arn::AccountId;
use identity::{Gathered, Giving, Kind, Roles, UniqueId, Users};
use policy::{Compiled, ConditionKey, Context, Effect, Found, Policy, Position, Question, Strength};
use store::{Domain, StoreError, View};

use crate::conditions::{of_principal, whole_seconds};
use crate::judge::{Case, Decide, statement_name};
use crate::own_policies::OwnPolicies;
use crate::{Authority, Cause, Resource, Subject, Wanted, names_in_grants};

/// What is known of a call that might be made.
#[derive(Clone, Copy)]
pub struct Supposed<'a> {
    /// What it would be about.
    pub resource: Option<&'a dyn Resource>,
    /// The text of the resource's policy.
    pub policy: Option<&'a str>,
    /// The grants on the resource.
    pub grants: &'a [GrantOn],
    /// Values of condition keys, by the keys in small letters.
    pub values: &'a BTreeMap<String, Vec<String>>,
    /// Whether these are all that the call would have, and nothing is known of it besides.
    pub is_whole: bool,
    /// When it would be made.
    pub time: Timestamp,
    /// On which snapshot.
    pub view: &'a View,
}

/// One action that a grant on a resource allows.
#[derive(Debug, Clone)]
pub struct GrantOn {
    /// Its id.
    pub id: String,
    /// What it knows its grantee by: a unique id, an account's number, a service, or the ARN of a federated user.
    pub grantee: String,
    /// One of the actions that it allows.
    pub action: &'static str,
    /// What it is bound to, as its constraints are written.
    pub constraints: Option<String>,
}

/// What a decision comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Such calls are allowed.
    Allowed,
    /// Some such calls are, by what is not known of them.
    Depends,
    /// No such call is.
    Denied,
}

/// A decision, taken apart.
#[derive(Debug)]
pub struct Explanation {
    /// What it comes to.
    pub outcome: Outcome,
    /// What denies it; where it depends, what would.
    pub cause: Option<Cause>,
    /// The statements that speak of it, or might, policy by policy.
    pub statements: Vec<Spoken>,
    /// The grants that allow it, or might.
    pub grants: Vec<GrantOn>,
    /// The condition keys whose values were asked for and are not known, sorted.
    pub unknown: Vec<String>,
}

/// A statement that speaks of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Of which kind its policy is.
    pub kind: PolicyKind,
    /// The group that the caller has the policy from.
    pub group: Option<String>,
    /// What the policy is called: an inline policy's name, or a managed policy's ARN.
    pub policy: Option<String>,
    /// The statement's `Sid`, or its place.
    pub statement: String,
    /// Allow or Deny.
    pub effect: Effect,
    /// Whether it is certain to speak of every such call.
    pub certain: bool,
    /// How strongly it names the caller.
    pub strength: Strength,
    /// The statement as it is written; nothing of it in a simulation, which has the places.
    pub text: String,
    /// Where it begins in its policy.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

/// The kind of a policy that bears on a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyKind {
    /// Of the resource.
    Resource,
    /// Of the caller, or of a group of its.
    Identity,
    /// What bounds the caller's own.
    Boundary,
}

/// A policy with what it is called.
#[derive(Debug, Clone)]
pub struct NamedPolicy {
    /// Its kind.
    pub kind: PolicyKind,
    /// The group that somebody has it from.
    pub group: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its text.
    pub text: String,
    /// What it says.
    pub compiled: Arc<Compiled>,
}

/// Somebody, with the policies that are its own: asked about any number of calls.
#[derive(Debug)]
pub struct Examined<'s> {
    subject: Subject<'s>,
    own: OwnPolicies,
    policies: Vec<NamedPolicy>,
}

impl<'s> Examined<'s> {
    /// Gathers a subject's policies.
    pub fn of(subject: Subject<'s>, view: &View) -> Result<Examined<'s>, StoreError> {
        Ok(Examined {
            own: OwnPolicies::of(subject, view)?,
            policies: policies_of(subject, view)?,
            subject,
        })
    }

    /// Takes policies for the subject's own, whatever it has; those of a resource are not among them.
    pub fn with(subject: Subject<'s>, policies: Vec<NamedPolicy>) -> Examined<'s> {
        let of_kind = |kind| policies.iter().filter(move |policy| policy.kind == kind);
        let compiled = |policy: &NamedPolicy| Arc::clone(&policy.compiled);
        let gathered = Gathered {
            giving: of_kind(PolicyKind::Identity).map(compiled).collect(),
            boundary: of_kind(PolicyKind::Boundary).map(compiled).next(),
            tags: Vec::new(),
        };
        Examined {
            subject,
            own: OwnPolicies::given(Some(gathered), None, &[]),
            policies,
        }
    }

    /// Whether a boundary is among the policies.
    pub fn is_bounded(&self) -> bool {
        self.policies
            .iter()
            .any(|policy| policy.kind == PolicyKind::Boundary)
    }

    /// What becomes of whatever is wanted.
    pub fn explain(&self, wanted: Wanted<'_>, supposed: Supposed<'_>) -> Result<Explanation, StoreError> {
        let context = SupposedContext {
            examined: self,
            owner: wanted.owner,
            supposed,
            unknown: RefCell::default(),
        };
        let names = names_in_grants(self.subject.principal);
        let mut grants: Vec<(Strength, &GrantOn)> = Vec::new();
        for grant in supposed.grants {
            let named = names.iter().find(|(name, _)| *name == grant.grantee);
            if let Some((_, strength)) = named
                && grant.action == wanted.action
            {
                grants.push((*strength, grant));
            }
        }
        let case = |decide: Decide| Case {
            subject: self.subject,
            wanted,
            own: &self.own,
            context: &context,
            decide,
        };
        let judged = |decide: Decide, counts: &dyn Fn(&GrantOn) -> bool| {
            let counting = grants.iter().filter(|(_, grant)| counts(grant));
            case(decide).judge(|| Ok(counting.map(|(strength, _)| *strength).max()))
        };
        let (outcome, cause) = match judged(Compiled::decide, &|grant| grant.constraints.is_none())? {
            Ok(()) => (Outcome::Allowed, None),
            Err(cause) => match judged(Compiled::decide_at_best, &|_| true)? {
                Ok(()) => (Outcome::Depends, Some(cause)),
                Err(cause) => (Outcome::Denied, Some(cause)),
            },
        };
        let of_resource = match wanted.authority {
            Authority::Identity => None,
            Authority::Resource(policy) | Authority::Grant(policy) => Some(Named {
                kind: PolicyKind::Resource,
                group: None,
                name: None,
                text: supposed.policy.unwrap_or_default(),
                compiled: policy,
            }),
        };
        let question = case(Compiled::decide).question();
        let policies = of_resource
            .into_iter()
            .chain(self.policies.iter().map(NamedPolicy::named));
        Ok(Explanation {
            outcome,
            cause,
            statements: policies
                .flat_map(|policy| policy.speaks(&question, !supposed.is_whole))
                .collect(),
            grants: grants.into_iter().map(|(_, grant)| grant.clone()).collect(),
            unknown: context.unknown.into_inner().into_iter().collect(),
        })
    }
}

/// A [`NamedPolicy`], or a resource's, where it stands.
#[derive(Clone, Copy)]
struct Named<'p> {
    kind: PolicyKind,
    group: Option<&'p str>,
    name: Option<&'p str>,
    text: &'p str,
    compiled: &'p Compiled,
}

impl NamedPolicy {
    /// A boundary by its ARN. One that is missing bounds everything, as it does for calls.
    pub fn bounding(
        arn: String,
        account: AccountId,
        domain: Domain,
        view: &View,
    ) -> Result<NamedPolicy, StoreError> {
        let document = identity::managed_document(&arn, account, domain, view)?;
        let (text, compiled) = match document {
            Some(document) => (document.text().to_owned(), document.compiled()),
            None => (String::new(), Arc::new(Policy::unreadable().compile())),
        };
        Ok(NamedPolicy {
            kind: PolicyKind::Boundary,
            group: None,
            name: Some(arn),
            text,
            compiled,
        })
    }

    fn named(&self) -> Named<'_> {
        Named {
            kind: self.kind,
            group: self.group.as_deref(),
            name: self.name.as_deref(),
            text: &self.text,
            compiled: &self.compiled,
        }
    }
}

impl Named<'_> {
    fn speaks(self, question: &Question<'_>, with_text: bool) -> impl Iterator<Item = Spoken> {
        self.compiled
            .matching(question)
            .into_iter()
            .map(move |matched| Spoken {
                kind: self.kind,
                group: self.group.map(str::to_owned),
                policy: self.name.map(str::to_owned),
                statement: statement_name(matched.source),
                effect: matched.source.effect,
                certain: matched.certain,
                strength: matched.strength,
                text: match with_text {
                    true => between(self.text, matched.source.start, matched.source.end),
                    false => String::new(),
                },
                start: matched.source.start,
                end: matched.source.end,
            })
    }
}

/// A subject's own policies, with their names and texts.
fn policies_of(subject: Subject<'_>, view: &View) -> Result<Vec<NamedPolicy>, StoreError> {
    let principal = subject.principal;
    let account = principal.account;
    let mut policies = Vec::new();
    let Some(domain) = identity::domain_of(account, view) else {
        return Ok(policies);
    };
    let mut take = |giving: Giving<'_>| {
        policies.push(NamedPolicy {
            kind: PolicyKind::Identity,
            group: giving.group.map(str::to_owned),
            name: Some(giving.name.to_owned()),
            text: giving.document.text().to_owned(),
            compiled: giving.document.compiled(),
        });
    };
    let id = principal
        .issuer
        .as_ref()
        .map_or(&principal.id, |issuer| &issuer.id);
    let id = UniqueId::kept(id);
    let boundary = match principal.kind {
        Kind::Root | Kind::Operator | Kind::WebIdentity => None,
        Kind::AssumedRole => match view.get::<Roles>(domain, &id)? {
            Some(role) => {
                identity::each_policy_of_role(&role, account, domain, view, &mut take)?;
                role.boundary.clone()
            }
            None => None,
        },
        Kind::User | Kind::FederatedUser => match view.get::<Users>(domain, &id)? {
            Some(user) => {
                identity::each_policy_of(&user, account, domain, view, &mut take)?;
                user.boundary.clone()
            }
            None => None,
        },
    };
    if let Some(arn) = boundary {
        policies.push(NamedPolicy::bounding(arn, account, domain, view)?);
    }
    Ok(policies)
}

/// What stands between two places of a text, both counted in lines and characters from 1; the last is still within.
fn between(text: &str, start: Position, end: Position) -> String {
    let mut at = Position { line: 1, column: 1 };
    let mut found = String::new();
    for character in text.chars() {
        if at > end {
            break;
        }
        if at >= start {
            found.push(character);
        }
        match character {
            '\n' => {
                at = Position {
                    line: at.line.saturating_add(1),
                    column: 1,
                }
            }
            _ => at.column = at.column.saturating_add(1),
        }
    }
    found
}

/// What is known of a call that might be made, and what was asked for and is not.
struct SupposedContext<'a> {
    examined: &'a Examined<'a>,
    owner: AccountId,
    supposed: Supposed<'a>,
    unknown: RefCell<BTreeSet<String>>,
}

impl SupposedContext<'_> {
    fn known(&self, key: &ConditionKey) -> Option<Found<'_>> {
        if let Some(values) = self.supposed.values.get(key.as_str()) {
            return Some(match values.as_slice() {
                [] => Found::Absent,
                [value] => Found::text(value),
                _ => Found::texts(values.iter().map(String::as_str)),
            });
        }
        if self.supposed.is_whole {
            return None;
        }
        let principal = self.examined.subject.principal;
        match key.prefix() {
            "aws:currenttime" => return Some(whole_seconds(self.supposed.time)),
            "aws:epochtime" => return Some(Found::made(self.supposed.time.calendar().as_second())),
            "aws:resourceaccount" => return Some(Found::made(self.owner)),
            // A role's sessions have names and tags of their own.
            "aws:userid" if principal.is_any_session() => return None,
            _ => {}
        }
        let found = of_principal(self.examined.subject, &self.examined.own, key);
        let bears_tags = principal.kind == Kind::AssumedRole && key.prefix() == "aws:principaltag";
        found
            .filter(|found| !(bears_tags && *found == Found::Absent))
            .or_else(|| self.supposed.resource?.value(key, self.supposed.view))
    }
}

impl Context for SupposedContext<'_> {
    fn find(&self, key: &ConditionKey) -> Found<'_> {
        self.known(key).unwrap_or_else(|| {
            self.unknown.borrow_mut().insert(key.as_str().to_owned());
            match self.supposed.is_whole {
                true => Found::Absent,
                false => Found::Unknown,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_two_places_is_found_over_lines() {
        let text = "{\"a\":\n  [{\"é\": 1},\n   {\"b\": 2}]}";
        let place = |line, column| Position { line, column };
        assert_eq!(between(text, place(2, 4), place(2, 11)), "{\"é\": 1}");
        assert_eq!(between(text, place(2, 4), place(3, 4)), "{\"é\": 1},\n   {");
        assert_eq!(between(text, place(9, 1), place(9, 5)), "");
    }
}
