//! Key policies: the text as it was given, compiled when it is read.

use std::sync::Arc;

use arn::AccountId;
use identity::{Named, by_id};
use minicbor::{Decode, Encode};
use policy::{Compiled, Kind, Policy};
use secret::SecretBuffer;
use store::{Table, TableId, Unreadable};

use crate::key_id::KeyId;

/// The policy of a key.
#[derive(Debug, Clone)]
pub struct KeyPolicy {
    source: Source,
    compiled: Arc<Compiled>,
}

/// What decides is made of the source, and says nothing more.
impl PartialEq for KeyPolicy {
    fn eq(&self, other: &KeyPolicy) -> bool {
        self.source == other.source
    }
}

impl Eq for KeyPolicy {}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// The default policy of a key of this account: not written out, since nearly every key has it.
    Default(AccountId),
    Given(Given),
}

/// A policy as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Given {
    #[n(0)]
    text: String,
    #[n(1)]
    named: Vec<Named>,
}

impl KeyPolicy {
    /// The policy of a key whose creator gave none.
    pub fn default_of(account: AccountId) -> KeyPolicy {
        KeyPolicy {
            source: Source::Default(account),
            compiled: Arc::new(Policy::default_of_key(account).compile()),
        }
    }

    /// A policy that was given as `text` and parsed as `policy`, with those whom it names by their ARNs.
    pub fn given(text: String, policy: Policy, named: Vec<Named>) -> KeyPolicy {
        let compiled = Arc::new(by_id(policy, &named).compile());
        KeyPolicy {
            source: Source::Given(Given { text, named }),
            compiled,
        }
    }

    /// The text, unchanged.
    pub fn text(&self) -> String {
        match &self.source {
            Source::Default(account) => Policy::default_key_policy_text(*account),
            Source::Given(given) => given.text.clone(),
        }
    }

    /// Those whom it names by their ARNs.
    pub fn named(&self) -> &[Named] {
        match &self.source {
            Source::Default(_) => &[],
            Source::Given(given) => &given.named,
        }
    }

    /// The policy, to be evaluated.
    pub fn compiled(&self) -> Arc<Compiled> {
        Arc::clone(&self.compiled)
    }
}

/// The table of key policies, by key id.
#[derive(Debug)]
pub struct KeyPolicies;

/// What the bytes of a record begin with.
const DEFAULT: u8 = 0;
const TEXT: u8 = 1;
const NAMING: u8 = 2;

impl Table for KeyPolicies {
    const ID: TableId = TableId(23);
    const NAME: &'static str = "key policies";
    const FORMAT: u8 = 1;
    type Key = KeyId;
    type Record = KeyPolicy;

    fn encode(record: &KeyPolicy, out: &mut SecretBuffer) {
        match &record.source {
            Source::Default(account) => {
                out.extend(&[DEFAULT]);
                out.extend(&account.number().to_be_bytes());
            }
            Source::Given(given) if given.named.is_empty() => {
                out.extend(&[TEXT]);
                out.extend(given.text.as_bytes());
            }
            Source::Given(given) => {
                out.extend(&[NAMING]);
                store::cbor::encode(given, out);
            }
        }
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<KeyPolicy, Unreadable> {
        let malformed = Unreadable("a key policy is malformed");
        match bytes.split_first() {
            Some((&DEFAULT, number)) => {
                let number = number.try_into().map(u64::from_be_bytes).ok();
                number
                    .and_then(AccountId::from_number)
                    .map(KeyPolicy::default_of)
                    .ok_or(malformed)
            }
            Some((&TEXT, text)) => {
                let text = std::str::from_utf8(text).map_err(|_| malformed)?;
                Ok(KeyPolicy::given(text.to_owned(), read(text), Vec::new()))
            }
            Some((&NAMING, given)) => {
                let Given { text, named } = store::cbor::decode(given)?;
                let policy = read(&text);
                Ok(KeyPolicy::given(text, policy, named))
            }
            _ => Err(malformed),
        }
    }
}

/// What an older version took and this one can't read denies, and its text can still be had.
fn read(text: &str) -> Policy {
    Policy::parse(text, Kind::Key).unwrap_or_else(|_| Policy::unreadable())
}

#[cfg(test)]
mod tests {
    use policy::{Caller, Decision, Nothing, Question, UNREADABLE};

    use super::*;

    #[test]
    fn a_stored_policy_that_can_not_be_read_denies_and_keeps_its_text() {
        let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Novelty":1}]}"#;
        let stored = [&[TEXT], text.as_bytes()].concat();
        let policy = KeyPolicies::decode(1, &stored).unwrap();
        assert_eq!(policy.text(), text);
        let compiled = policy.compiled();
        let account = AccountId::from_number(123_456_789_012).unwrap();
        let decision = compiled.decide(&Question {
            caller: Caller::Root(account),
            action: "kms:PutKeyPolicy",
            resource: "arn:aws:kms:us-east-1:123456789012:key/k",
            context: &Nothing,
        });
        match decision {
            Decision::Deny(source) => assert_eq!(source.sid.as_deref(), Some(UNREADABLE)),
            other => panic!("{other:?}"),
        }
        let mut again = SecretBuffer::with_capacity(64);
        KeyPolicies::encode(&policy, &mut again);
        assert_eq!(again.expose(), stored);
    }

    #[test]
    fn a_record_that_is_no_text_is_malformed() {
        for bytes in [&[][..], &[7], &[DEFAULT, 1], &[TEXT, 0xFF]] {
            assert!(KeyPolicies::decode(1, bytes).is_err());
        }
    }
}
