//! AttachUserPolicy.

use arn::Arn;
use engine::{Demands, Described, Miss, Nothing, Operation, Outcome, Permit, Resource, Targets, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::policies::PolicyTarget;
use crate::wire::{NewUserName, PolicyArn};

/// Attaches a managed policy to a user. To do it again changes nothing.
///
/// Source: IAM API Reference, `AttachUserPolicy`.
pub struct AttachUserPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct AttachUserPolicyInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: NewUserName,
    /// The managed policy.
    #[shape(audit = log, condition = "iam:PolicyARN")]
    pub policy_arn: PolicyArn,
}

/// Whom, and what.
#[derive(Debug)]
pub struct Both {
    holder: Target<Users>,
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

impl Operation for AttachUserPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("AttachUserPolicy").without_output();
    type Input = AttachUserPolicyInput;
    type Output = Nothing;
    type Targets = Both;
    type Error = IamError;

    fn locate(input: &AttachUserPolicyInput, view: &View) -> Result<Both, Miss<IamError>> {
        Ok(Both {
            holder: Target::named(&input.user_name.0, view)?,
            policy: PolicyTarget::of(&input.policy_arn, view)?,
        })
    }

    fn demands(_: &AttachUserPolicyInput, both: &Both, _: &View) -> Demands {
        Demands::of(both.holder.demand("iam:AttachUserPolicy"))
    }

    fn check(input: &AttachUserPolicyInput, permit: &Permit<Both>, _: &View) -> Result<(), IamError> {
        let Both { holder, policy } = permit.targets();
        policy.attachable()?;
        holder.check_attached(&input.policy_arn)
    }

    async fn act(
        input: &AttachUserPolicyInput,
        permit: &Permit<Both>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().holder.attach(world, &input.policy_arn)?;
        Ok(Nothing {})
    }
}
