//! Aliases: names for keys.

use ambient::Timestamp;
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{IndexKey, NameBuffer, Names, RowName, Table, TableId, Unreadable};

use crate::key_id::{AliasName, KeyId};

/// An alias.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Alias {
    /// The whole name, `alias/` and all.
    #[n(0)]
    pub name: String,
    /// The key it stands for, as [`KeyId::to_bytes`] writes it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub target: [u8; 17],
    /// When it was made, in milliseconds since 1970.
    #[n(2)]
    pub created_ms: i64,
    /// When it was last pointed at a key, in milliseconds since 1970.
    #[n(3)]
    pub updated_ms: i64,
}

impl Alias {
    /// The key it stands for; `None` in a damaged record alone.
    pub fn target(&self) -> Option<KeyId> {
        KeyId::from_bytes(&self.target)
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }

    /// When it was last pointed at a key.
    pub fn updated(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.updated_ms)
    }
}

/// The table of aliases, by a keyed hash of their name.
#[derive(Debug)]
pub struct Aliases;

/// The index of aliases in the order of their names.
pub const BY_NAME: u8 = 0;
/// The index of aliases by the key they stand for, then by name.
pub const BY_TARGET: u8 = 1;

/// What the entries of the aliases of `key` begin with in [`BY_TARGET`].
pub fn target_prefix(key: KeyId) -> [u8; 17] {
    key.to_bytes()
}

/// The alias's name in an entry of [`BY_TARGET`].
pub fn alias_of_entry(entry: &[u8]) -> Option<&str> {
    std::str::from_utf8(entry.get(17..)?).ok()
}

impl Table for Aliases {
    const ID: TableId = TableId(22);
    const NAME: &'static str = "aliases";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = AliasName;
    type Record = Alias;

    fn encode(record: &Alias, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Alias, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &Alias, out: &mut Vec<IndexKey>) {
        out.push(IndexKey {
            index: BY_NAME,
            bytes: record.name.clone().into_bytes(),
        });
        let by_target = [record.target.as_slice(), record.name.as_bytes()].concat();
        out.push(IndexKey {
            index: BY_TARGET,
            bytes: by_target,
        });
    }
}

impl RowName for AliasName {
    fn encode(&self, names: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&names.hash(self.as_str().as_bytes()));
    }
}
