//! Grants: what somebody may do with one key, beside what policies allow.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ambient::Timestamp;
use arn::AccountId;
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{IndexKey, NameBuffer, Names, RowName, Table, TableId, Unreadable};

use crate::key_id::KeyId;

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Grant {
    /// The key, as [`KeyId::to_bytes`] writes it.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub key: [u8; 17],
    /// Its id.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub id: [u8; 32],
    /// What it is called, where it is.
    #[n(2)]
    pub name: Option<String>,
    /// Who may.
    #[n(3)]
    pub grantee: Party,
    /// Who else may end it.
    #[n(4)]
    pub retiring: Option<Party>,
    /// What it allows: one bit each, by the place in `GrantOperation`.
    #[n(5)]
    pub operations: u32,
    /// Pairs that an encryption context has to have.
    #[n(6)]
    pub subset: Option<BTreeMap<String, String>>,
    /// Pairs that an encryption context has to be.
    #[n(7)]
    pub equals: Option<BTreeMap<String, String>>,
    /// The resource that a service has to act for.
    #[n(8)]
    pub source_arn: Option<String>,
    /// The account of whoever made it.
    #[n(9)]
    pub issuer: u64,
    /// When it was made, in milliseconds since 1970.
    #[n(10)]
    pub created_ms: i64,
}

/// Somebody whom a grant names.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Party {
    /// The ARN or service principal that was given.
    #[n(0)]
    pub named: String,
    /// Who that was then: a unique id, an account's number, or the name of a service.
    #[n(1)]
    pub id: String,
    /// Whether it is a service.
    #[n(2)]
    pub is_service: bool,
}

impl Grant {
    /// The account of whoever made it; `None` in a damaged record alone.
    pub fn issuer(&self) -> Option<AccountId> {
        AccountId::from_number(self.issuer)
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }

    /// Whether it says the same as another, whatever their ids and ages.
    pub fn says_the_same(&self, other: &Grant) -> bool {
        Grant {
            id: other.id,
            created_ms: other.created_ms,
            ..self.clone()
        } == *other
    }

    /// What a request's context has to be looked up by for this grant to be found.
    fn tag(&self) -> Tag {
        match (&self.equals, &self.subset) {
            (Some(equals), _) => Tag::of_all(equals),
            (None, Some(subset)) => subset.iter().next().map_or(Tag::ANY, Tag::of_pair),
            (None, None) => Tag::ANY,
        }
    }
}

/// A short name for what a grant asks of encryption contexts, so that a request finds the few grants that may fit it among
/// many of one grantee; whether one does is decided on the grant itself. Names of pairs compare without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag([u8; 9]);

impl Tag {
    /// Of a grant that asks nothing.
    pub const ANY: Tag = Tag([0; 9]);

    /// Of a grant for exactly these pairs.
    pub fn of_all(pairs: &BTreeMap<String, String>) -> Tag {
        let folded: BTreeMap<String, &String> = pairs
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value))
            .collect();
        Tag::made(1, &folded)
    }

    /// Of a grant that asks for this pair before any other.
    pub fn of_pair((name, value): (&String, &String)) -> Tag {
        Tag::made(2, &(name.to_lowercase(), value))
    }

    fn made(kind: u8, of: &impl Hash) -> Tag {
        let mut hasher = DefaultHasher::new();
        of.hash(&mut hasher);
        let [a, b, c, d, e, f, g, h] = hasher.finish().to_be_bytes();
        Tag([kind, a, b, c, d, e, f, g, h])
    }
}

/// Names one grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantName {
    /// The key.
    pub key: KeyId,
    /// The grant's id.
    pub id: [u8; 32],
}

impl RowName for GrantName {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&self.key.to_bytes());
        out.extend(&self.id);
    }
}

/// The table of grants, by key id and grant id.
#[derive(Debug)]
pub struct Grants;

/// The indexes of grants.
impl Grants {
    /// By key, then id.
    pub const BY_KEY: u8 = 0;
    /// By key, grantee and [`Tag`], then what is allowed, then id.
    pub const BY_GRANTEE: u8 = 1;
    /// By whoever may retire it, then key, then id.
    pub const BY_RETIRING: u8 = 2;
    /// By key, then name, then id.
    pub const BY_NAME: u8 = 3;

    /// What entries of [`Grants::BY_GRANTEE`] begin with, as far as it is given.
    pub fn of_grantee(key: &[u8], grantee: &str, tag: Option<Tag>) -> Vec<u8> {
        let mut prefix = [key, grantee.as_bytes(), b"\0"].concat();
        prefix.extend(tag.iter().flat_map(|tag| tag.0));
        prefix
    }

    /// The operations in an entry of [`Grants::BY_GRANTEE`].
    pub fn operations_of(entry: &[u8]) -> Option<u32> {
        let end = entry.len().checked_sub(32)?;
        let bytes = entry.get(end.checked_sub(4)?..end)?;
        bytes.try_into().map(u32::from_be_bytes).ok()
    }

    /// What entries of [`Grants::BY_RETIRING`] begin with.
    pub fn of_retiring(retiring: &str) -> Vec<u8> {
        [retiring.as_bytes(), b"\0"].concat()
    }

    /// What entries of [`Grants::BY_NAME`] begin with.
    pub fn of_name(key: &[u8], name: &str) -> Vec<u8> {
        [key, name.as_bytes(), b"\0"].concat()
    }
}

impl Table for Grants {
    const ID: TableId = TableId(24);
    const NAME: &'static str = "grants";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = GrantName;
    type Record = Grant;

    fn encode(record: &Grant, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Grant, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &Grant, out: &mut Vec<IndexKey>) {
        let mut push = |index, bytes| out.push(IndexKey { index, bytes });
        let (key, id) = (record.key.as_slice(), record.id.as_slice());
        push(Grants::BY_KEY, [key, id].concat());
        let mut by_grantee = Grants::of_grantee(key, &record.grantee.id, Some(record.tag()));
        by_grantee.extend(record.operations.to_be_bytes());
        by_grantee.extend(id);
        push(Grants::BY_GRANTEE, by_grantee);
        if let Some(retiring) = &record.retiring {
            push(
                Grants::BY_RETIRING,
                [&Grants::of_retiring(&retiring.id), key, id].concat(),
            );
        }
        if let Some(name) = &record.name {
            push(Grants::BY_NAME, [&Grants::of_name(key, name), id].concat());
        }
    }
}
