//! Users.

use ambient::Timestamp;
use arn::{AccountId, Arn};
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{IndexKey, Table, TableId, Unreadable};

use crate::entity::{Policies, Tag, arn_of};
use crate::unique_id::UniqueId;

/// A user of an account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct User {
    #[n(0)]
    id: String,
    /// 1 to 64 characters; unique in the account, without regard to case.
    #[n(1)]
    pub name: String,
    /// `/`, or up to 512 characters that begin and end with one.
    #[n(2)]
    pub path: String,
    #[n(3)]
    created_ms: i64,
    /// At most 50.
    #[n(4)]
    pub tags: Vec<Tag>,
    /// The ARN of the managed policy that bounds its permissions.
    #[n(5)]
    pub boundary: Option<String>,
    /// Its own policies.
    #[n(6)]
    pub policies: Policies,
    /// Unique ids of the groups that it is in, in the order in which it was added.
    #[n(7)]
    pub groups: Vec<String>,
}

impl User {
    /// A user made at `now`, without tags, boundary, policies or groups.
    pub fn new(id: &UniqueId, name: &str, path: &str, now: Timestamp) -> User {
        User {
            id: id.to_string(),
            name: name.to_owned(),
            path: path.to_owned(),
            created_ms: now.milliseconds(),
            tags: Vec::new(),
            boundary: None,
            policies: Policies::default(),
            groups: Vec::new(),
        }
    }

    /// Its unique id.
    pub fn id(&self) -> UniqueId {
        UniqueId::kept(&self.id)
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }

    /// Its ARN in its account; `None` in a damaged record alone.
    pub fn arn(&self, account: AccountId) -> Option<Arn> {
        arn_of(account, "user", &self.path, &self.name)
    }
}

/// The table of users, by unique id.
#[derive(Debug)]
pub struct Users;

/// The indexes of users.
impl Users {
    /// By name, in small letters.
    pub const BY_NAME: u8 = 0;
    /// By the id of a group, then their name.
    pub const BY_GROUP: u8 = 1;
    /// By the ARN of a managed policy that is attached or bounds them, then their name.
    pub const BY_POLICY: u8 = 2;
}

impl Table for Users {
    const ID: TableId = TableId(30);
    const NAME: &'static str = "users";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = UniqueId;
    type Record = User;

    fn encode(record: &User, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<User, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &User, out: &mut Vec<IndexKey>) {
        out.push(IndexKey {
            index: Users::BY_NAME,
            bytes: record.name.to_ascii_lowercase().into_bytes(),
        });
        for group in &record.groups {
            out.push(below(Users::BY_GROUP, group, &record.name));
        }
        for policy in record.policies.attached.iter().chain(&record.boundary) {
            out.push(below(Users::BY_POLICY, policy, &record.name));
        }
    }
}

/// An entry under `outer`, where entries are in the order of `name`.
pub(crate) fn below(index: u8, outer: &str, name: &str) -> IndexKey {
    IndexKey {
        index,
        bytes: [outer.as_bytes(), b"\0", name.to_ascii_lowercase().as_bytes()].concat(),
    }
}
