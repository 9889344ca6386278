//! Accounts.

use ambient::Timestamp;
use arn::AccountId;
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{NameBuffer, Names, RowName, Table, TableId, Unreadable};

/// An account of this installation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Account {
    /// When it was made, in milliseconds since 1970.
    #[n(0)]
    pub created_ms: i64,
}

impl Account {
    /// An account made now.
    pub fn made_at(now: Timestamp) -> Account {
        Account {
            created_ms: now.milliseconds(),
        }
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

/// Names the row of an account.
#[derive(Debug, Clone, Copy)]
pub struct ByAccount(pub AccountId);

impl RowName for ByAccount {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&self.0.number().to_be_bytes());
    }
}
