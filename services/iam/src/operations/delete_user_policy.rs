//! DeleteUserPolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{PolicyName, UserName};

/// Takes an inline policy from a user.
///
/// Source: IAM API Reference, `DeleteUserPolicy`.
pub struct DeleteUserPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteUserPolicyInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
}

impl Operation for DeleteUserPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteUserPolicy").without_output();
    type Input = DeleteUserPolicyInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &DeleteUserPolicyInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &DeleteUserPolicyInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DeleteUserPolicy"))
    }

    async fn act(
        input: &DeleteUserPolicyInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().remove_inline(world, &input.policy_name)?;
        Ok(Nothing {})
    }
}
