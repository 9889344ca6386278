//! A KMS key: everything about it but its material, its policy and its aliases.

use std::time::Duration;

use ambient::Timestamp;
use crypto::MaterialId;
use crypto::specs::{self, Family};
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{NameBuffer, Names, RowName, Table, TableId, Unreadable};

use super::Tags;
use crate::key_id::KeyId;

/// A KMS key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Key {
    /// When it was created, in milliseconds since 1970.
    #[n(0)]
    pub created_ms: i64,
    /// 0 to 8192 characters.
    #[n(1)]
    pub description: String,
    /// Its spec, by the name AWS gives it: `SYMMETRIC_DEFAULT`.
    #[n(2)]
    pub spec: String,
    /// Its usage, by the name AWS gives it: `ENCRYPT_DECRYPT`.
    #[n(3)]
    pub usage: String,
    /// Where its material comes from.
    #[n(4)]
    pub origin: Origin,
    /// Whether it is enabled, apart from any deletion.
    #[n(5)]
    pub enabled: bool,
    /// The deletion it waits for.
    #[n(6)]
    pub deletion: Option<Deletion>,
    /// Tags, in the order in which their keys were first set.
    #[n(7)]
    pub tags: Tags,
    /// Its material, oldest first; the last encrypts, all decrypt.
    #[n(8)]
    pub versions: Vec<Version>,
    /// Automatic rotation, where it is switched on; all keys of a multi-Region family have the primary's.
    #[n(9)]
    pub rotation: Option<RotationPlan>,
    /// Imported material that the next rotation makes current.
    #[n(10)]
    pub pending: Option<Version>,
    /// The family of a multi-Region key; each of its keys has the same.
    #[n(11)]
    pub relatives: Option<Relatives>,
    /// What is being done to the key in several Regions.
    #[n(12)]
    pub transition: Option<Transition>,
    /// The waiting period, in days, of a primary that is to be deleted when its replicas are gone.
    #[n(13)]
    pub deletion_after_replicas: Option<u8>,
}

/// Where a key's material comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Origin {
    /// Made here.
    #[n(0)]
    AwsKms,
    /// Imported.
    #[n(1)]
    External,
}

/// The Regions of a multi-Region key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Relatives {
    /// Where the primary is.
    #[n(0)]
    pub primary: String,
    /// Where the replicas are, in the order in which they were made.
    #[n(1)]
    pub replicas: Vec<String>,
}

/// What is being done to a key in several Regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Transition {
    /// It is a replica that is being made.
    #[n(0)]
    Creating,
    /// It is changing between primary and replica.
    #[n(1)]
    Updating,
}

/// A scheduled deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Deletion {
    /// From when on the key is gone, in milliseconds since 1970.
    #[n(0)]
    pub due_ms: i64,
    /// The waiting period that was asked for, in days.
    #[n(1)]
    pub window_days: u8,
}

/// One material of a key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Version {
    #[cbor(n(0), with = "minicbor::bytes")]
    id: [u8; 32],
    /// When it became current, in milliseconds since 1970.
    #[n(1)]
    pub since_ms: i64,
    /// What made it current.
    #[n(2)]
    pub by: RotationKind,
    /// How it was imported, where it was.
    #[n(3)]
    pub import: Option<Import>,
}

/// What is known of imported material.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Import {
    /// Whether it is here: it may be deleted, and imported again.
    #[n(0)]
    pub held: bool,
    /// When it expires, in milliseconds since 1970, where it does.
    #[n(1)]
    pub valid_to_ms: Option<i64>,
    /// What the caller says of it; 0 to 256 characters.
    #[n(2)]
    pub description: Option<String>,
    /// Whether a Region of the family lacks it still, so that no rotation can make it current.
    #[n(3)]
    pub lacks_replicas: bool,
}

impl Import {
    /// Whether it can be used at `now`.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.held && self.valid_to().is_none_or(|end| now < end)
    }

    /// When it expires, where it does.
    pub fn valid_to(&self) -> Option<Timestamp> {
        self.valid_to_ms.map(Timestamp::from_milliseconds)
    }
}

impl Origin {
    /// The name on the wire. Source: KMS API Reference, `OriginType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::AwsKms => "AWS_KMS",
            Origin::External => "EXTERNAL",
        }
    }
}

impl Version {
    /// The material `id`, current since `now` by `by`.
    pub fn new(id: MaterialId, now: Timestamp, by: RotationKind) -> Version {
        Version {
            id: *id.as_bytes(),
            since_ms: now.milliseconds(),
            by,
            import: None,
        }
    }

