//! DeleteAccountAlias.

use arn::Arn;
use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::AccountAliases;
use model::{OperationSpec, Shape};
use store::{Domain, HashedName};

use crate::users::{NoTarget, demand_on};
use crate::wire::AccountAlias;
use crate::{IamError, account};

/// Takes the account's other name away.
///
/// Source: IAM API Reference, `DeleteAccountAlias`.
pub struct DeleteAccountAlias;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteAccountAliasInput {
    /// The alias.
    #[shape(audit = log)]
    pub account_alias: AccountAlias,
}

impl Operation for DeleteAccountAlias {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteAccountAlias").without_output();
    type Input = DeleteAccountAliasInput;
    type Output = Nothing;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(input: &DeleteAccountAliasInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        input.account_alias.check()?;
        Ok(NoTarget)
    }

    fn demands(_: &DeleteAccountAliasInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:DeleteAccountAlias",
            Arn::root_of(account),
            account,
        ))
    }

    async fn act(
        input: &DeleteAccountAliasInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let AccountAlias(alias) = &input.account_alias;
        let mut settings = account::settings(world.view())?;
        if settings.alias.as_ref() != Some(alias) {
            return Err(IamError::NoSuchEntity(format!(
                "The account alias with name {alias} cannot be found."
            )));
        }
        settings.alias = None;
        account::keep(world, settings);
        world
            .change()
            .delete::<AccountAliases>(Domain::Installation, HashedName(alias.clone()));
        Ok(Nothing {})
    }
}
