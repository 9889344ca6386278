//! DetachGroupPolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{GroupName, PolicyArn};

/// Detaches a managed policy from a group.
///
/// Source: IAM API Reference, `DetachGroupPolicy`.
pub struct DetachGroupPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct DetachGroupPolicyInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// The managed policy.
    #[shape(audit = log, condition = "iam:PolicyARN")]
    pub policy_arn: PolicyArn,
}

impl Operation for DetachGroupPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("DetachGroupPolicy").without_output();
    type Input = DetachGroupPolicyInput;
    type Output = Nothing;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &DetachGroupPolicyInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(_: &DetachGroupPolicyInput, target: &Target<Groups>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DetachGroupPolicy"))
    }

    async fn act(
        input: &DetachGroupPolicyInput,
        permit: &Permit<Target<Groups>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().detach(world, &input.policy_arn)?;
        Ok(Nothing {})
    }
}
