//! DeleteUser.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use identity::{AccessKeys, Owner, Users};
use store::Domain;

use crate::holders::Target;
use crate::wire::UserName;
use crate::{IamError, login, mfa};

/// Deletes a user that has no password, access keys, MFA devices, policies and groups any more.
///
/// Source: IAM API Reference, `DeleteUser`.
pub struct DeleteUser;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteUserInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
}

impl Operation for DeleteUser {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteUser").without_output();
    type Input = DeleteUserInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &DeleteUserInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &DeleteUserInput, user: &Target<Users>, _: &View) -> Demands {
        Demands::of(user.demand("iam:DeleteUser"))
    }

    fn check(_: &DeleteUserInput, permit: &Permit<Target<Users>>, view: &View) -> Result<(), IamError> {
        let target = permit.targets();
        let user = target.held()?;
        let keys = AccessKeys::of_owner(&Owner::User(target.account, user.id()));
        let has_keys =
            view.store()
                .count_index::<AccessKeys>(Domain::Installation, AccessKeys::BY_OWNER, &keys, 1)?;
        if !user.policies.attached.is_empty() {
            return Err(IamError::DeleteConflict(
                "Cannot delete entity, must detach all policies first.",
            ));
        }
        if !user.policies.inline.is_empty() {
            return Err(IamError::DeleteConflict(
                "Cannot delete entity, must delete policies first.",
            ));
        }
        if login::find(&user.id(), view)?.is_some() {
            return Err(IamError::DeleteConflict(
                "Cannot delete entity, must delete login profile first.",
            ));
        }
        let has_devices = mfa::count_of(&user.id(), view)? > 0;
        if has_keys > 0 || has_devices || !user.groups.is_empty() {
            return Err(IamError::DeleteConflict(
                "Cannot delete entity, must remove referenced objects first.",
            ));
        }
        Ok(())
    }

    async fn act(
        _: &DeleteUserInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let id = permit.targets().held()?.id();
        let domain = world.view().domain();
        world.change().delete::<Users>(domain, id);
        Ok(Nothing {})
    }
}
