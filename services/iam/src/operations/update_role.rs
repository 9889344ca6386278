//! UpdateRole.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{LongestSession, RoleDescription, RoleName};

/// Changes what is said of a role, and how long its sessions may last.
///
/// Source: IAM API Reference, `UpdateRole`.
pub struct UpdateRole;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateRoleInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// What its maker says of it.
    #[shape(audit = log)]
    pub description: Option<RoleDescription>,
    /// How many seconds a session of it may last.
    #[shape(audit = log)]
    pub max_session_duration: Option<LongestSession>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct UpdateRoleOutput {}

impl Operation for UpdateRole {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateRole");
    type Input = UpdateRoleInput;
    type Output = UpdateRoleOutput;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &UpdateRoleInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &UpdateRoleInput, role: &Target<Roles>, _: &View) -> Demands {
        Demands::of(role.demand("iam:UpdateRole"))
    }

    async fn act(
        input: &UpdateRoleInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |role| {
            if let Some(RoleDescription(text)) = &input.description {
                role.description.clone_from(text);
            }
            if let Some(longest) = input.max_session_duration {
                role.longest_session = longest.seconds();
            }
            Ok(())
        })?;
        Ok(UpdateRoleOutput {})
    }
}
