//! Simulations: what would be decided by policies that are given, or that somebody has. They decide nothing.
//!
//! They come of the judgement that calls come of. A simulated call has the context that is given, and nothing else.
//!
//! Source: IAM API Reference, `SimulateCustomPolicy`, `SimulatePrincipalPolicy`; IAM User Guide, "Testing IAM policies with the IAM
//! policy simulator".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arn::{AccountId, Arn};
use engine::{
    Authority, Cause, Demand, Described, Effect, Examined, NamedPolicy, PolicyKind, Resource, Spoken,
    Subject, Supposed, Targets, View, Wanted,
};
use identity::{Giving, Groups, Principal, Roles, Users};
use model::Shape;
use policy::{ConditionKey, Kind, Policy};

use crate::holders::Target;
use crate::paging::{Marker, MaxItems, Paging};
use crate::wire::DocumentText;
use crate::{IamError, limits};

/// An action that is simulated.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 3..=128)]
pub struct ActionName(pub String);

/// A resource, or whoever is taken for the caller.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=2048)]
pub struct ResourceName(pub String);

/// Which resources a simulation of EC2 needs; there is none here.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=64)]
pub struct ResourceHandling(pub String);

/// A condition key with its values.
#[derive(Debug, Clone, Shape)]
pub struct ContextEntry {
    /// The key.
    #[shape(audit = log)]
    pub context_key_name: Option<ContextKeyName>,
    /// Its values.
    #[shape(audit = log)]
    pub context_key_values: Option<Vec<String>>,
    /// What they are.
    #[shape(audit = log)]
    pub context_key_type: Option<ContextKeyType>,
}

/// The name of a condition key.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 5..=256)]
pub struct ContextKeyName(pub String);

/// What the values of a condition key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum ContextKeyType {
    /// A text.
    #[shape(rename = "string")]
    String,
    /// Texts.
    #[shape(rename = "stringList")]
    StringList,
    /// A number.
    #[shape(rename = "numeric")]
    Numeric,
    /// Numbers.
    #[shape(rename = "numericList")]
    NumericList,
    /// True or false.
    #[shape(rename = "boolean")]
    Boolean,
    /// Several of these.
    #[shape(rename = "booleanList")]
    BooleanList,
    /// An address or a range of them.
    #[shape(rename = "ip")]
    Ip,
    /// Several of these.
    #[shape(rename = "ipList")]
    IpList,
    /// Bytes, in base64.
    #[shape(rename = "binary")]
    Binary,
    /// Several of these.
    #[shape(rename = "binaryList")]
    BinaryList,
    /// A date.
    #[shape(rename = "date")]
    Date,
    /// Dates.
    #[shape(rename = "dateList")]
    DateList,
}

impl ContextKeyType {
    fn is_list(self) -> bool {
        matches!(
            self,
            ContextKeyType::StringList
                | ContextKeyType::NumericList
                | ContextKeyType::BooleanList
                | ContextKeyType::IpList
                | ContextKeyType::BinaryList
                | ContextKeyType::DateList
        )
    }
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum EvalDecision {
    /// It is allowed.
    #[shape(rename = "allowed")]
    Allowed,
    /// A statement denies it.
    #[shape(rename = "explicitDeny")]
    ExplicitDeny,
    /// Nothing allows it.
    #[shape(rename = "implicitDeny")]
    ImplicitDeny,
}

/// A place in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub struct Position {
    /// The line, from 1.
    #[shape(audit = omit)]
    pub line: i32,
    /// The column, in characters from 1.
    #[shape(audit = omit)]
    pub column: i32,
}

impl From<engine::Position> for Position {
    fn from(place: engine::Position) -> Position {
        let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        Position {
            line: number(place.line),
            column: number(place.column),
        }
    }
}

/// A statement that decides.
#[derive(Debug, Clone, Shape)]
pub struct Statement {
    /// Which policy it is of.
    #[shape(audit = omit)]
    pub source_policy_id: Option<String>,
    /// Of which kind that is.
    #[shape(audit = omit)]
    pub source_policy_type: Option<String>,
    /// Where it begins.
    #[shape(audit = omit)]
    pub start_position: Option<Position>,
    /// Where it ends.
    #[shape(audit = omit)]
    pub end_position: Option<Position>,
}

/// What a permissions boundary makes of it.
#[derive(Debug, Clone, Copy, Shape)]
pub struct BoundaryDetail {
    /// Whether it allows.
    #[shape(audit = omit)]
    pub allowed_by_permissions_boundary: bool,
}

/// What is decided of one action on one resource.
#[derive(Debug, Clone, Shape)]
pub struct EvaluationResult {
    /// The action.
    #[shape(audit = omit)]
    pub eval_action_name: ActionName,
    /// The resource.
    #[shape(audit = omit)]
    pub eval_resource_name: Option<ResourceName>,
    /// The decision.
    #[shape(audit = omit)]
    pub eval_decision: EvalDecision,
    /// The statements that decide.
    #[shape(audit = omit)]
    pub matched_statements: Option<Vec<Statement>>,
    /// Condition keys that the policies look at and that have no value.
    #[shape(audit = omit)]
    pub missing_context_values: Option<Vec<ContextKeyName>>,
    /// What a permissions boundary makes of it, where there is one.
    #[shape(audit = omit)]
    pub permissions_boundary_decision_detail: Option<BoundaryDetail>,
    /// The same, for each resource that was named.
    #[shape(audit = omit)]
    pub resource_specific_results: Option<Vec<ResourceSpecificResult>>,
}

