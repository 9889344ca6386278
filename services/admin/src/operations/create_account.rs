//! CreateAccount.

use arn::AccountId;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{Account, Accounts, ByAccount, NewAccessKey, Owner};
use model::{OperationSpec, Shape};
use secret::SecretString;
use store::Domain;

use super::TheInstallation;
use crate::AdminError;

/// Makes an account with a root access key, whose secret is shown here and never again.
pub struct CreateAccount;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateAccountInput {
    /// Its number, 12 digits; random unless given.
    #[shape(audit = log)]
    pub account_id: Option<AccountId>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateAccountOutput {
    /// Its number.
    #[shape(audit = log)]
    pub account_id: AccountId,
    /// The id of its root access key.
    #[shape(audit = log)]
    pub access_key_id: String,
    /// The key's secret.
    #[shape(sensitive)]
    pub secret_access_key: SecretString,
}

impl Operation for CreateAccount {
    const SPEC: OperationSpec = OperationSpec::writes("CreateAccount");
    type Input = CreateAccountInput;
    type Output = CreateAccountOutput;
    type Targets = TheInstallation;
    type Error = AdminError;

    fn locate(_: &CreateAccountInput, _: &View) -> Result<TheInstallation, Miss<AdminError>> {
        Ok(TheInstallation)
    }

    fn demands(_: &CreateAccountInput, target: &TheInstallation, view: &View) -> Demands {
        target.demand("keystead:CreateAccount", view)
    }

    async fn act(
        input: &CreateAccountInput,
        _: &Permit<TheInstallation>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let account = match input.account_id {
            Some(account) => account,
            None => identity::random_account(world.entropy())?,
        };
        let view = world.view().store();
        if view
            .get::<Accounts>(Domain::Installation, &ByAccount(account))?
            .is_some()
        {
            return Err(AdminError::AccountExists(account));
        }
        world.open_account(account).await?;
        let key = NewAccessKey::draw(world.entropy())?;
        let now = world.now();
        let change = world.change();
        change.put::<Accounts>(Domain::Installation, ByAccount(account), Account::made_at(now));
        key.keep(&Owner::Root(account), now, change);
        Ok(CreateAccountOutput {
            account_id: account,
            access_key_id: key.id.to_string(),
            secret_access_key: key.secret,
        })
    }
}
