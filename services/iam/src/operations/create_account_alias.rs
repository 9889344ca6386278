//! CreateAccountAlias.

use arn::Arn;
use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{AccountAliases, AliasOwner};
use model::{OperationSpec, Shape};
use store::{Domain, HashedName};

use crate::users::{NoTarget, demand_on};
use crate::wire::AccountAlias;
use crate::{IamError, account};

/// Gives the account another name, instead of the one that it had.
///
/// Source: IAM API Reference, `CreateAccountAlias`.
pub struct CreateAccountAlias;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateAccountAliasInput {
    /// The alias.
    #[shape(audit = log)]
    pub account_alias: AccountAlias,
}

impl Operation for CreateAccountAlias {
    const SPEC: OperationSpec = OperationSpec::writes("CreateAccountAlias").without_output();
    type Input = CreateAccountAliasInput;
    type Output = Nothing;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(input: &CreateAccountAliasInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        input.account_alias.check()?;
        Ok(NoTarget)
    }

    fn demands(_: &CreateAccountAliasInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:CreateAccountAlias",
            Arn::root_of(account),
            account,
        ))
    }

    fn check(input: &CreateAccountAliasInput, _: &Permit<NoTarget>, view: &View) -> Result<(), IamError> {
        let AccountAlias(alias) = &input.account_alias;
        match identity::account_of_alias(alias, view.store())? {
            None => Ok(()),
            Some(_) => Err(IamError::AlreadyExists(format!(
                "The account alias {alias} already exists."
            ))),
        }
    }

    async fn act(
        input: &CreateAccountAliasInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let AccountAlias(alias) = &input.account_alias;
        let account = world.view().place().account;
        let mut settings = account::settings(world.view())?;
        let before = settings.alias.replace(alias.clone());
        account::keep(world, settings);
        let change = world.change();
        if let Some(before) = before {
            change.delete::<AccountAliases>(Domain::Installation, HashedName(before));
        }
        let owner = AliasOwner::of(account);
        change.put::<AccountAliases>(Domain::Installation, HashedName(alias.clone()), owner);
        Ok(Nothing {})
    }
}
