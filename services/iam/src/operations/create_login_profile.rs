//! CreateLoginProfile.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{LoginProfile, LoginProfiles, NewPassword};
use model::{OperationSpec, Shape};
use secret::SecretString;

use crate::login::LoginProfileText;
use crate::users::KeyHolder;
use crate::wire::{NewUserName, UserName};
use crate::{IamError, login};

/// Gives a user a password.
///
/// Source: IAM API Reference, `CreateLoginProfile`.
pub struct CreateLoginProfile;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateLoginProfileInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<NewUserName>,
    /// The password.
    #[shape(sensitive, length = 1..=128, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
    pub password: Option<SecretString>,
    /// Whether the user has to choose another when it is first used.
    #[shape(audit = log)]
    pub password_reset_required: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateLoginProfileOutput {
    /// The profile.
    #[shape(audit = log)]
    pub login_profile: LoginProfileText,
}

impl Operation for CreateLoginProfile {
    const SPEC: OperationSpec = OperationSpec::writes("CreateLoginProfile");
    type Input = CreateLoginProfileInput;
    type Output = CreateLoginProfileOutput;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &CreateLoginProfileInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        if input.password.is_none() {
            return Err(IamError::Validation("Must specify a password.".to_owned()).into());
        }
        let name = input.user_name.as_ref().map(UserName::of);
        Ok(KeyHolder::named_or_caller(name.as_ref(), view)?)
    }

    fn demands(_: &CreateLoginProfileInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:CreateLoginProfile"))
    }

    fn check(
        input: &CreateLoginProfileInput,
        permit: &Permit<KeyHolder>,
        view: &View,
    ) -> Result<(), IamError> {
        let user = permit.targets().user()?;
        if login::find(&user.id(), view)?.is_some() {
            return Err(IamError::AlreadyExists(format!(
                "Login Profile for user {} already exists.",
                user.name
            )));
        }
        input
            .password
            .as_ref()
            .map_or(Ok(()), |password| login::check(password, view))
    }

    async fn act(
        input: &CreateLoginProfileInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().user()?;
        // INVARIANT: `locate` refused a request without one.
        let password = input.password.as_ref().ok_or_else(|| login::absent(&user.name))?;
        let password = NewPassword::of(password, world.passwords(), world.entropy()).await?;
        let reset_required = input.password_reset_required.unwrap_or(false);
        let profile = LoginProfile::new(password, reset_required, world.now());
        let told = LoginProfileText::told(&user.name, &profile);
        let domain = world.view().domain();
        world.change().put::<LoginProfiles>(domain, user.id(), profile);
        Ok(CreateLoginProfileOutput { login_profile: told })
    }
}
