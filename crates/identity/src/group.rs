//! Groups.

use ambient::Timestamp;
use arn::{AccountId, Arn};
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{IndexKey, Table, TableId, Unreadable};

use crate::entity::{Policies, arn_of};
use crate::unique_id::UniqueId;
use crate::user::below;

/// A group of users, which have its policies.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Group {
    #[n(0)]
    id: String,
    /// 1 to 128 characters; unique in the account, without regard to case.
    #[n(1)]
    pub name: String,
    /// `/`, or up to 512 characters that begin and end with one.
    #[n(2)]
    pub path: String,
    #[n(3)]
    created_ms: i64,
    /// What its members may.
    #[n(4)]
    pub policies: Policies,
}

impl Group {
    /// A group made at `now`, without policies.
    pub fn new(id: &UniqueId, name: &str, path: &str, now: Timestamp) -> Group {
        Group {
            id: id.to_string(),
            name: name.to_owned(),
            path: path.to_owned(),
            created_ms: now.milliseconds(),
            policies: Policies::default(),
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
        arn_of(account, "group", &self.path, &self.name)
    }
}

/// The table of groups, by unique id.
#[derive(Debug)]
pub struct Groups;

/// The indexes of groups.
impl Groups {
    /// By name, in small letters.
    pub const BY_NAME: u8 = 0;
    /// By the ARN of a managed policy that is attached, then their name.
    pub const BY_POLICY: u8 = 1;
}

impl Table for Groups {
    const ID: TableId = TableId(31);
    const NAME: &'static str = "groups";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = UniqueId;
    type Record = Group;

    fn encode(record: &Group, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Group, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &Group, out: &mut Vec<IndexKey>) {
        out.push(IndexKey {
            index: Groups::BY_NAME,
            bytes: record.name.to_ascii_lowercase().into_bytes(),
        });
        for policy in &record.policies.attached {
            out.push(below(Groups::BY_POLICY, policy, &record.name));
        }
    }
}
