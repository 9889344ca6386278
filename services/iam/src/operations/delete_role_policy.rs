//! DeleteRolePolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{PolicyName, RoleName};

/// Takes an inline policy from a role.
///
/// Source: IAM API Reference, `DeleteRolePolicy`.
pub struct DeleteRolePolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteRolePolicyInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
}

impl Operation for DeleteRolePolicy {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteRolePolicy").without_output();
    type Input = DeleteRolePolicyInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &DeleteRolePolicyInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &DeleteRolePolicyInput, target: &Target<Roles>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DeleteRolePolicy"))
    }

    async fn act(
        input: &DeleteRolePolicyInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().remove_inline(world, &input.policy_name)?;
        Ok(Nothing {})
    }
}
