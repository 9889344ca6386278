//! What an account has set for itself: another name, and what passwords have to be.

use arn::AccountId;
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{
    Domain, HashedName, Held, NameBuffer, Names, RowName, StoreError, Table, TableId, Unreadable, View,
};

use crate::password_policy::PasswordPolicy;

/// What an account has set for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AccountSettings {
    /// Its other name.
    #[n(0)]
    pub alias: Option<String>,
    /// What passwords have to be.
    #[n(1)]
    pub password_policy: Option<PasswordPolicy>,
}

/// The table of what accounts have set, one row for each, in its own domain.
#[derive(Debug)]
pub struct AllAccountSettings;

impl Table for AllAccountSettings {
    const ID: TableId = TableId(35);
    const NAME: &'static str = "account settings";
    const FORMAT: u8 = 1;
    type Key = Only;
    type Record = AccountSettings;

    fn encode(record: &AccountSettings, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<AccountSettings, Unreadable> {
        store::cbor::decode(bytes)
    }
}

/// Names the only row of a table in its domain.
#[derive(Debug, Clone, Copy)]
pub struct Only;

impl RowName for Only {
    fn encode(&self, _: &Names<'_>, _: &mut NameBuffer) {}
}

/// What the account of this domain has set.
pub fn settings_of(domain: Domain, view: &View) -> Result<Option<Held<AccountSettings>>, StoreError> {
    view.get::<AllAccountSettings>(domain, &Only)
}

/// Whose an alias is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AliasOwner {
    #[n(0)]
    account: u64,
}

impl AliasOwner {
    /// An account.
    pub fn of(account: AccountId) -> AliasOwner {
        AliasOwner {
            account: account.number(),
        }
    }

    /// The account; `None` in a damaged record alone.
    pub fn account(&self) -> Option<AccountId> {
        AccountId::from_number(self.account)
    }
}

/// The table of the aliases of accounts, by alias: no two accounts have the same.
#[derive(Debug)]
pub struct AccountAliases;

impl Table for AccountAliases {
    const ID: TableId = TableId(38);
    const NAME: &'static str = "account aliases";
    const FORMAT: u8 = 1;
    type Key = HashedName;
    type Record = AliasOwner;

    fn encode(record: &AliasOwner, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<AliasOwner, Unreadable> {
        store::cbor::decode(bytes)
    }
}

/// The account of an alias.
pub fn account_of_alias(alias: &str, view: &View) -> Result<Option<AccountId>, StoreError> {
    let owner = view.get::<AccountAliases>(Domain::Installation, &HashedName(alias.to_owned()))?;
    Ok(owner.and_then(|owner| owner.account()))
}
