//! PutRolePermissionsBoundary.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::policies::PolicyTarget;
use crate::wire::{PolicyArn, RoleName};

/// Bounds what the policies of a role give by a managed policy.
///
/// Source: IAM API Reference, `PutRolePermissionsBoundary`.
pub struct PutRolePermissionsBoundary;

/// The request.
#[derive(Debug, Shape)]
pub struct PutRolePermissionsBoundaryInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The managed policy.
    #[shape(audit = log, condition = "iam:PermissionsBoundary")]
    pub permissions_boundary: PolicyArn,
}

impl Operation for PutRolePermissionsBoundary {
    const SPEC: OperationSpec = OperationSpec::writes("PutRolePermissionsBoundary").without_output();
    type Input = PutRolePermissionsBoundaryInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &PutRolePermissionsBoundaryInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &PutRolePermissionsBoundaryInput, target: &Target<Roles>, _: &View) -> Demands {
        Demands::of(target.demand("iam:PutRolePermissionsBoundary"))
    }

    fn check(
        input: &PutRolePermissionsBoundaryInput,
        permit: &Permit<Target<Roles>>,
        view: &View,
    ) -> Result<(), IamError> {
        PolicyTarget::of(&input.permissions_boundary, view)?.attachable()?;
        permit.targets().held().map(|_| ())
    }

    async fn act(
        input: &PutRolePermissionsBoundaryInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |role| {
            role.boundary = Some(input.permissions_boundary.0.clone());
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
