//! Access keys: an id that travels, and a secret that signs.

use std::fmt;
use std::sync::Arc;

use ambient::{Entropy, EntropyFailed, Timestamp};
use arn::AccountId;
use minicbor::{Decode, Encode};
use secret::{SecretBuffer, SecretString};
use store::{Change, Domain, IndexKey, NameBuffer, Names, RowName, SecretTable, Table, TableId, Unreadable};
use zeroize::Zeroize;

use crate::UniqueId;

/// 16 to 128 letters and digits; those made here are `AKIA` and 16 of `A-Z2-7`.
///
/// Source: IAM User Guide, "Unique identifiers".
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccessKeyId(Box<str>);

/// Text that no access key id can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an access key id has 16 to 128 letters and digits")]
pub struct InvalidAccessKeyId;

/// Letters of generated ids: base32.
const ID_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters of generated secrets: base64.
const SECRET_LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Characters of a secret access key: 240 bits.
const SECRET_LENGTH: usize = 40;

impl AccessKeyId {
    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for AccessKeyId {
    type Err = InvalidAccessKeyId;

    fn from_str(text: &str) -> Result<AccessKeyId, InvalidAccessKeyId> {
        let legal = (16..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if legal {
            Ok(AccessKeyId(text.into()))
        } else {
            Err(InvalidAccessKeyId)
        }
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether an access key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It may.
    Active,
    /// It is kept, and refused.
    Inactive,
}

/// What is known of an access key beside its secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AccessKey {
    #[n(0)]
    account: u64,
    #[n(1)]
    active: bool,
    #[n(2)]
    created_ms: i64,
    /// The unique id of the user it belongs to; the account's root user where there is none.
    #[n(3)]
    user: Option<String>,
    /// Whether it is the operator's; absent for all others.
    #[n(4)]
    operator: Option<bool>,
}

/// Whose an access key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The account's root user.
    Root(AccountId),
    /// A user of the account.
    User(AccountId, UniqueId),
    /// The operator, under the number of its account.
    Operator(AccountId),
}

impl Owner {
    /// The account.
    pub fn account(&self) -> AccountId {
        match self {
            Owner::Root(account) | Owner::User(account, _) | Owner::Operator(account) => *account,
        }
    }
}

impl AccessKey {
    /// An active key of the root user of `account`, made now.
    pub fn of_root(account: AccountId, now: Timestamp) -> AccessKey {
        AccessKey::of(&Owner::Root(account), now)
    }

    /// An active key, made now.
    pub fn of(owner: &Owner, now: Timestamp) -> AccessKey {
        AccessKey {
            account: owner.account().number(),
            active: true,
            created_ms: now.milliseconds(),
            user: match owner {
                Owner::Root(_) | Owner::Operator(_) => None,
                Owner::User(_, id) => Some(id.to_string()),
            },
            operator: matches!(owner, Owner::Operator(_)).then_some(true),
        }
    }

    /// Who signs with it. `None` in a damaged record alone.
    pub fn owner(&self) -> Option<Owner> {
        let account = AccountId::from_number(self.account)?;
        Some(match (&self.user, self.operator) {
            (None, None) => Owner::Root(account),
            (Some(id), None) => Owner::User(account, UniqueId::kept(id)),
            (None, Some(true)) => Owner::Operator(account),
            // Nobody who could be told.
            (_, Some(_)) => return None,
        })
    }

    /// Lets it sign, or not.
    pub fn set_status(&mut self, status: Status) {
        self.active = status == Status::Active;
    }

    /// Whether it may sign.
    pub fn status(&self) -> Status {
        if self.active {
            Status::Active
        } else {
            Status::Inactive
        }
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }
}

/// A freshly drawn access key, to be shown once and stored sealed.
#[derive(Debug)]
pub struct NewAccessKey {
    /// Its id.
    pub id: AccessKeyId,
    /// Its secret: 40 characters of base64's alphabet, 240 random bits.
    pub secret: SecretString,
}

impl NewAccessKey {
    /// Draws an id and a secret.
    pub fn draw(entropy: &dyn Entropy) -> Result<NewAccessKey, EntropyFailed> {
        NewAccessKey::draw_with("AKIA", entropy)
    }

