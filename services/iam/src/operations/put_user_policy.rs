//! PutUserPolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{DocumentText, PolicyName, UserName};

/// Gives a user an inline policy, over the one of that name if there is one.
///
/// Source: IAM API Reference, `PutUserPolicy`.
pub struct PutUserPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct PutUserPolicyInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
    /// What it says.
    #[shape(audit = log)]
    pub policy_document: DocumentText,
}

impl Operation for PutUserPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("PutUserPolicy").without_output();
    type Input = PutUserPolicyInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &PutUserPolicyInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &PutUserPolicyInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:PutUserPolicy"))
    }

    fn check(input: &PutUserPolicyInput, permit: &Permit<Target<Users>>, _: &View) -> Result<(), IamError> {
        permit
            .targets()
            .check_inline(&input.policy_name, &input.policy_document)
    }

    async fn act(
        input: &PutUserPolicyInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit
            .targets()
            .put_inline(world, &input.policy_name, &input.policy_document)?;
        Ok(Nothing {})
    }
}
