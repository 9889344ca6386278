//! DeleteLoginProfile.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::LoginProfiles;
use model::{OperationSpec, Shape};

use crate::users::KeyHolder;
use crate::wire::{NewUserName, UserName};
use crate::{IamError, login};

/// Takes a user's password away. Access keys stay.
///
/// Source: IAM API Reference, `DeleteLoginProfile`.
pub struct DeleteLoginProfile;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteLoginProfileInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<NewUserName>,
}

impl Operation for DeleteLoginProfile {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteLoginProfile").without_output();
    type Input = DeleteLoginProfileInput;
    type Output = Nothing;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &DeleteLoginProfileInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        let name = input.user_name.as_ref().map(UserName::of);
        Ok(KeyHolder::named_or_caller(name.as_ref(), view)?)
    }

    fn demands(_: &DeleteLoginProfileInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:DeleteLoginProfile"))
    }

    async fn act(
        _: &DeleteLoginProfileInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().user()?;
        login::profile_of(user, world.view())?;
        let domain = world.view().domain();
        world.change().delete::<LoginProfiles>(domain, user.id());
        Ok(Nothing {})
    }
}
