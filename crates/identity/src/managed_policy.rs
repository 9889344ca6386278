//! Managed policies, and their versions.

use std::ops::Deref;

use ambient::Timestamp;
use arn::{AccountId, Arn};
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{Held, IndexKey, Table, TableId, Unreadable};

use crate::document::Document;
use crate::entity::{Tag, arn_of};
use crate::unique_id::UniqueId;

/// A policy that can be attached to many users, groups and roles.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ManagedPolicy {
    #[n(0)]
    id: String,
    /// 1 to 128 characters; unique in the account, without regard to case.
    #[n(1)]
    pub name: String,
    /// `/`, or up to 512 characters that begin and end with one.
    #[n(2)]
    pub path: String,
    /// 0 to 1000 characters, for good.
    #[n(3)]
    pub description: String,
    #[n(4)]
    created_ms: i64,
    #[n(5)]
    updated_ms: i64,
    /// At most 50.
    #[n(6)]
    pub tags: Vec<Tag>,
    /// One to five, oldest first.
    #[n(7)]
    versions: Vec<PolicyVersion>,
    /// The number of the version that is in force.
    #[n(8)]
    default_version: u32,
    /// The number of the next version: none is used twice.
    #[n(9)]
    next_version: u32,
}

/// One version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PolicyVersion {
    /// From 1.
    #[n(0)]
    pub number: u32,
    #[n(1)]
    created_ms: i64,
    /// What it says.
    #[n(2)]
    pub document: Document,
}

impl PolicyVersion {
    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }

    /// `v1` and so on.
    pub fn name(&self) -> String {
        format!("v{}", self.number)
    }
}

impl ManagedPolicy {
    /// A policy made at `now`, whose first version is in force.
    pub fn new(id: &UniqueId, name: &str, path: &str, document: &str, now: Timestamp) -> ManagedPolicy {
        ManagedPolicy {
            id: id.to_string(),
            name: name.to_owned(),
            path: path.to_owned(),
            description: String::new(),
            created_ms: now.milliseconds(),
            updated_ms: now.milliseconds(),
            tags: Vec::new(),
            versions: vec![PolicyVersion {
                number: 1,
                created_ms: now.milliseconds(),
                document: Document::new(document),
            }],
            default_version: 1,
            next_version: 2,
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

    /// When a version of it was last made, or put in force.
    pub fn updated(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.updated_ms)
    }

    /// Its ARN in its account; `None` in a damaged record alone.
    pub fn arn(&self, account: AccountId) -> Option<Arn> {
        arn_of(account, "policy", &self.path, &self.name)
    }

    /// Its versions, oldest first.
    pub fn versions(&self) -> &[PolicyVersion] {
        &self.versions
    }

    /// The version of a name such as `v2`.
    pub fn version(&self, name: &str) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.name() == name)
    }

    /// The version that is in force; `None` in a damaged record alone.
    pub fn in_force(&self) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| self.is_in_force(version))
    }

    /// Whether this version is in force.
    pub fn is_in_force(&self, version: &PolicyVersion) -> bool {
        version.number == self.default_version
    }

    /// Adds a version at `now`, and puts it in force where that is wanted; its number.
    pub fn add_version(&mut self, document: &str, in_force: bool, now: Timestamp) -> u32 {
        let number = self.next_version;
        self.next_version = self.next_version.saturating_add(1);
        self.updated_ms = now.milliseconds();
        self.versions.push(PolicyVersion {
            number,
            created_ms: now.milliseconds(),
            document: Document::new(document),
        });
        if in_force {
            self.default_version = number;
        }
        number
    }

    /// Puts a version in force at `now`.
    pub fn put_in_force(&mut self, number: u32, now: Timestamp) {
        self.default_version = number;
        self.updated_ms = now.milliseconds();
    }

    /// Takes a version away, unless it is in force.
    pub fn remove_version(&mut self, number: u32) {
        let default = self.default_version;
        self.versions
            .retain(|version| version.number != number || number == default);
    }
}

/// A managed policy that was looked up.
#[derive(Debug)]
pub enum FoundPolicy {
    /// The account's own.
    Own(Held<ManagedPolicy>),
    /// One of AWS's, which nobody can change.
    Aws(&'static ManagedPolicy),
}

impl Deref for FoundPolicy {
    type Target = ManagedPolicy;

    fn deref(&self) -> &ManagedPolicy {
        match self {
            FoundPolicy::Own(policy) => policy,
            FoundPolicy::Aws(policy) => policy,
        }
    }
}

/// The table of managed policies, by unique id.
#[derive(Debug)]
pub struct ManagedPolicies;

/// The indexes of managed policies.
impl ManagedPolicies {
    /// By name, in small letters.
    pub const BY_NAME: u8 = 0;
    /// By path and name, as in their ARNs.
    pub const BY_ARN: u8 = 1;
}

impl Table for ManagedPolicies {
    const ID: TableId = TableId(33);
    const NAME: &'static str = "managed policies";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = UniqueId;
    type Record = ManagedPolicy;

    fn encode(record: &ManagedPolicy, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<ManagedPolicy, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &ManagedPolicy, out: &mut Vec<IndexKey>) {
        out.push(IndexKey {
            index: ManagedPolicies::BY_NAME,
            bytes: record.name.to_ascii_lowercase().into_bytes(),
        });
        out.push(IndexKey {
            index: ManagedPolicies::BY_ARN,
            bytes: [record.path.as_bytes(), record.name.as_bytes()].concat(),
        });
    }
}
