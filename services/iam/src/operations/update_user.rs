//! UpdateUser.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use identity::Users;

use crate::IamError;
use crate::holders::{Target, arn_of};
use crate::users::demand_on;
use crate::wire::{NewUserName, PathText, UserName};

/// Gives a user another name or path. Its unique id, keys, groups and policies stay.
///
/// Source: IAM API Reference, `UpdateUser`.
pub struct UpdateUser;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateUserInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// Where it is to stand from now on.
    #[shape(audit = log)]
    pub new_path: Option<PathText>,
    /// What it is to be called from now on.
    #[shape(audit = log)]
    pub new_user_name: Option<NewUserName>,
}

impl Operation for UpdateUser {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateUser").without_output();
    type Input = UpdateUserInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &UpdateUserInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(input: &UpdateUserInput, user: &Target<Users>, _: &View) -> Demands {
        let demands = Demands::of(user.demand("iam:UpdateUser"));
        let Ok(held) = user.held() else {
            return demands;
        };
        // What it is to become has to be the caller's to change as well.
        let path = input.new_path.as_ref().map_or(&held.path, |PathText(path)| path);
        let name = input
            .new_user_name
            .as_ref()
            .map_or(&held.name, |NewUserName(name)| name);
        match arn_of(user.account, "user", path, name) {
            Ok(arn) if arn != user.arn => demands.and(demand_on("iam:UpdateUser", arn, user.account)),
            _ => demands,
        }
    }

    fn check(input: &UpdateUserInput, permit: &Permit<Target<Users>>, view: &View) -> Result<(), IamError> {
        let user = permit.targets().held()?;
        let Some(NewUserName(name)) = &input.new_user_name else {
            return Ok(());
        };
        match identity::user_named(name, view.domain(), view.store())? {
            Some(other) if other.id() != user.id() => Err(IamError::AlreadyExists(format!(
                "User with name {name} already exists."
            ))),
            _ => Ok(()),
        }
    }

    async fn act(
        input: &UpdateUserInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let mut user = permit.targets().held()?.record().as_ref().clone();
        if let Some(PathText(path)) = &input.new_path {
            user.path.clone_from(path);
        }
        if let Some(NewUserName(name)) = &input.new_user_name {
            user.name.clone_from(name);
        }
        let domain = world.view().domain();
        world.change().put::<Users>(domain, user.id(), user);
        Ok(Nothing {})
    }
}
