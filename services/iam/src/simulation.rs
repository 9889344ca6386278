//! Simulations: what would be decided by policies that are given, or that somebody has. They decide nothing.
//!
//! They come of the judgement that calls come of. A simulated call has the context that is given, and nothing else.
//!
//! Source: IAM API Reference, `SimulateCustomPolicy`, `SimulatePrincipalPolicy`; IAM User Guide, "Testing IAM policies with the IAM
//! policy simulator".

mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arn::{AccountId, Arn};
use engine::{
    Authority, Cause, Effect, Examined, NamedPolicy, PolicyKind, Spoken, Subject, Supposed, View, Wanted,
};
use identity::Principal;
use model::Shape;
use policy::{ConditionKey, Kind, Policy};

use crate::paging::{Marker, MaxItems, Paging};
use crate::wire::DocumentText;
use crate::{IamError, limits};

pub use wire::{
    ActionName, BoundaryDetail, ContextEntry, ContextKeyName, EvalDecision, EvaluationResult,
    ResourceHandling, ResourceName, ResourceSpecificResult, SimulatePolicyOutput, Statement,
};

/// What both simulations are asked.
#[derive(Debug, Clone, Copy)]
pub struct Simulated<'a> {
    /// The policies that give.
    pub policies: &'a [DocumentText],
    /// The boundary, instead of the one that somebody has.
    pub boundaries: &'a [DocumentText],
    /// The actions.
    pub actions: &'a [ActionName],
    /// The resources; everything unless given.
    pub resources: Option<&'a [ResourceName]>,
    /// A policy of the resources.
    pub resource_policy: Option<&'a DocumentText>,
    /// The account that owns the resources.
    pub resource_owner: Option<&'a ResourceName>,
    /// Who is taken for the caller.
    pub caller: Option<&'a ResourceName>,
    /// The context.
    pub context: &'a [ContextEntry],
    /// How many results are wanted at most.
    pub max_items: Option<MaxItems>,
    /// Where the list goes on.
    pub marker: Option<&'a Marker>,
}

/// The policies of a list, called by their places in it.
pub fn named(list: &[DocumentText], member: &str, kind: PolicyKind) -> Result<Vec<NamedPolicy>, IamError> {
    let policies = list.iter().enumerate().map(|(at, DocumentText(text))| {
        let parsed = parsed(text, member, Kind::Inline)?;
        Ok(NamedPolicy {
            kind,
            group: None,
            name: Some(format!("{member}.{}", at + 1)),
            text: text.clone(),
            compiled: Arc::new(parsed.compile()),
        })
    });
    policies.collect()
}

fn parsed(text: &str, member: &str, kind: Kind) -> Result<Policy, IamError> {
    Policy::parse(text, kind)
        .map_err(|malformed| IamError::InvalidInput(format!("Invalid {member}: {malformed}")))
}

/// The answer of both lists of condition keys.
#[derive(Debug, Shape)]
pub struct ContextKeysOutput {
    /// The keys, as the policies have them.
    #[shape(audit = omit)]
    pub context_key_names: Option<Vec<ContextKeyName>>,
}

/// The condition keys of policies, each once.
pub fn context_keys(own: &[NamedPolicy], given: &[DocumentText]) -> Result<ContextKeysOutput, IamError> {
    let given = given
        .iter()
        .map(|DocumentText(text)| parsed(text, "PolicyInputList", Kind::Inline));
    let given = given.collect::<Result<Vec<Policy>, _>>()?;
    let keys = keys_of(own.iter().filter_map(readable).chain(given));
    let names = keys
        .into_iter()
        .map(|key| ContextKeyName(key.as_written().to_owned()));
    Ok(ContextKeysOutput {
        context_key_names: Some(names.collect()),
    })
}

/// What can't be read any more denies, and looks at nothing.
fn readable(policy: &NamedPolicy) -> Option<Policy> {
    Policy::parse(&policy.text, Kind::Inline).ok()
}

