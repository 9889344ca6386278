//! UpdateLoginProfile.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{LoginProfiles, Users};
use model::{OperationSpec, Shape};
use secret::SecretString;

use crate::holders::Target;
use crate::wire::NewUserName;
use crate::{IamError, login};

/// Gives a user another password, or has the user choose one.
///
/// Source: IAM API Reference, `UpdateLoginProfile`.
pub struct UpdateLoginProfile;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateLoginProfileInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: NewUserName,
    /// The password.
    #[shape(sensitive, length = 1..=128, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
    pub password: Option<SecretString>,
    /// Whether the user has to choose another when it is next used.
    #[shape(audit = log)]
    pub password_reset_required: Option<bool>,
}

impl Operation for UpdateLoginProfile {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateLoginProfile").without_output();
    type Input = UpdateLoginProfileInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &UpdateLoginProfileInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &UpdateLoginProfileInput, user: &Target<Users>, _: &View) -> Demands {
        Demands::of(user.demand("iam:UpdateLoginProfile"))
    }

    fn check(
        input: &UpdateLoginProfileInput,
        permit: &Permit<Target<Users>>,
        view: &View,
    ) -> Result<(), IamError> {
        login::profile_of(permit.targets().held()?, view)?;
        input
            .password
            .as_ref()
            .map_or(Ok(()), |password| login::check(password, view))
    }

    async fn act(
        input: &UpdateLoginProfileInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().held()?;
        let mut profile = login::profile_of(user, world.view())?.record().as_ref().clone();
        if let Some(password) = &input.password {
            login::set(&mut profile, password, world).await?;
        }
        if let Some(reset_required) = input.password_reset_required {
            profile.reset_required = reset_required;
        }
        let domain = world.view().domain();
        world.change().put::<LoginProfiles>(domain, user.id(), profile);
        Ok(Nothing {})
    }
}
