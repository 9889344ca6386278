//! ListAccountAliases.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::paging::{Marker, MaxItems, Paging};
use crate::users::{NoTarget, demand_on};
use crate::wire::AccountAlias;
use crate::{IamError, account};

/// Lists the account's other name, if it has one.
///
/// Source: IAM API Reference, `ListAccountAliases`.
pub struct ListAccountAliases;

/// The request.
#[derive(Debug, Shape)]
pub struct ListAccountAliasesInput {
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListAccountAliasesOutput {
    /// The name.
    #[shape(audit = omit)]
    pub account_aliases: Vec<AccountAlias>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListAccountAliases {
    const SPEC: OperationSpec = OperationSpec::reads("ListAccountAliases");
    type Input = ListAccountAliasesInput;
    type Output = ListAccountAliasesOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &ListAccountAliasesInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &ListAccountAliasesInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:ListAccountAliases",
            Arn::root_of(account),
            account,
        ))
    }

    async fn act(
        input: &ListAccountAliasesInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        // There is one at most, so no page leads to another, and no marker is ours.
        Paging::of(
            world.view(),
            Self::SPEC.name,
            &[],
            input.max_items,
            input.marker.as_ref(),
        )?;
        let alias = account::settings(world.view())?.alias;
        Ok(ListAccountAliasesOutput {
            account_aliases: alias.into_iter().map(AccountAlias).collect(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
