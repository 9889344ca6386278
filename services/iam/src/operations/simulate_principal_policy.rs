//! SimulatePrincipalPolicy.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::paging::{Marker, MaxItems};
use crate::policy_source::Source;
use crate::simulation::{
    self, ActionName, ContextEntry, ResourceHandling, ResourceName, SimulatePolicyOutput, Simulated,
};
use crate::wire::{DocumentText, EntityArn};

/// Tells what the policies of a user, a group or a role would decide, and others beside them.
///
/// Source: IAM API Reference, `SimulatePrincipalPolicy`.
pub struct SimulatePrincipalPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct SimulatePrincipalPolicyInput {
    /// Whose policies.
    #[shape(audit = log)]
    pub policy_source_arn: EntityArn,
    /// Policies beside them.
    #[shape(audit = log)]
    pub policy_input_list: Option<Vec<DocumentText>>,
    /// The permissions boundary, instead of the one there is.
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

impl Operation for SimulatePrincipalPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("SimulatePrincipalPolicy");
    type Input = SimulatePrincipalPolicyInput;
    type Output = SimulatePolicyOutput;
    type Targets = Source;
    type Error = IamError;

    fn locate(input: &SimulatePrincipalPolicyInput, view: &View) -> Result<Source, Miss<IamError>> {
        Ok(Source::of(&input.policy_source_arn.0, view)?)
    }

    fn demands(_: &SimulatePrincipalPolicyInput, source: &Source, _: &View) -> Demands {
        Demands::of(source.demand("iam:SimulatePrincipalPolicy"))
    }

    async fn act(
        input: &SimulatePrincipalPolicyInput,
        permit: &Permit<Source>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let source = permit.targets();
        simulation::simulate(
            Simulated {
                policies: input.policy_input_list.as_deref().unwrap_or_default(),
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
            Some(source.arn()),
            source.policies(world.view())?,
            Self::SPEC.name,
            world.view(),
        )
    }
}
