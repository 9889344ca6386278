//! UpdateAccountPasswordPolicy.

use arn::Arn;
use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::PasswordPolicy;
use model::{OperationSpec, Shape};

use crate::users::{NoTarget, demand_on};
use crate::{IamError, account};

/// Sets what passwords have to be from now on, over all that was set before.
///
/// Source: IAM API Reference, `UpdateAccountPasswordPolicy`.
pub struct UpdateAccountPasswordPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateAccountPasswordPolicyInput {
    /// Characters at least: 6 unless given.
    #[shape(audit = log)]
    pub minimum_password_length: Option<LeastLength>,
    /// Whether there has to be a symbol.
    #[shape(audit = log)]
    pub require_symbols: Option<bool>,
    /// Whether there has to be a digit.
    #[shape(audit = log)]
    pub require_numbers: Option<bool>,
    /// Whether there has to be a capital.
    #[shape(audit = log)]
    pub require_uppercase_characters: Option<bool>,
    /// Whether there has to be a small letter.
    #[shape(audit = log)]
    pub require_lowercase_characters: Option<bool>,
    /// Whether all users may change their own.
    #[shape(audit = log)]
    pub allow_users_to_change_password: Option<bool>,
    /// Days after which one has to be changed; never unless given.
    #[shape(audit = log)]
    pub max_password_age: Option<MostDays>,
    /// How many of a user's last ones may not be used again; all may unless given.
    #[shape(audit = log)]
    pub password_reuse_prevention: Option<Remembered>,
    /// Whether users can't change those that are too old.
    #[shape(audit = log)]
    pub hard_expiry: Option<bool>,
}

/// Characters of a password, at least.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 6..=128)]
pub struct LeastLength(pub i32);

/// Days after which a password has to be changed.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 1..=1095)]
pub struct MostDays(pub i32);

/// How many of a user's last passwords may not be used again.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 1..=24)]
pub struct Remembered(pub i32);

/// The least length of a policy that says none.
const USUAL_LENGTH: u32 = 6;

impl Operation for UpdateAccountPasswordPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateAccountPasswordPolicy").without_output();
    type Input = UpdateAccountPasswordPolicyInput;
    type Output = Nothing;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &UpdateAccountPasswordPolicyInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &UpdateAccountPasswordPolicyInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:UpdateAccountPasswordPolicy",
            Arn::root_of(account),
            account,
        ))
    }

    async fn act(
        input: &UpdateAccountPasswordPolicyInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let mut settings = account::settings(world.view())?;
        settings.password_policy = Some(PasswordPolicy {
            // INVARIANT: the ranges admit no number below zero.
            least_length: input
                .minimum_password_length
                .map_or(USUAL_LENGTH, |LeastLength(length)| length.unsigned_abs()),
            needs_symbols: input.require_symbols.unwrap_or(false),
            needs_numbers: input.require_numbers.unwrap_or(false),
            needs_capitals: input.require_uppercase_characters.unwrap_or(false),
            needs_small_letters: input.require_lowercase_characters.unwrap_or(false),
            users_may_change: input.allow_users_to_change_password.unwrap_or(false),
            most_days: input.max_password_age.map(|MostDays(days)| days.unsigned_abs()),
            remembered: input
                .password_reuse_prevention
                .map(|Remembered(count)| count.unsigned_abs()),
            expires_hard: input.hard_expiry,
        });
        account::keep(world, settings);
        Ok(Nothing {})
    }
}
