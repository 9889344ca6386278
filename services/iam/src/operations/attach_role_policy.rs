//! AttachRolePolicy.

use arn::Arn;
use engine::{Demands, Described, Miss, Nothing, Operation, Outcome, Permit, Resource, Targets, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::policies::PolicyTarget;
use crate::wire::{PolicyArn, RoleName};

/// Attaches a managed policy to a role. To do it again changes nothing.
///
/// Source: IAM API Reference, `AttachRolePolicy`.
pub struct AttachRolePolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct AttachRolePolicyInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The managed policy.
    #[shape(audit = log, condition = "iam:PolicyARN")]
    pub policy_arn: PolicyArn,
}

/// Whom, and what.
#[derive(Debug)]
pub struct Both {
    holder: Target<Roles>,
    policy: PolicyTarget,
}

impl Targets for Both {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        Some(&self.holder)
    }
}

impl Operation for AttachRolePolicy {
    const SPEC: OperationSpec = OperationSpec::writes("AttachRolePolicy").without_output();
    type Input = AttachRolePolicyInput;
    type Output = Nothing;
    type Targets = Both;
    type Error = IamError;

    fn locate(input: &AttachRolePolicyInput, view: &View) -> Result<Both, Miss<IamError>> {
        Ok(Both {
            holder: Target::named(&input.role_name.0, view)?,
            policy: PolicyTarget::of(&input.policy_arn, view)?,
        })
    }

    fn demands(_: &AttachRolePolicyInput, both: &Both, _: &View) -> Demands {
        Demands::of(both.holder.demand("iam:AttachRolePolicy"))
    }

    fn check(input: &AttachRolePolicyInput, permit: &Permit<Both>, _: &View) -> Result<(), IamError> {
        let Both { holder, policy } = permit.targets();
        policy.attachable()?;
        holder.check_attached(&input.policy_arn)
    }

    async fn act(
        input: &AttachRolePolicyInput,
        permit: &Permit<Both>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().holder.attach(world, &input.policy_arn)?;
        Ok(Nothing {})
    }
}
