//! DeleteRolePermissionsBoundary.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::RoleName;

/// Takes the bounds from what the policies of a role give.
///
/// Source: IAM API Reference, `DeleteRolePermissionsBoundary`.
pub struct DeleteRolePermissionsBoundary;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteRolePermissionsBoundaryInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
}

impl Operation for DeleteRolePermissionsBoundary {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteRolePermissionsBoundary").without_output();
    type Input = DeleteRolePermissionsBoundaryInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(
        input: &DeleteRolePermissionsBoundaryInput,
        view: &View,
    ) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &DeleteRolePermissionsBoundaryInput, target: &Target<Roles>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DeleteRolePermissionsBoundary"))
    }

    fn check(
        _: &DeleteRolePermissionsBoundaryInput,
        permit: &Permit<Target<Roles>>,
        _: &View,
    ) -> Result<(), IamError> {
        match permit.targets().held()?.boundary {
            Some(_) => Ok(()),
            None => Err(IamError::NoSuchEntity(
                "The role has no permissions boundary.".to_owned(),
            )),
        }
    }

    async fn act(
        _: &DeleteRolePermissionsBoundaryInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |role| {
            role.boundary = None;
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
