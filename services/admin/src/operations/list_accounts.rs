//! ListAccounts.

use ambient::Timestamp;
use arn::AccountId;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{Accounts, ByAccount};
use model::{OperationSpec, Shape};
use store::Domain;

use super::{PageLength, TheInstallation};
use crate::AdminError;

/// Lists the accounts by their numbers, without the operator's own.
pub struct ListAccounts;

/// The request.
#[derive(Debug, Shape)]
pub struct ListAccountsInput {
    /// Accounts on a page: 1 to 1000, 100 unless given.
    #[shape(audit = log)]
    pub max_results: Option<PageLength>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub next_token: Option<String>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListAccountsOutput {
    /// The page.
    #[shape(audit = omit)]
    pub accounts: Vec<AccountEntry>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub next_token: Option<String>,
}

/// An account in a list.
#[derive(Debug, Shape)]
pub struct AccountEntry {
    /// Its number.
    #[shape(audit = omit)]
    pub account_id: AccountId,
    /// When it was made.
    #[shape(audit = omit)]
    pub create_date: Timestamp,
}

impl Operation for ListAccounts {
    const SPEC: OperationSpec = OperationSpec::reads("ListAccounts");
    type Input = ListAccountsInput;
    type Output = ListAccountsOutput;
    type Targets = TheInstallation;
    type Error = AdminError;

    fn locate(_: &ListAccountsInput, _: &View) -> Result<TheInstallation, Miss<AdminError>> {
        Ok(TheInstallation)
    }

    fn demands(_: &ListAccountsInput, target: &TheInstallation, view: &View) -> Demands {
        target.demand("keystead:ListAccounts", view)
    }

    async fn act(
        input: &ListAccountsInput,
        _: &Permit<TheInstallation>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let most = input.max_results.map_or(100, PageLength::entries);
        let after = match &input.next_token {
            None => None,
            Some(text) => Some(
                text.parse::<AccountId>()
                    .map_err(|_| AdminError::InvalidNextToken)?,
            ),
        };
        let view = world.view().store();
        let mut accounts = Vec::new();
        for account in identity::accounts(view)? {
            if after.is_some_and(|after| account.number() <= after.number()) {
                continue;
            }
            if accounts.len() > most {
                break;
            }
            if let Some(record) = view.get::<Accounts>(Domain::Installation, &ByAccount(account))?
                && !record.is_operator()
            {
                accounts.push(AccountEntry {
                    account_id: account,
                    create_date: record.created(),
                });
            }
        }
        let is_cut = accounts.len() > most;
        accounts.truncate(most);
        Ok(ListAccountsOutput {
            next_token: accounts
                .last()
                .filter(|_| is_cut)
                .map(|last| last.account_id.to_string()),
            accounts,
        })
    }
}