    /// The material `id`, imported at `now`: the key's first, or one that waits for a rotation.
    pub fn imported(id: MaterialId, now: Timestamp, import: Import) -> Version {
        Version {
            import: Some(import),
            ..Version::new(id, now, RotationKind::Creation)
        }
    }

    /// Whether it is here: imported material may be away.
    pub fn is_held(&self) -> bool {
        self.import.as_ref().is_none_or(|import| import.held)
    }

    /// Whether it was here until it expired.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.is_held() && !self.is_usable(now)
    }

    /// Notes that imported material is away.
    pub fn lose(&mut self) {
        if let Some(import) = self.import.as_mut() {
            import.held = false;
            import.valid_to_ms = None;
        }
    }

    /// Notes whether a Region of the family lacks it, while it waits for a rotation.
    pub fn set_lacking(&mut self, lacks_replicas: bool) {
        if let Some(import) = self.import.as_mut() {
            import.lacks_replicas = lacks_replicas;
        }
    }

    /// Whether it can be used at `now`: imported material may be away.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.import.as_ref().is_none_or(|import| import.is_usable(now))
    }

    /// The same material as a new replica has it: what was imported has to be imported there as well.
    pub fn replicated(&self) -> Version {
        let import = self.import.as_ref().map(|import| Import {
            held: false,
            valid_to_ms: None,
            description: import.description.clone(),
            lacks_replicas: import.lacks_replicas,
        });
        Version {
            import,
            ..self.clone()
        }
    }

    /// The material's id.
    pub fn id(&self) -> MaterialId {
        MaterialId::from_bytes(self.id)
    }

    /// When it became current.
    pub fn since(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.since_ms)
    }
}

/// What made a material current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RotationKind {
    /// The key's creation.
    #[n(0)]
    Creation,
    /// Automatic rotation.
    #[n(1)]
    Automatic,
    /// RotateKeyOnDemand.
    #[n(2)]
    OnDemand,
}

/// Automatic rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RotationPlan {
    /// Days between rotations: 90 to 2560.
    #[n(0)]
    pub period_days: u16,
    /// When the next is due, in milliseconds since 1970.
    #[n(1)]
    pub next_ms: i64,
}

/// `days` after `now`, in milliseconds since 1970.
fn days_after(now: Timestamp, days: u16) -> i64 {
    now.after(Duration::from_secs(86_400) * u32::from(days))
        .milliseconds()
}

impl RotationPlan {
    /// A plan that begins at `now`.
    pub fn from(now: Timestamp, period_days: u16) -> RotationPlan {
        RotationPlan {
            period_days,
            next_ms: days_after(now, period_days),
        }
    }

    /// When the next rotation is due.
    pub fn next(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.next_ms)
    }
}

impl Deletion {
    /// A deletion asked for at `now`.
    pub fn after(now: Timestamp, window_days: u8) -> Deletion {
        Deletion {
            due_ms: days_after(now, u16::from(window_days)),
            window_days,
        }
    }

    /// From when on the key is gone.
    pub fn due(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.due_ms)
    }
}

impl Key {
    /// When it was created.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }

    /// A key without description, tags, material, plan or relatives.
    pub fn bare(spec: &str, usage: &str, origin: Origin, now: Timestamp) -> Key {
        Key {
            created_ms: now.milliseconds(),
            description: String::new(),
            spec: spec.to_owned(),
            usage: usage.to_owned(),
            origin,
            enabled: true,
            deletion: None,
            tags: Tags::default(),
            versions: Vec::new(),
            rotation: None,
            pending: None,
            relatives: None,
            transition: None,
            deletion_after_replicas: None,
        }
    }

    /// Whether it is a symmetric encryption key, which may have several materials.
    pub fn is_symmetric(&self) -> bool {
        specs::find(&self.spec).is_some_and(|spec| spec.family == Family::Symmetric)
    }

    /// Whether there is material, and all of it can be used at `now`.
    pub fn has_all_material(&self, now: Timestamp) -> bool {
        !self.versions.is_empty() && self.versions.iter().all(|version| version.is_usable(now))
    }

    /// The material that encrypts; every key of origin AWS_KMS has one.
    pub fn current(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// How many on-demand rotations it has had.
    pub fn rotations_on_demand(&self) -> usize {
        self.versions
            .iter()
            .filter(|version| version.by == RotationKind::OnDemand)
            .count()
    }
}

/// The table of keys, by key id.
#[derive(Debug)]
pub struct Keys;

impl Table for Keys {
    const ID: TableId = TableId(20);
    const NAME: &'static str = "keys";
    const FORMAT: u8 = 1;
    type Key = KeyId;
    type Record = Key;

    fn encode(record: &Key, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Key, Unreadable> {
        store::cbor::decode(bytes)
    }
}

impl RowName for KeyId {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&self.to_bytes());
    }
}
