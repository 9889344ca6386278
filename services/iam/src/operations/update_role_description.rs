//! UpdateRoleDescription.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{Role, RoleDescription, RoleName};

/// Changes what is said of a role.
///
/// Source: IAM API Reference, `UpdateRoleDescription`.
pub struct UpdateRoleDescription;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateRoleDescriptionInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// What its maker says of it.
    #[shape(audit = log)]
    pub description: RoleDescription,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct UpdateRoleDescriptionOutput {
    /// The role.
    #[shape(audit = log)]
    pub role: Option<Role>,
}

impl Operation for UpdateRoleDescription {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateRoleDescription");
    type Input = UpdateRoleDescriptionInput;
    type Output = UpdateRoleDescriptionOutput;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &UpdateRoleDescriptionInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &UpdateRoleDescriptionInput, role: &Target<Roles>, _: &View) -> Demands {
        Demands::of(role.demand("iam:UpdateRoleDescription"))
    }

    async fn act(
        input: &UpdateRoleDescriptionInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let mut role = target.held()?.record().as_ref().clone();
        role.description.clone_from(&input.description.0);
        let told = Role::told(&role, target.account, true, world.view())?;
        let domain = world.view().domain();
        world.change().put::<Roles>(domain, role.id(), role);
        Ok(UpdateRoleDescriptionOutput { role: Some(told) })
    }
}
