//! DetachRolePolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{PolicyArn, RoleName};

/// Detaches a managed policy from a role.
///
/// Source: IAM API Reference, `DetachRolePolicy`.
pub struct DetachRolePolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct DetachRolePolicyInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The managed policy.
    #[shape(audit = log, condition = "iam:PolicyARN")]
    pub policy_arn: PolicyArn,
}

impl Operation for DetachRolePolicy {
    const SPEC: OperationSpec = OperationSpec::writes("DetachRolePolicy").without_output();
    type Input = DetachRolePolicyInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &DetachRolePolicyInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &DetachRolePolicyInput, target: &Target<Roles>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DetachRolePolicy"))
    }

    async fn act(
        input: &DetachRolePolicyInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().detach(world, &input.policy_arn)?;
        Ok(Nothing {})
    }
}
