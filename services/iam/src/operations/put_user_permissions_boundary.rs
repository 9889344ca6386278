//! PutUserPermissionsBoundary.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::policies::PolicyTarget;
use crate::wire::{NewUserName, PolicyArn};

/// Bounds what the policies of a user give by a managed policy.
///
/// Source: IAM API Reference, `PutUserPermissionsBoundary`.
pub struct PutUserPermissionsBoundary;

/// The request.
#[derive(Debug, Shape)]
pub struct PutUserPermissionsBoundaryInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: NewUserName,
    /// The managed policy.
    #[shape(audit = log, condition = "iam:PermissionsBoundary")]
    pub permissions_boundary: PolicyArn,
}

impl Operation for PutUserPermissionsBoundary {
    const SPEC: OperationSpec = OperationSpec::writes("PutUserPermissionsBoundary").without_output();
    type Input = PutUserPermissionsBoundaryInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &PutUserPermissionsBoundaryInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &PutUserPermissionsBoundaryInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:PutUserPermissionsBoundary"))
    }

    fn check(
        input: &PutUserPermissionsBoundaryInput,
        permit: &Permit<Target<Users>>,
        view: &View,
    ) -> Result<(), IamError> {
        PolicyTarget::of(&input.permissions_boundary, view)?.attachable()?;
        permit.targets().held().map(|_| ())
    }

    async fn act(
        input: &PutUserPermissionsBoundaryInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |user| {
            user.boundary = Some(input.permissions_boundary.0.clone());
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