fn keys_of(policies: impl Iterator<Item = Policy>) -> Vec<ConditionKey> {
    let mut seen = BTreeSet::new();
    let mut keys = Vec::new();
    for key in policies.flat_map(|policy| policy.condition_keys()) {
        if seen.insert(key.as_str().to_owned()) {
            keys.push(key);
        }
    }
    keys
}

/// Simulates, a page of it. `own` are the policies of whoever `source` is.
pub fn simulate(
    asked: Simulated<'_>,
    source: Option<&Arn>,
    own: Vec<NamedPolicy>,
    operation: &'static str,
    view: &View,
) -> Result<SimulatePolicyOutput, IamError> {
    let caller = caller(asked, source, view)?;
    let mut policies = own;
    policies.extend(named(asked.policies, "PolicyInputList", PolicyKind::Identity)?);
    let boundaries = named(
        asked.boundaries,
        "PermissionsBoundaryPolicyInputList",
        PolicyKind::Boundary,
    )?;
    match boundaries.len() {
        0 => {}
        1 => {
            policies.retain(|policy| policy.kind != PolicyKind::Boundary);
            policies.extend(boundaries);
        }
        _ => {
            let why = "Invalid PermissionsBoundaryPolicyInputList: there can be one permissions boundary.";
            return Err(IamError::InvalidInput(why.to_owned()));
        }
    }
    let values = values(asked.context)?;
    let everything = [ResourceName("*".to_owned())];
    let resources = asked.resources.filter(|resources| !resources.is_empty());
    let listed = resources.unwrap_or(&everything);
    let pairs = asked
        .actions
        .iter()
        .flat_map(|action| listed.iter().map(move |resource| (action, resource)));
    for ActionName(name) in asked.actions {
        check_action(name)?;
    }
    for ResourceName(text) in listed {
        check_resource(text)?;
    }
    // A page is of the same question as the one before it.
    let question = Simulated {
        max_items: None,
        marker: None,
        ..asked
    };
    let question = format!("{source:?} {question:?}");
    let bound_to = [question.as_bytes()];
    let paging = Paging::of(view, operation, &bound_to, asked.max_items, asked.marker)?;
    let bytes: usize = policies.iter().map(|policy| policy.text.len()).sum();
    let bytes = bytes + asked.resource_policy.map_or(0, |DocumentText(text)| text.len());
    let paging = paging.of_at_most(limits::SIMULATED_BYTES / bytes.max(1));
    let begin = match paging.after() {
        None => 0,
        // INVARIANT: a marker is sealed, and holds what was put into it below.
        Some(after) => after.try_into().map_or(0, u64::from_be_bytes).saturating_add(1),
    };
    let due = (0_u64..)
        .zip(pairs)
        .skip(usize::try_from(begin).unwrap_or(usize::MAX));
    let due: Vec<(u64, (&ActionName, &ResourceName))> = due.take(paging.enough()).collect();
    let page = paging.cut(due, |(at, _)| at.to_be_bytes().to_vec())?;
    let policy = asked
        .resource_policy
        .map(|DocumentText(text)| Ok::<_, IamError>((text, parsed(text, "ResourcePolicy", Kind::Resource)?)))
        .transpose()?;
    let of_resource = policy.iter().map(|(_, policy)| policy.clone());
    let mut missing = keys_of(policies.iter().filter_map(readable).chain(of_resource));
    missing.retain(|key| !values.contains_key(key.as_str()));
    if missing.len() > limits::SIMULATED_KEYS {
        let why = format!(
            "The policies look at more than {} condition keys.",
            limits::SIMULATED_KEYS
        );
        return Err(IamError::InvalidInput(why));
    }
    let simulation = Simulation {
        examined: Examined::with(
            Subject {
                principal: &caller,
                session: None,
                web: None,
            },
            policies,
        ),
        authority: policy.as_ref().map_or(Authority::Identity, |(_, policy)| {
            Authority::Resource(Arc::new(policy.compile()))
        }),
        policy: policy.map(|(text, _)| text.as_str()),
        missing: missing
            .iter()
            .map(|key| ContextKeyName(key.as_written().to_owned()))
            .collect(),
        owner: owner(asked, &caller)?,
        values,
        are_named: resources.is_some(),
        view,
    };
    let results = page
        .entries
        .into_iter()
        .map(|(_, (action, resource))| simulation.of(action, resource));
    Ok(SimulatePolicyOutput {
        evaluation_results: Some(results.collect::<Result<_, _>>()?),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}

/// Who is taken for the caller: as the request says, or whoever has the policies, or some user of the account.
fn caller(asked: Simulated<'_>, source: Option<&Arn>, view: &View) -> Result<Principal, IamError> {
    let account = view.place().account;
    let given: Option<Arn> = match asked.caller {
        None => source.cloned(),
        Some(ResourceName(text)) => {
            let invalid = || IamError::InvalidInput(format!("Invalid CallerArn: {text}"));
            Some(text.parse().map_err(|_| invalid())?)
        }
    };
    let Some(arn) = given else {
        if asked.resource_policy.is_some() {
            let why = "CallerArn is required when a ResourcePolicy is given.";
            return Err(IamError::InvalidInput(why.to_owned()));
        }
        // Nobody asks who it is: there is no policy of a resource.
        let nobody: Option<Arn> = format!("arn:aws:iam::{account}:user/simulated").parse().ok();
        return nobody
            .and_then(|arn| Principal::supposed(&arn))
            .ok_or_else(|| IamError::damaged("simulation"));
    };
    Principal::supposed(&arn).ok_or_else(|| IamError::InvalidInput(format!("Invalid CallerArn: {arn}")))
}

/// The account that owns resources whose ARNs don't say it.
fn owner(asked: Simulated<'_>, caller: &Principal) -> Result<AccountId, IamError> {
    let Some(ResourceName(text)) = asked.resource_owner else {
        return Ok(caller.account);
    };
    let account = text.parse().ok().or_else(|| text.parse::<Arn>().ok()?.account());
    account.ok_or_else(|| IamError::InvalidInput(format!("Invalid ResourceOwner: {text}")))
}

/// The context, by its keys in small letters.
fn values(entries: &[ContextEntry]) -> Result<BTreeMap<String, Vec<String>>, IamError> {
    let mut values = BTreeMap::new();
    for entry in entries {
        let (Some(ContextKeyName(name)), Some(given), Some(kind)) = (
            &entry.context_key_name,
            &entry.context_key_values,
            entry.context_key_type,
        ) else {
            let why = "Invalid ContextEntries: an entry has a name, values and a type.";
            return Err(IamError::InvalidInput(why.to_owned()));
        };
        if given.is_empty() || (given.len() > 1 && !kind.is_list()) {
            let why = format!(
                "Invalid ContextEntries: {name} has {} values, which is no {kind}.",
                given.len()
            );
            return Err(IamError::InvalidInput(why));
        }
        if values.insert(name.to_lowercase(), given.clone()).is_some() {
            let why = format!("Invalid ContextEntries: {name} is there more than once.");
            return Err(IamError::InvalidInput(why));
        }
    }
    Ok(values)
}

/// What all results of a simulation rest on.
struct Simulation<'a> {
    examined: Examined<'a>,
    /// The text of the policy of the resources.
    policy: Option<&'a str>,
    authority: Authority,
    owner: AccountId,
    values: BTreeMap<String, Vec<String>>,
    /// What the policies look at that has no value.
    missing: Vec<ContextKeyName>,
    are_named: bool,
    view: &'a View,
}

impl Simulation<'_> {
    fn of(&self, action: &ActionName, resource: &ResourceName) -> Result<EvaluationResult, IamError> {
        let (ActionName(name), ResourceName(text)) = (action, resource);
        let arn: Option<Arn> = text.parse().ok();
        let owner = arn
            .and_then(|arn| arn.account())
            .filter(|_| self.policy.is_some());
        let owner = owner.unwrap_or(self.owner);
        let judged = |authority: &Authority| {
            let wanted = Wanted {
                action: name,
                resource: text,
                owner,
                authority,
            };
            self.examined.explain(
                wanted,
                Supposed {
                    resource: None,
                    policy: self.policy,
                    grants: &[],
                    values: &self.values,
                    is_whole: true,
                    time: self.view.now(),
                    view: self.view.store(),
                },
            )
        };
        let mut explanation = judged(&self.authority)?;
        // The policies of keys have to allow or to leave it to the account; those of other resources add to the caller's own.
        if explanation.cause == Some(Cause::NoResourcePolicy) && !name.to_lowercase().starts_with("kms:") {
            explanation = judged(&Authority::Identity)?;
        }
        let denies = |one: &Spoken| one.effect == Effect::Deny;
        let is_denied = explanation.statements.iter().any(denies);
        let decision = match (&explanation.cause, is_denied) {
            (None, _) => EvalDecision::Allowed,
            (Some(_), true) => EvalDecision::ExplicitDeny,
            (Some(_), false) => EvalDecision::ImplicitDeny,
        };
        let decides = |one: &&Spoken| match decision {
            EvalDecision::Allowed => one.certain,
            EvalDecision::ExplicitDeny => denies(one),
            EvalDecision::ImplicitDeny => false,
        };
        let statements = explanation.statements.iter().filter(decides).map(told).collect();
        let of_boundary = |effect: Effect| {
            let mut spoken = explanation.statements.iter();
            spoken.any(|one| one.kind == PolicyKind::Boundary && one.effect == effect)
        };
        let boundary = self.examined.is_bounded().then(|| BoundaryDetail {
            allowed_by_permissions_boundary: of_boundary(Effect::Allow) && !of_boundary(Effect::Deny),
        });
        let statements: Option<Vec<Statement>> = Some(statements);
        let specific = self.are_named.then(|| {
            vec![ResourceSpecificResult {
                eval_resource_name: resource.clone(),
                eval_resource_decision: decision,
                matched_statements: statements.clone(),
                missing_context_values: Some(self.missing.clone()),
                permissions_boundary_decision_detail: boundary,
            }]
        });
        Ok(EvaluationResult {
            eval_action_name: action.clone(),
            eval_resource_name: Some(resource.clone()),
            eval_decision: decision,
            matched_statements: statements,
            missing_context_values: Some(self.missing.clone()),
            permissions_boundary_decision_detail: boundary,
            resource_specific_results: specific,
        })
    }
}

/// An action by its name, without wildcards.
fn check_action(name: &str) -> Result<(), IamError> {
    let parts = name.split_once(':');
    let is_one = parts.is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
    match is_one && !name.contains(['*', '?']) {
        true => Ok(()),
        false => Err(IamError::InvalidInput(format!("Invalid ActionNames: {name}"))),
    }
}

fn check_resource(text: &str) -> Result<(), IamError> {
    match text == "*" || text.parse::<Arn>().is_ok() {
        true => Ok(()),
        false => Err(IamError::InvalidInput(format!("Invalid ResourceArns: {text}"))),
    }
}

fn told(spoken: &Spoken) -> Statement {
    let of_resource = spoken.kind == PolicyKind::Resource;
    Statement {
        source_policy_id: match of_resource {
            true => Some("ResourcePolicy".to_owned()),
            false => spoken.policy.clone(),
        },
        source_policy_type: Some(
            match of_resource {
                true => "Resource Policy",
                false => "IAM Policy",
            }
            .to_owned(),
        ),
        start_position: Some(spoken.start.into()),
        end_position: Some(spoken.end.into()),
    }
}
