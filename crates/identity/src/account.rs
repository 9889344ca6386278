//! Accounts.

use std::ops::Bound;

use ambient::{Entropy, EntropyFailed, Timestamp};
use arn::AccountId;
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{Domain, NameBuffer, Names, RowKey, RowName, StoreError, Table, TableId, Unreadable, View};

/// An account of this installation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Account {
    /// When it was made, in milliseconds since 1970.
    #[n(0)]
    pub created_ms: i64,
    /// Whether it is the operator's, and so no tenant; absent for tenants.
    #[n(1)]
    operator: Option<bool>,
}

impl Account {
    /// An account made now.
    pub fn made_at(now: Timestamp) -> Account {
        Account {
            created_ms: now.milliseconds(),
            operator: None,
        }
    }

    /// The operator's, made now.
    pub fn of_operator_made_at(now: Timestamp) -> Account {
        Account {
            operator: Some(true),
            ..Account::made_at(now)
        }
    }

    /// Whether it is the operator's. What can't be told is no tenant.
    pub fn is_operator(&self) -> bool {
        self.operator.is_some()
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }
}

/// The table of accounts, by account id.
#[derive(Debug)]
pub struct Accounts;

impl Table for Accounts {
    const ID: TableId = TableId(10);
    const NAME: &'static str = "accounts";
    const FORMAT: u8 = 1;
    type Key = ByAccount;
    type Record = Account;

    fn encode(record: &Account, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Account, Unreadable> {
        store::cbor::decode(bytes)
    }
}

/// The numbers of all accounts, the operator's among them.
pub fn accounts(view: &View) -> Result<Vec<AccountId>, StoreError> {
    let rows = view.scan_names::<Accounts>(Domain::Installation, Bound::Unbounded, usize::MAX)?;
    let number = |row: &RowKey| row.name().try_into().map(u64::from_be_bytes).ok();
    let numbers = rows.iter().filter_map(number);
    Ok(numbers.filter_map(AccountId::from_number).collect())
}

/// The operator's account; `None` before it was made.
pub fn operator(view: &View) -> Result<Option<AccountId>, StoreError> {
    for account in accounts(view)? {
        let record = view.get::<Accounts>(Domain::Installation, &ByAccount(account))?;
        if record.is_some_and(|record| record.is_operator()) {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

/// A number for an account: 12 digits, none of them a leading zero, which some tools drop.
pub fn random_account(entropy: &dyn Entropy) -> Result<AccountId, EntropyFailed> {
    const LEAST: u64 = 100_000_000_000;
    let mut random = [0; 8];
    entropy.fill(&mut random)?;
    // A remainder of 64 bits is as good as even over 2^40 numbers.
    let number = LEAST + u64::from_be_bytes(random) % (AccountId::MAX - LEAST + 1);
    AccountId::from_number(number).ok_or(EntropyFailed)
}

/// Names the row of an account.
#[derive(Debug, Clone, Copy)]
pub struct ByAccount(pub AccountId);

impl RowName for ByAccount {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&self.0.number().to_be_bytes());
    }
}
