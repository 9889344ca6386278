//! DeleteUserPermissionsBoundary.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::NewUserName;

/// Takes the bounds from what the policies of a user give.
///
/// Source: IAM API Reference, `DeleteUserPermissionsBoundary`.
pub struct DeleteUserPermissionsBoundary;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteUserPermissionsBoundaryInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: NewUserName,
}

impl Operation for DeleteUserPermissionsBoundary {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteUserPermissionsBoundary").without_output();
    type Input = DeleteUserPermissionsBoundaryInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(
        input: &DeleteUserPermissionsBoundaryInput,
        view: &View,
    ) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &DeleteUserPermissionsBoundaryInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DeleteUserPermissionsBoundary"))
    }

    fn check(
        _: &DeleteUserPermissionsBoundaryInput,
        permit: &Permit<Target<Users>>,
        _: &View,
    ) -> Result<(), IamError> {
        match permit.targets().held()?.boundary {
            Some(_) => Ok(()),
            None => Err(IamError::NoSuchEntity(
                "The user has no permissions boundary.".to_owned(),
            )),
        }
    }

    async fn act(
        _: &DeleteUserPermissionsBoundaryInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |user| {
            user.boundary = None;
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
