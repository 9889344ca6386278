//! ListPolicies.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{ManagedPolicies, ManagedPolicy};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::paging::{Marker, MaxItems, Paging};
use crate::policies::{self, Uses};
use crate::users::{NoTarget, demand_on};
use crate::wire::{Policy, PolicyPath, PolicyScope, PolicyUsage};

/// Lists the managed policies of the account, by name, then AWS's.
///
/// Source: IAM API Reference, `ListPolicies`.
pub struct ListPolicies;

/// The request.
#[derive(Debug, Shape)]
pub struct ListPoliciesInput {
    /// Whose are wanted: the account's, AWS's, or all.
    #[shape(audit = log)]
    pub scope: Option<PolicyScope>,
    /// Whether those that are in use are wanted alone.
    #[shape(audit = log)]
    pub only_attached: Option<bool>,
    /// The beginning of the paths of those that are wanted; all unless given.
    #[shape(audit = log)]
    pub path_prefix: Option<PolicyPath>,
    /// How those that are wanted are used.
    #[shape(audit = log)]
    pub policy_usage_filter: Option<PolicyUsage>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListPoliciesOutput {
    /// The policies.
    #[shape(audit = omit)]
    pub policies: Option<Vec<Policy>>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListPolicies {
    const SPEC: OperationSpec = OperationSpec::reads("ListPolicies");
    type Input = ListPoliciesInput;
    type Output = ListPoliciesOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &ListPoliciesInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &ListPoliciesInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on("iam:ListPolicies", Arn::root_of(account), account))
    }

    async fn act(input: &ListPoliciesInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let view = world.view();
        let account = view.place().account;
        let prefix = input
            .path_prefix
            .as_ref()
            .map_or("/", |PolicyPath(prefix)| prefix);
        let asked = format!(
            "{:?} {:?} {:?} {prefix}",
            input.scope, input.only_attached, input.policy_usage_filter
        );
        let bound_to = [asked.as_bytes()];
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &bound_to,
            input.max_items,
            input.marker.as_ref(),
        )?;
        let is_wanted = |policy: &ManagedPolicy, uses: Uses| {
            let in_use = match input.policy_usage_filter {
                Some(PolicyUsage::PermissionsPolicy) => uses.attached > 0,
                Some(PolicyUsage::PermissionsBoundary) => uses.bounding > 0,
                None => input.only_attached != Some(true) || uses.attached > 0,
            };
            in_use && policy.path.starts_with(prefix)
        };
        let mut found =
            paging.gather::<ManagedPolicies, _>(view.domain(), ManagedPolicies::BY_NAME, |policy| {
                if input.scope == Some(PolicyScope::Aws) {
                    return Ok(None);
                }
                let arn = policies::own_arn(policy, account)?;
                let uses = policies::uses_of(&arn, view)?;
                is_wanted(policy, uses)
                    .then(|| policies::told(policy, arn, uses, false))
                    .transpose()
            })?;
        if input.scope != Some(PolicyScope::Local) {
            for one in policies::of_aws(paging.after(), view) {
                let (place, arn, policy, uses) = one?;
                if found.len() < paging.enough() && is_wanted(policy, uses) {
                    found.push((place, policies::told(policy, arn, uses, false)?));
                }
            }
        }
        let page = paging.cut(found, |(end, _)| end.clone())?;
        Ok(ListPoliciesOutput {
            policies: Some(page.entries.into_iter().map(|(_, policy)| policy).collect()),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
