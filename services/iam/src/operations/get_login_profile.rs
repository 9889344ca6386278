//! GetLoginProfile.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::login::LoginProfileText;
use crate::users::KeyHolder;
use crate::wire::{NewUserName, UserName};
use crate::{IamError, login};

/// Tells whether a user has a password.
///
/// Source: IAM API Reference, `GetLoginProfile`.
pub struct GetLoginProfile;

/// The request.
#[derive(Debug, Shape)]
pub struct GetLoginProfileInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<NewUserName>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetLoginProfileOutput {
    /// The profile.
    #[shape(audit = omit)]
    pub login_profile: LoginProfileText,
}

impl Operation for GetLoginProfile {
    const SPEC: OperationSpec = OperationSpec::reads("GetLoginProfile");
    type Input = GetLoginProfileInput;
    type Output = GetLoginProfileOutput;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &GetLoginProfileInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        let name = input.user_name.as_ref().map(UserName::of);
        Ok(KeyHolder::named_or_caller(name.as_ref(), view)?)
    }

    fn demands(_: &GetLoginProfileInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:GetLoginProfile"))
    }

    async fn act(
        _: &GetLoginProfileInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().user()?;
        let profile = login::profile_of(user, world.view())?;
        Ok(GetLoginProfileOutput {
            login_profile: LoginProfileText::told(&user.name, &profile),
        })
    }
}
