//! Roles: whom they may be taken on by, and what they give.

use std::sync::{Arc, OnceLock};

use ambient::Timestamp;
use arn::{AccountId, Arn};
use minicbor::{Decode, Encode};
use policy::{Compiled, Kind, Policy};
use secret::SecretBuffer;
use store::{IndexKey, Table, TableId, Unreadable};

use crate::entity::{Policies, Tag, arn_of};
use crate::naming::{Named, by_id};
use crate::unique_id::UniqueId;
use crate::user::below;

/// A role of an account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Role {
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
    /// Who may take it on.
    #[n(7)]
    pub trust: TrustPolicy,
    /// What its maker says of it; up to 1000 characters.
    #[n(8)]
    pub description: String,
    /// How many seconds a session of it may last: 3600 to 43,200.
    #[n(9)]
    pub longest_session: u32,
    /// Sessions that began until then are over; in milliseconds since 1970.
    #[n(10)]
    not_before_ms: Option<i64>,
}

/// Who may take a role on.
#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map)]
pub struct TrustPolicy {
    #[n(0)]
    text: String,
    #[n(1)]
    named: Vec<Named>,
    #[cbor(skip)]
    compiled: OnceLock<Arc<Compiled>>,
}

impl TrustPolicy {
    /// A policy as it was given, with those whom it names by their ARNs.
    pub fn new(text: &str, named: Vec<Named>) -> TrustPolicy {
        TrustPolicy {
            text: text.to_owned(),
            named,
            compiled: OnceLock::new(),
        }
    }

    /// The text, unchanged.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Those whom it names by their ARNs.
    pub fn named(&self) -> &[Named] {
        &self.named
    }

    /// The policy, to be evaluated. A text that was taken once and can't be read any more denies everything.
    pub fn compiled(&self) -> Arc<Compiled> {
        let compiled = self.compiled.get_or_init(|| {
            let read = Policy::parse(&self.text, Kind::Trust);
            let policy = read.map_or_else(|_| Policy::unreadable(), |policy| by_id(policy, &self.named));
            Arc::new(policy.compile())
        });
        Arc::clone(compiled)
    }
}

impl PartialEq for TrustPolicy {
    fn eq(&self, other: &TrustPolicy) -> bool {
        self.text == other.text && self.named == other.named
    }
}

impl Eq for TrustPolicy {}

impl Role {
    /// A role made at `now`, without tags, boundary and policies, for sessions of an hour.
    pub fn new(id: &UniqueId, name: &str, path: &str, trust: TrustPolicy, now: Timestamp) -> Role {
        Role {
            id: id.to_string(),
            name: name.to_owned(),
            path: path.to_owned(),
            created_ms: now.milliseconds(),
            tags: Vec::new(),
            boundary: None,
            policies: Policies::default(),
            trust,
            description: String::new(),
            longest_session: 3600,
            not_before_ms: None,
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
        arn_of(account, "role", &self.path, &self.name)
    }

    /// The ARN of a session of it: `arn:aws:sts::111122223333:assumed-role/name/session`.
    pub fn session_arn(&self, account: AccountId, session: &str) -> Option<Arn> {
        let name = &self.name;
        format!("arn:aws:sts::{account}:assumed-role/{name}/{session}")
            .parse()
            .ok()
    }

    /// Whether sessions that began at `issued` go on.
    pub fn admits(&self, issued: Timestamp) -> bool {
        self.not_before_ms
            .is_none_or(|ended| issued.milliseconds() > ended)
    }

    /// Ends all sessions that there are at `now`.
    pub fn end_sessions(&mut self, now: Timestamp) {
        self.not_before_ms = Some(now.milliseconds());
    }
}

/// The table of roles, by unique id.
#[derive(Debug)]
pub struct Roles;

/// The indexes of roles.
impl Roles {
    /// By name, in small letters.
    pub const BY_NAME: u8 = 0;
    /// By the ARN of a managed policy that is attached or bounds them, then their name.
    pub const BY_POLICY: u8 = 1;
}

impl Table for Roles {
    const ID: TableId = TableId(32);
    const NAME: &'static str = "roles";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = UniqueId;
    type Record = Role;

    fn encode(record: &Role, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Role, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &Role, out: &mut Vec<IndexKey>) {
        out.push(IndexKey {
            index: Roles::BY_NAME,
            bytes: record.name.to_ascii_lowercase().into_bytes(),
        });
        for policy in record.policies.attached.iter().chain(&record.boundary) {
            out.push(below(Roles::BY_POLICY, policy, &record.name));
        }
    }
}
