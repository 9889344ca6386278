//! What is told of a decision on access, and who is asked about.

use std::collections::BTreeMap;

use arn::{AccountId, Arn};
use engine::{Decided, Effect, Examined, Explanation, PolicyKind, Service, Spoken, Subject, View, World};
use identity::Principal;
use model::Shape;
use serde_json::Value;

use crate::AdminError;

/// What a decision comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum Decision {
    /// All such calls are allowed.
    Allowed,
    /// Some such calls are allowed, by what only a call can tell.
    Depends,
    /// No such call is allowed.
    Denied,
}

impl From<Decided> for Decision {
    fn from(outcome: Decided) -> Decision {
        match outcome {
            Decided::Allowed => Decision::Allowed,
            Decided::Depends => Decision::Depends,
            Decided::Denied => Decision::Denied,
        }
    }
}

/// The kind of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum PolicyType {
    /// Of the resource: a key policy, a trust policy.
    Resource,
    /// Of the caller, or of a group of its.
    Identity,
    /// What bounds the caller's own.
    PermissionsBoundary,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum StatementEffect {
    /// It allows.
    Allow,
    /// It denies.
    Deny,
}

/// A statement that speaks of a call, or might.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Shape)]
pub struct StatementDetail {
    /// Of which kind its policy is.
    #[shape(audit = omit)]
    pub policy_type: PolicyType,
    /// What the policy is called: an inline policy's name, or a managed policy's ARN.
    #[shape(audit = omit)]
    pub policy: Option<String>,
    /// The group that the caller has the policy from.
    #[shape(audit = omit)]
    pub group: Option<String>,
    /// The statement's `Sid`, or its place.
    #[shape(audit = omit)]
    pub statement: String,
    /// What it does.
    #[shape(audit = omit)]
    pub effect: StatementEffect,
    /// Whether it speaks of every such call.
    #[shape(audit = omit)]
    pub certain: bool,
    /// Its conditions, as they are written.
    #[shape(audit = omit)]
    pub condition: Option<String>,
}

impl From<Spoken> for StatementDetail {
    fn from(spoken: Spoken) -> StatementDetail {
        let statement: Option<Value> = serde_json::from_str(&spoken.text).ok();
        let condition = statement
            .as_ref()
            .and_then(|statement| statement.get("Condition"));
        StatementDetail {
            policy_type: match spoken.kind {
                PolicyKind::Resource => PolicyType::Resource,
                PolicyKind::Identity => PolicyType::Identity,
                PolicyKind::Boundary => PolicyType::PermissionsBoundary,
            },
            policy: spoken.policy,
            group: spoken.group,
            statement: spoken.statement,
            effect: match spoken.effect {
                Effect::Allow => StatementEffect::Allow,
                Effect::Deny => StatementEffect::Deny,
            },
            certain: spoken.certain,
            condition: condition.map(Value::to_string),
        }
    }
}

/// A grant that allows a call, or might.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Shape)]
pub struct GrantDetail {
    /// Its id.
    #[shape(audit = omit)]
    pub grant_id: String,
    /// What it is bound to.
    #[shape(audit = omit)]
    pub constraints: Option<String>,
}

/// The statements of a decision.
pub fn statements_of(statements: Vec<Spoken>) -> Vec<StatementDetail> {
    statements.into_iter().map(StatementDetail::from).collect()
}

/// The grants of a decision.
pub fn grants_of(explanation: &Explanation) -> Vec<GrantDetail> {
    let grants = explanation.grants.iter();
    grants
        .map(|grant| GrantDetail {
            grant_id: grant.id.clone(),
            constraints: grant.constraints.clone(),
        })
        .collect()
}

/// The principal of an ARN, or the root user of an account by its number.
pub fn principal(text: &str, view: &View) -> Result<Principal, AdminError> {
    let arn: Option<Arn> = match text.parse::<AccountId>() {
        Ok(account) => Some(Arn::root_of(account)),
        Err(_) => text.parse().ok(),
    };
    let found = match arn {
        Some(arn) => Principal::of_arn(&arn, view.store())?,
        None => None,
    };
    found.ok_or_else(|| AdminError::NoPrincipal(text.to_owned()))
}

/// Asks about a principal.
pub fn examined<'p>(principal: &'p Principal, view: &View) -> Result<Examined<'p>, AdminError> {
    let subject = Subject {
        principal,
        session: None,
        web: None,
    };
    Ok(Examined::of(subject, view.store())?)
}

/// The service whose action it is.
pub fn service_of(action: &str, world: &World<'_>) -> Result<&'static Service, AdminError> {
    let (prefix, name) = action.split_once(':').unwrap_or_default();
    let service = world.services().iter().find(|service| service.name == prefix);
    service
        .filter(|_| !name.is_empty() && !name.contains(['*', '?']))
        .copied()
        .ok_or_else(|| AdminError::NoAction(action.to_owned()))
}

/// Values of condition keys, by the keys in small letters.
pub fn values(given: Option<&BTreeMap<String, Vec<String>>>) -> BTreeMap<String, Vec<String>> {
    let given = given.into_iter().flatten();
    given
        .map(|(key, values)| (key.to_lowercase(), values.clone()))
        .collect()
}
