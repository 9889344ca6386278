//! ChangePassword.

use engine::{Caller, Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{Kind, LoginProfiles, UniqueId, Users, Verdict, verify_password};
use model::{OperationSpec, Shape};
use secret::SecretString;

use crate::holders::Target;
use crate::{IamError, account, login};

/// Changes the caller's own password.
///
/// Source: IAM API Reference, `ChangePassword`; IAM User Guide, "Permit IAM users to change their own passwords".
pub struct ChangePassword;

/// The request.
#[derive(Debug, Shape)]
pub struct ChangePasswordInput {
    /// The password so far.
    #[shape(sensitive, length = 1..=128, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
    pub old_password: SecretString,
    /// The password from now on.
    #[shape(sensitive, length = 1..=128, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
    pub new_password: SecretString,
}

impl Operation for ChangePassword {
    const SPEC: OperationSpec = OperationSpec::writes("ChangePassword").without_output();
    type Input = ChangePasswordInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(_: &ChangePasswordInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        let caller = view.caller().map(Caller::principal);
        let caller = caller
            .filter(|caller| caller.kind == Kind::User)
            .ok_or(IamError::NoUser)?;
        let account = view.place().account;
        let user = identity::user_of(account, &UniqueId::kept(&caller.id), view.store());
        Ok(match user.map_err(IamError::from)? {
            Some(user) => Target::of(user, account)?,
            None => Target::nobody(caller.name.as_deref().unwrap_or_default(), account)?,
        })
    }

    fn demands(_: &ChangePasswordInput, user: &Target<Users>, view: &View) -> Demands {
        Demands::of(account::demand_of_own_password(
            "iam:ChangePassword",
            user.arn.clone(),
            view,
        ))
    }

    fn check(
        input: &ChangePasswordInput,
        permit: &Permit<Target<Users>>,
        view: &View,
    ) -> Result<(), IamError> {
        permit.targets().held()?;
        login::check(&input.new_password, view)
    }

    async fn act(
        input: &ChangePasswordInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().held()?;
        let held = login::find(&user.id(), world.view())?;
        let mut profile = held.map(|held| held.record().as_ref().clone());
        let (now, pool) = (world.now(), world.passwords());
        let verdict = verify_password(profile.as_mut(), &input.old_password, now, pool).await?;
        let mut profile = profile.ok_or_else(|| login::absent(&user.name))?;
        let domain = world.view().domain();
        match verdict {
            Verdict::Proved => {
                login::set(&mut profile, &input.new_password, world).await?;
                profile.reset_required = false;
                world.change().put::<LoginProfiles>(domain, user.id(), profile);
                Ok(Nothing {})
            }
            Verdict::Failed => {
                world
                    .change_of_refusal()
                    .put::<LoginProfiles>(domain, user.id(), profile);
                Err(IamError::AccessDenied("The old password was incorrect."))
            }
            Verdict::Paused => Err(IamError::Unmodifiable(format!(
                "Login Profile for User {} cannot be modified for a while, after too many wrong passwords.",
                user.name
            ))),
        }
    }
}
