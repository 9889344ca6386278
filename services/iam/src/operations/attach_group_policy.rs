//! AttachGroupPolicy.

use arn::Arn;
use engine::{Demands, Described, Miss, Nothing, Operation, Outcome, Permit, Resource, Targets, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::policies::PolicyTarget;
use crate::wire::{GroupName, PolicyArn};

/// Attaches a managed policy to a group. To do it again changes nothing.
///
/// Source: IAM API Reference, `AttachGroupPolicy`.
pub struct AttachGroupPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct AttachGroupPolicyInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// The managed policy.
    #[shape(audit = log, condition = "iam:PolicyARN")]
    pub policy_arn: PolicyArn,
}

/// Whom, and what.
#[derive(Debug)]
pub struct Both {
    holder: Target<Groups>,
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

impl Operation for AttachGroupPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("AttachGroupPolicy").without_output();
    type Input = AttachGroupPolicyInput;
    type Output = Nothing;
    type Targets = Both;
    type Error = IamError;

    fn locate(input: &AttachGroupPolicyInput, view: &View) -> Result<Both, Miss<IamError>> {
        Ok(Both {
            holder: Target::named(&input.group_name.0, view)?,
            policy: PolicyTarget::of(&input.policy_arn, view)?,
        })
    }

    fn demands(_: &AttachGroupPolicyInput, both: &Both, _: &View) -> Demands {
        Demands::of(both.holder.demand("iam:AttachGroupPolicy"))
    }

    fn check(input: &AttachGroupPolicyInput, permit: &Permit<Both>, _: &View) -> Result<(), IamError> {
        let Both { holder, policy } = permit.targets();
        policy.attachable()?;
        holder.check_attached(&input.policy_arn)
    }

    async fn act(
        input: &AttachGroupPolicyInput,
        permit: &Permit<Both>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().holder.attach(world, &input.policy_arn)?;
        Ok(Nothing {})
    }
}
