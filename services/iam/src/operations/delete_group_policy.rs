//! DeleteGroupPolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{GroupName, PolicyName};

/// Takes an inline policy from a group.
///
/// Source: IAM API Reference, `DeleteGroupPolicy`.
pub struct DeleteGroupPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteGroupPolicyInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
}

impl Operation for DeleteGroupPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteGroupPolicy").without_output();
    type Input = DeleteGroupPolicyInput;
    type Output = Nothing;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &DeleteGroupPolicyInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(_: &DeleteGroupPolicyInput, target: &Target<Groups>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DeleteGroupPolicy"))
    }

    async fn act(
        input: &DeleteGroupPolicyInput,
        permit: &Permit<Target<Groups>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().remove_inline(world, &input.policy_name)?;
        Ok(Nothing {})
    }
}
