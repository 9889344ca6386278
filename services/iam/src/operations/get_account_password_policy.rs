//! GetAccountPasswordPolicy.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use super::update_account_password_policy::{LeastLength, MostDays, Remembered};
use crate::users::NoTarget;
use crate::{IamError, account};

/// Tells what passwords have to be, where the account has set it.
///
/// Source: IAM API Reference, `GetAccountPasswordPolicy`.
pub struct GetAccountPasswordPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct GetAccountPasswordPolicyInput {}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetAccountPasswordPolicyOutput {
    /// What they have to be.
    #[shape(audit = omit)]
    pub password_policy: PasswordPolicyText,
}

/// What passwords have to be.
#[derive(Debug, Shape)]
pub struct PasswordPolicyText {
    /// Characters at least.
    #[shape(audit = omit)]
    pub minimum_password_length: Option<LeastLength>,
    /// Whether there has to be a symbol.
    #[shape(audit = omit)]
    pub require_symbols: Option<bool>,
    /// Whether there has to be a digit.
    #[shape(audit = omit)]
    pub require_numbers: Option<bool>,
    /// Whether there has to be a capital.
    #[shape(audit = omit)]
    pub require_uppercase_characters: Option<bool>,
    /// Whether there has to be a small letter.
    #[shape(audit = omit)]
    pub require_lowercase_characters: Option<bool>,
    /// Whether all users may change their own.
    #[shape(audit = omit)]
    pub allow_users_to_change_password: Option<bool>,
    /// Whether they grow too old.
    #[shape(audit = omit)]
    pub expire_passwords: Option<bool>,
    /// After so many days.
    #[shape(audit = omit)]
    pub max_password_age: Option<MostDays>,
    /// How many of a user's last ones may not be used again.
    #[shape(audit = omit)]
    pub password_reuse_prevention: Option<Remembered>,
    /// Whether users can't change those that are too old.
    #[shape(audit = omit)]
    pub hard_expiry: Option<bool>,
}

impl Operation for GetAccountPasswordPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("GetAccountPasswordPolicy");
    type Input = GetAccountPasswordPolicyInput;
    type Output = GetAccountPasswordPolicyOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &GetAccountPasswordPolicyInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetAccountPasswordPolicyInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(account::demand_of_own_password(
            "iam:GetAccountPasswordPolicy",
            Arn::root_of(account),
            view,
        ))
    }

    async fn act(
        _: &GetAccountPasswordPolicyInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let Some(rules) = account::settings(world.view())?.password_policy else {
            let name = world.view().place().account;
            return Err(IamError::NoSuchEntity(format!(
                "The Password Policy with domain name {name} cannot be found."
            )));
        };
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Ok(GetAccountPasswordPolicyOutput {
            password_policy: PasswordPolicyText {
                minimum_password_length: Some(LeastLength(number(rules.least_length))),
                require_symbols: Some(rules.needs_symbols),
                require_numbers: Some(rules.needs_numbers),
                require_uppercase_characters: Some(rules.needs_capitals),
                require_lowercase_characters: Some(rules.needs_small_letters),
                allow_users_to_change_password: Some(rules.users_may_change),
                expire_passwords: Some(rules.most_days.is_some()),
                max_password_age: rules.most_days.map(|days| MostDays(number(days))),
                password_reuse_prevention: rules.remembered.map(|count| Remembered(number(count))),
                hard_expiry: rules.expires_hard,
            },
        })
    }
}
