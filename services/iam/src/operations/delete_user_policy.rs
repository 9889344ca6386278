//! DeleteUserPolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use identity::Users;

use crate::IamError;
use crate::users::UserTarget;
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
    type Targets = UserTarget;
    type Error = IamError;

    fn locate(input: &DeleteUserPolicyInput, view: &View) -> Result<UserTarget, Miss<IamError>> {
        Ok(UserTarget::named(&input.user_name, view)?)
    }

    fn demands(_: &DeleteUserPolicyInput, user: &UserTarget, _: &View) -> Demands {
        Demands::of(user.demand("iam:DeleteUserPolicy"))
    }

    async fn act(
        input: &DeleteUserPolicyInput,
        permit: &Permit<UserTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let mut user = permit.targets().user()?.record().as_ref().clone();
        let PolicyName(name) = &input.policy_name;
        if !user.policies.remove_inline(name) {
            return Err(IamError::no_user_policy(name));
        }
        let domain = world.view().domain();
        world.change().put::<Users>(domain, user.id(), user);
        Ok(Nothing {})
    }
}
