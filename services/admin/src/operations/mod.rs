//! One file for each operation.

mod create_account;
mod explain_access;
mod list_accounts;
mod who_can;

use arn::Arn;
use engine::{AnyOperation, Authority, Demand, Demands, Targets, View};
use model::Shape;

/// Every operation, one line each.
pub static OPERATIONS: &[&dyn AnyOperation] = &[
    &create_account::CreateAccount,
    &explain_access::ExplainAccess,
    &list_accounts::ListAccounts,
    &who_can::WhoCan,
];

/// How long a page of a list may be.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 1..=1000)]
pub struct PageLength(i32);

impl PageLength {
    /// How many entries that is.
    fn entries(self) -> usize {
        // INVARIANT: the model admits 1 to 1000.
        usize::try_from(self.0).unwrap_or(1)
    }
}

/// The installation, which all calls are about.
#[derive(Debug, Clone, Copy)]
pub struct TheInstallation;

impl Targets for TheInstallation {
    fn resources(&self) -> Vec<engine::Resource> {
        Vec::new()
    }
}

impl TheInstallation {
    /// The demand to do `action` to it.
    fn demand(self, action: &'static str, view: &View) -> Demands {
        let owner = view.place().account;
        Demands::of(Demand {
            action,
            resource: Arn::root_of(owner),
            owner,
            authority: Authority::Identity,
        })
    }
}
