//! DeleteRole.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::RoleName;

/// Deletes a role that has no policies any more. Its sessions end with it.
///
/// Source: IAM API Reference, `DeleteRole`.
pub struct DeleteRole;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteRoleInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
}

impl Operation for DeleteRole {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteRole").without_output();
    type Input = DeleteRoleInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &DeleteRoleInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &DeleteRoleInput, role: &Target<Roles>, _: &View) -> Demands {
        Demands::of(role.demand("iam:DeleteRole"))
    }

    fn check(_: &DeleteRoleInput, permit: &Permit<Target<Roles>>, _: &View) -> Result<(), IamError> {
        let role = permit.targets().held()?;
        if !role.policies.attached.is_empty() {
            return Err(IamError::DeleteConflict(
                "Cannot delete entity, must detach all policies first.",
            ));
        }
        if !role.policies.inline.is_empty() {
            return Err(IamError::DeleteConflict(
                "Cannot delete entity, must delete policies first.",
            ));
        }
        Ok(())
    }

    async fn act(
        _: &DeleteRoleInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let id = permit.targets().held()?.id();
        let domain = world.view().domain();
        world.change().delete::<Roles>(domain, id);
        Ok(Nothing {})
    }
}
