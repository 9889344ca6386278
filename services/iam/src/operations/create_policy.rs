//! CreatePolicy.

use arn::{AccountId, Arn};
use engine::{
    ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, Resource, Targets, View, World,
};
use identity::{IdKind, ManagedPolicies, ManagedPolicy, UniqueId};
use model::{OperationSpec, Shape};

use crate::holders::arn_of;
use crate::policies::{self, Uses};
use crate::users::demand_on;
use crate::wire::{DocumentText, Policy, PolicyName, PolicyPath, Tag};
use crate::{IamError, documents, limits, tags};

/// Makes a managed policy, attached to nobody yet.
///
/// Source: IAM API Reference, `CreatePolicy`.
pub struct CreatePolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct CreatePolicyInput {
    /// Its name.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
    /// Where it is to stand; `/` unless given.
    #[shape(audit = log)]
    pub path: Option<PolicyPath>,
    /// What it says.
    #[shape(audit = log)]
    pub policy_document: DocumentText,
    /// What its maker says of it.
    #[shape(audit = log, length = ..=1000)]
    pub description: Option<String>,
    /// Its tags.
    #[shape(default, audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreatePolicyOutput {
    /// The policy.
    #[shape(audit = log)]
    pub policy: Option<Policy>,
}

/// What is to be made.
#[derive(Debug)]
pub struct New {
    account: AccountId,
    arn: Arn,
}

impl Targets for New {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

impl Operation for CreatePolicy {
    const SPEC: OperationSpec = OperationSpec::writes("CreatePolicy");
    type Input = CreatePolicyInput;
    type Output = CreatePolicyOutput;
    type Targets = New;
    type Error = IamError;

    fn locate(input: &CreatePolicyInput, view: &View) -> Result<New, Miss<IamError>> {
        let account = view.place().account;
        let path = input.path.as_ref().map_or("/", |PolicyPath(path)| path);
        let arn = arn_of(account, "policy", path, &input.policy_name.0)?;
        Ok(New { account, arn })
    }

    fn demands(_: &CreatePolicyInput, new: &New, _: &View) -> Demands {
        Demands::of(demand_on("iam:CreatePolicy", new.arn.clone(), new.account))
    }

    fn condition<'c>(input: &'c CreatePolicyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(input: &CreatePolicyInput, _: &Permit<New>, view: &View) -> Result<(), IamError> {
        documents::check_managed(&input.policy_document)?;
        let PolicyName(name) = &input.policy_name;
        let lower = name.to_ascii_lowercase();
        let taken = view.store().index::<ManagedPolicies>(
            view.domain(),
            ManagedPolicies::BY_NAME,
            lower.as_bytes(),
            None,
            1,
        )?;
        if taken.iter().any(|entry| entry.bytes == lower.as_bytes()) {
            return Err(IamError::AlreadyExists(format!(
                "A policy called {name} already exists. Duplicate names are not allowed."
            )));
        }
        if view.store().snapshot().count::<ManagedPolicies>(view.domain()) >= limits::POLICIES as u64 {
            return Err(IamError::LimitExceeded("PoliciesPerAccount", limits::POLICIES));
        }
        tags::check(&input.tags, "TagsPerPolicy")
    }

    async fn act(input: &CreatePolicyInput, permit: &Permit<New>, world: &mut World<'_>) -> Outcome<Self> {
        let id = UniqueId::draw(IdKind::Policy, world.entropy())?;
        let path = input.path.as_ref().map_or("/", |PolicyPath(path)| path);
        let (PolicyName(name), DocumentText(document)) = (&input.policy_name, &input.policy_document);
        let mut policy = ManagedPolicy::new(&id, name, path, document, world.now());
        policy.description = input.description.clone().unwrap_or_default();
        for tag in &input.tags {
            identity::set_tag(&mut policy.tags, &tag.key, &tag.value);
        }
        let unused = Uses {
            attached: 0,
            bounding: 0,
        };
        let arn = policies::own_arn(&policy, permit.targets().account)?;
        let told = policies::told(&policy, arn, unused, true)?;
        let domain = world.view().domain();
        world.change().put::<ManagedPolicies>(domain, id, policy);
        Ok(CreatePolicyOutput { policy: Some(told) })
    }
}