    /// Keeps it, as whose it is to be: its record, and its secret sealed.
    pub fn keep(&self, owner: &Owner, now: Timestamp, change: &mut Change) {
        let secret = Arc::new(SecretString::new(self.secret.expose().to_owned()));
        change.put::<AccessKeys>(Domain::Installation, self.id.clone(), AccessKey::of(owner, now));
        change.put_secret::<AccessKeySecrets>(Domain::Installation, self.id.clone(), secret);
    }

    /// As [`NewAccessKey::draw`], for a session.
    pub(crate) fn draw_temporary(entropy: &dyn Entropy) -> Result<NewAccessKey, EntropyFailed> {
        NewAccessKey::draw_with(crate::TEMPORARY, entropy)
    }

    fn draw_with(prefix: &str, entropy: &dyn Entropy) -> Result<NewAccessKey, EntropyFailed> {
        let mut random = [0; 16 + SECRET_LENGTH];
        entropy.fill(&mut random)?;
        let (for_id, for_secret) = random.split_at(16);
        let letter = |letters: &[u8], byte: u8| {
            // Both alphabets are powers of two long, so every letter is as likely as any other.
            char::from(
                letters
                    .get(usize::from(byte) % letters.len())
                    .copied()
                    .unwrap_or(b'A'),
            )
        };
        let mut id = String::from(prefix);
        id.extend(for_id.iter().map(|byte| letter(ID_LETTERS, *byte)));
        let mut secret = String::with_capacity(SECRET_LENGTH);
        secret.extend(for_secret.iter().map(|byte| letter(SECRET_LETTERS, *byte)));
        random.zeroize();
        Ok(NewAccessKey {
            id: AccessKeyId(id.into()),
            secret: SecretString::new(secret),
        })
    }
}

/// The table of access keys, by access key id.
#[derive(Debug)]
pub struct AccessKeys;

impl Table for AccessKeys {
    const ID: TableId = TableId(11);
    const NAME: &'static str = "access keys";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = AccessKeyId;
    type Record = AccessKey;

    fn encode(record: &AccessKey, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<AccessKey, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &AccessKey, out: &mut Vec<IndexKey>) {
        if let Some(owner) = record.owner() {
            out.push(IndexKey {
                index: AccessKeys::BY_OWNER,
                bytes: [
                    AccessKeys::of_owner(&owner).as_slice(),
                    &record.created_ms.to_be_bytes(),
                ]
                .concat(),
            });
        }
    }
}

/// The indexes of access keys.
impl AccessKeys {
    /// By their owner, then by when they were made.
    pub const BY_OWNER: u8 = 0;

    /// What the entries of an owner begin with.
    pub fn of_owner(owner: &Owner) -> Vec<u8> {
        let account = owner.account().number().to_be_bytes();
        match owner {
            Owner::Root(_) | Owner::Operator(_) => [account.as_slice(), b"\0"].concat(),
            Owner::User(_, id) => [account.as_slice(), id.as_str().as_bytes(), b"\0"].concat(),
        }
    }
}

/// The table of secret access keys, by access key id; the vault alone opens them.
#[derive(Debug)]
pub struct AccessKeySecrets;

impl SecretTable for AccessKeySecrets {
    const ID: TableId = TableId(13);
    const NAME: &'static str = "secret access keys";
    const FORMAT: u8 = 1;
    type Key = AccessKeyId;
    type Secret = SecretString;

    fn encode(secret: &SecretString, out: &mut SecretBuffer) {
        out.extend(secret.expose().as_bytes());
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<SecretString, Unreadable> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(SecretString::new(text.to_owned())),
            Err(_) => Err(Unreadable("a secret access key is malformed")),
        }
    }
}

impl RowName for AccessKeyId {
    /// In clear: an id is no secret, and stands in every request and record. Each call looks it up three times.
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(self.0.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SystemEntropy;

    #[test]
    fn a_drawn_key_has_the_form_that_clients_expect() {
        let key = NewAccessKey::draw(&SystemEntropy).unwrap();
        assert!(key.id.as_str().starts_with("AKIA") && key.id.as_str().len() == 20);
        assert_eq!(key.secret.expose().len(), 40);
        assert_eq!(key.id.as_str().parse(), Ok(key.id.clone()));
        assert_ne!(key.secret, NewAccessKey::draw(&SystemEntropy).unwrap().secret);
    }
}
