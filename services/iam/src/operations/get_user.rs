//! GetUser.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::users::KeyHolder;
use crate::wire::{User, UserName};

/// Tells of a user.
///
/// Source: IAM API Reference, `GetUser`.
pub struct GetUser;

/// The request.
#[derive(Debug, Shape)]
pub struct GetUserInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<UserName>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetUserOutput {
    /// The user.
    #[shape(audit = omit)]
    pub user: User,
}

impl Operation for GetUser {
    const SPEC: OperationSpec = OperationSpec::reads("GetUser");
    type Input = GetUserInput;
    type Output = GetUserOutput;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &GetUserInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        Ok(KeyHolder::named_or_caller(input.user_name.as_ref(), view)?)
    }

    fn demands(_: &GetUserInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:GetUser"))
    }

    async fn act(_: &GetUserInput, permit: &Permit<KeyHolder>, world: &mut World<'_>) -> Outcome<Self> {
        let target = permit.targets();
        Ok(GetUserOutput {
            user: User::told(target.user()?, world.view().place().account, true)?,
        })
    }
}
