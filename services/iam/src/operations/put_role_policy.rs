//! PutRolePolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{DocumentText, PolicyName, RoleName};

/// Gives a role an inline policy, over the one of that name if there is one.
///
/// Source: IAM API Reference, `PutRolePolicy`.
pub struct PutRolePolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct PutRolePolicyInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
    /// What it says.
    #[shape(audit = log)]
    pub policy_document: DocumentText,
}

impl Operation for PutRolePolicy {
    const SPEC: OperationSpec = OperationSpec::writes("PutRolePolicy").without_output();
    type Input = PutRolePolicyInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &PutRolePolicyInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &PutRolePolicyInput, target: &Target<Roles>, _: &View) -> Demands {
        Demands::of(target.demand("iam:PutRolePolicy"))
    }

    fn check(input: &PutRolePolicyInput, permit: &Permit<Target<Roles>>, _: &View) -> Result<(), IamError> {
        permit
            .targets()
            .check_inline(&input.policy_name, &input.policy_document)
    }

    async fn act(
        input: &PutRolePolicyInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit
            .targets()
            .put_inline(world, &input.policy_name, &input.policy_document)?;
        Ok(Nothing {})
    }
}
