//! Login profiles, as operations find them; and passwords that are to be set.

use ambient::Timestamp;
use engine::{View, World};
use identity::{LoginProfile, LoginProfiles, NewPassword, UniqueId};
use model::Shape;
use secret::SecretString;
use store::Held;

use crate::wire::NewUserName;
use crate::{IamError, account};

/// A login profile, as it is told of.
#[derive(Debug, Shape)]
pub struct LoginProfileText {
    /// Whose it is.
    #[shape(audit = log)]
    pub user_name: NewUserName,
    /// When it was made.
    #[shape(audit = log)]
    pub create_date: Timestamp,
    /// Whether the user has to choose another password.
    #[shape(audit = log)]
    pub password_reset_required: Option<bool>,
}

impl LoginProfileText {
    /// The profile of a user.
    pub fn told(name: &str, profile: &LoginProfile) -> LoginProfileText {
        LoginProfileText {
            user_name: NewUserName(name.to_owned()),
            create_date: profile.created(),
            password_reset_required: Some(profile.reset_required),
        }
    }
}

/// A user's login profile, if there is one.
pub fn find(user: &UniqueId, view: &View) -> Result<Option<Held<LoginProfile>>, IamError> {
    Ok(view.store().get::<LoginProfiles>(view.domain(), user)?)
}

/// A user's login profile.
pub fn profile_of(user: &identity::User, view: &View) -> Result<Held<LoginProfile>, IamError> {
    find(&user.id(), view)?.ok_or_else(|| absent(&user.name))
}

/// There is no login profile of this user.
pub fn absent(name: &str) -> IamError {
    IamError::NoSuchEntity(format!("Login Profile for User {name} cannot be found."))
}

/// Refuses a password that is not what the account asks for.
pub fn check(password: &SecretString, view: &View) -> Result<(), IamError> {
    let settings = account::settings(view)?;
    let rules = settings.password_policy.as_ref();
    match identity::admits(rules, password, view.place().account, settings.alias.as_deref()) {
        true => Ok(()),
        false => Err(IamError::PasswordPolicy(
            "Password does not conform to the account password policy.",
        )),
    }
}

/// Sets another password, unless it is one that may not be used again.
pub async fn set(
    profile: &mut LoginProfile,
    password: &SecretString,
    world: &World<'_>,
) -> Result<(), IamError> {
    let remembered = account::settings(world.view())?
        .password_policy
        .and_then(|rules| rules.remembered);
    if profile.remembers(password, remembered, world.passwords()).await? {
        return Err(IamError::PasswordPolicy("Password previously used."));
    }
    let new = NewPassword::of(password, world.passwords(), world.entropy()).await?;
    profile.set_password(new, remembered, world.now());
    Ok(())
}
