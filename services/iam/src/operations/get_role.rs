//! GetRole.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{Role, RoleName};

/// Tells of a role.
///
/// Source: IAM API Reference, `GetRole`.
pub struct GetRole;

/// The request.
#[derive(Debug, Shape)]
pub struct GetRoleInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetRoleOutput {
    /// The role.
    #[shape(audit = omit)]
    pub role: Role,
}

impl Operation for GetRole {
    const SPEC: OperationSpec = OperationSpec::reads("GetRole");
    type Input = GetRoleInput;
    type Output = GetRoleOutput;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &GetRoleInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &GetRoleInput, role: &Target<Roles>, _: &View) -> Demands {
        Demands::of(role.demand("iam:GetRole"))
    }

    async fn act(_: &GetRoleInput, permit: &Permit<Target<Roles>>, world: &mut World<'_>) -> Outcome<Self> {
        let target = permit.targets();
        Ok(GetRoleOutput {
            role: Role::told(target.held()?, target.account, true, world.view())?,
        })
    }
}
