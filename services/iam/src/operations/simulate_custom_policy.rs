//! SimulateCustomPolicy.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::paging::{Marker, MaxItems};
use crate::simulation::{
    self, ActionName, ContextEntry, ResourceHandling, ResourceName, SimulatePolicyOutput, Simulated,
};
use crate::users::{NoTarget, demand_on};
use crate::wire::DocumentText;

/// Tells what policies that are given would decide.
///
/// Source: IAM API Reference, `SimulateCustomPolicy`.
pub struct SimulateCustomPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct SimulateCustomPolicyInput {
    /// The policies.
    #[shape(audit = log)]
    pub policy_input_list: Vec<DocumentText>,
    /// The permissions boundary.
    #[shape(audit = log)]
    pub permissions_boundary_policy_input_list: Option<Vec<DocumentText>>,
    /// The actions.
    #[shape(audit = log)]
    pub action_names: Vec<ActionName>,
    /// The resources; everything unless given.
    #[shape(audit = log)]
    pub resource_arns: Option<Vec<ResourceName>>,
    /// A policy of the resources.
    #[shape(audit = log)]
    pub resource_policy: Option<DocumentText>,
    /// The account that owns resources whose ARNs don't say it.
    #[shape(audit = log)]
    pub resource_owner: Option<ResourceName>,
    /// Who is taken for the caller.
    #[shape(audit = log)]
    pub caller_arn: Option<ResourceName>,
    /// The context.
    #[shape(audit = log)]
    pub context_entries: Option<Vec<ContextEntry>>,
    /// Which resources a simulation of EC2 needs; taken, and asked of nothing here.
    #[shape(audit = log)]
    pub resource_handling_option: Option<ResourceHandling>,
    /// How many results are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

impl Operation for SimulateCustomPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("SimulateCustomPolicy");
    type Input = SimulateCustomPolicyInput;
    type Output = SimulatePolicyOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &SimulateCustomPolicyInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &SimulateCustomPolicyInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:SimulateCustomPolicy",
            Arn::root_of(account),
            account,
        ))
    }

    async fn act(
        input: &SimulateCustomPolicyInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        simulation::simulate(
            Simulated {
                policies: &input.policy_input_list,
                boundaries: input
                    .permissions_boundary_policy_input_list
                    .as_deref()
                    .unwrap_or_default(),
                actions: &input.action_names,
                resources: input.resource_arns.as_deref(),
                resource_policy: input.resource_policy.as_ref(),
                resource_owner: input.resource_owner.as_ref(),
                caller: input.caller_arn.as_ref(),
                context: input.context_entries.as_deref().unwrap_or_default(),
                max_items: input.max_items,
                marker: input.marker.as_ref(),
            },
            None,
            Vec::new(),
            Self::SPEC.name,
            world.view(),
        )
    }
}
