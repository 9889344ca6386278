//! DetachUserPolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{NewUserName, PolicyArn};

/// Detaches a managed policy from a user.
///
/// Source: IAM API Reference, `DetachUserPolicy`.
pub struct DetachUserPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct DetachUserPolicyInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: NewUserName,
    /// The managed policy.
    #[shape(audit = log, condition = "iam:PolicyARN")]
    pub policy_arn: PolicyArn,
}

impl Operation for DetachUserPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("DetachUserPolicy").without_output();
    type Input = DetachUserPolicyInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &DetachUserPolicyInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &DetachUserPolicyInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DetachUserPolicy"))
    }

    async fn act(
        input: &DetachUserPolicyInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().detach(world, &input.policy_arn)?;
        Ok(Nothing {})
    }
}