/// What is decided of a resource that was named.
#[derive(Debug, Clone, Shape)]
pub struct ResourceSpecificResult {
    /// The resource.
    #[shape(audit = omit)]
    pub eval_resource_name: ResourceName,
    /// The decision.
    #[shape(audit = omit)]
    pub eval_resource_decision: EvalDecision,
    /// The statements that decide.
    #[shape(audit = omit)]
    pub matched_statements: Option<Vec<Statement>>,
    /// Condition keys that the policies look at and that have no value.
    #[shape(audit = omit)]
    pub missing_context_values: Option<Vec<ContextKeyName>>,
    /// What a permissions boundary makes of it, where there is one.
    #[shape(audit = omit)]
    pub permissions_boundary_decision_detail: Option<BoundaryDetail>,
}

/// The answer of both simulations.
#[derive(Debug, Shape)]
pub struct SimulatePolicyOutput {
    /// What is decided, action by action and resource by resource.
    #[shape(audit = omit)]
    pub evaluation_results: Option<Vec<EvaluationResult>>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

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

/// Whose policies are simulated.
#[derive(Debug)]
pub enum Source {
    /// A user's.
    User(Target<Users>),
    /// A group's.
    Group(Target<Groups>),
    /// A role's.
    Role(Target<Roles>),
}

impl Targets for Source {
    fn resources(&self) -> Vec<Resource> {
        match self {
            Source::User(user) => user.resources(),
            Source::Group(group) => group.resources(),
            Source::Role(role) => role.resources(),
        }
    }

    fn described(&self, of: &Arn) -> Option<&dyn Described> {
        match self {
            Source::User(user) => user.described(of),
            Source::Group(group) => group.described(of),
            Source::Role(role) => role.described(of),
        }
    }
}

impl Source {
    /// Whoever has an ARN; in another account there is nobody.
    pub fn of(text: &str, view: &View) -> Result<Source, IamError> {
        let unclear = || {
            IamError::InvalidInput(format!(
                "Invalid Entity Arn: {text} does not clearly define entity type and name."
            ))
        };
        let arn: Arn = text.parse().map_err(|_| unclear())?;
        let is_entity = arn.service() == "iam" && arn.account().is_some();
        let kind = arn.resource().split_once('/').filter(|_| is_entity);
        let (kind, _) = kind.ok_or_else(unclear)?;
        Ok(match kind {
            "user" => Source::User(Target::of_arn(arn, view)?),
            "group" => Source::Group(Target::of_arn(arn, view)?),
            "role" => Source::Role(Target::of_arn(arn, view)?),
            _ => return Err(unclear()),
        })
    }

    /// The ARN of whoever it is.
    pub fn arn(&self) -> &Arn {
        match self {
            Source::User(user) => &user.arn,
            Source::Group(group) => &group.arn,
            Source::Role(role) => &role.arn,
        }
    }

    /// The demand to do `action` to it.
    pub fn demand(&self, action: &'static str) -> Demand {
        match self {
            Source::User(user) => user.demand(action),
            Source::Group(group) => group.demand(action),
            Source::Role(role) => role.demand(action),
        }
    }

    /// The policies that it has, a user's of its groups too, and what bounds them.
    pub fn policies(&self, view: &View) -> Result<Vec<NamedPolicy>, IamError> {
        let (account, domain, store) = (view.place().account, view.domain(), view.store());
        let mut policies = Vec::new();
        let mut take = |holder: &str, giving: Giving<'_>| {
            let holder = match giving.group {
                Some(group) => format!("group_{group}"),
                None => holder.to_owned(),
            };
            let id = match giving.name.starts_with("arn:") {
                true => giving.name.rsplit('/').next().unwrap_or_default().to_owned(),
                false => format!("{holder}_{}", giving.name),
            };
            policies.push(NamedPolicy {
                kind: PolicyKind::Identity,
                group: None,
                name: Some(id),
                text: giving.document.text().to_owned(),
                compiled: giving.document.compiled(),
            });
        };
        let boundary = match self {
            Source::User(user) => {
                let user = user.held()?;
                let holder = format!("user_{}", user.name);
                identity::each_policy_of(user, account, domain, store, &mut |giving| take(&holder, giving))?;
                user.boundary.clone()
            }
            Source::Group(group) => {
                let group = group.held()?;
                identity::each_policy_of_group(group, account, domain, store, &mut |giving| {
                    take("", giving)
                })?;
                None
            }
            Source::Role(role) => {
                let role = role.held()?;
                let holder = format!("role_{}", role.name);
                identity::each_policy_of_role(role, account, domain, store, &mut |giving| {
                    take(&holder, giving)
                })?;
                role.boundary.clone()
            }
        };
        if let Some(arn) = boundary {
            let name = arn.rsplit('/').next().map(str::to_owned);
            let bounding = NamedPolicy::bounding(arn, account, domain, store)?;
            policies.push(NamedPolicy { name, ..bounding });
        }
        Ok(policies)
    }
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
