//! GetRolePolicy.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::documents;
use crate::holders::Target;
use crate::wire::{DocumentText, PolicyName, RoleName};

/// Tells what an inline policy of a role says.
///
/// Source: IAM API Reference, `GetRolePolicy`.
pub struct GetRolePolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct GetRolePolicyInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetRolePolicyOutput {
    /// The role.
    #[shape(audit = omit)]
    pub role_name: RoleName,
    /// The policy.
    #[shape(audit = omit)]
    pub policy_name: PolicyName,
    /// What it says, percent-encoded.
    #[shape(audit = omit)]
    pub policy_document: DocumentText,
}

impl Operation for GetRolePolicy {
    const SPEC: OperationSpec = OperationSpec::reads("GetRolePolicy");
    type Input = GetRolePolicyInput;
    type Output = GetRolePolicyOutput;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &GetRolePolicyInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &GetRolePolicyInput, target: &Target<Roles>, _: &View) -> Demands {
        Demands::of(target.demand("iam:GetRolePolicy"))
    }

    async fn act(
        input: &GetRolePolicyInput,
        permit: &Permit<Target<Roles>>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let policy = target.inline(&input.policy_name)?;
        Ok(GetRolePolicyOutput {
            role_name: RoleName(target.held()?.name.clone()),
            policy_name: PolicyName(policy.name.clone()),
            policy_document: DocumentText(documents::encoded(policy.document.text())),
        })
    }
}
