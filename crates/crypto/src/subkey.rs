//! The keys below a domain key: one for each use, told apart by a label.
//!
//! A subkey is what the domain key [gives](crate::kdf) for its label and an empty context. Names and rows are
//! hashed with HMAC-SHA-256 (RFC 2104) under subkeys of their own.

use std::fmt;

use ambient::{Entropy, EntropyFailed};
use aws_lc_rs::hmac;
use secret::LockedKey;

use crate::seal::SealingKey;
use crate::{SealFailed, kdf};

/// What a subkey seals. A label is part of the format: it never changes, and none is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// Seals the rows of ordinary tables.
    Record,
    /// Seals the rows that hold key material.
    Material,
    /// Seals the tokens that are handed to clients: import tokens, grant tokens.
    Token,
    /// Seals the markers of paginated lists.
    Marker,
    /// Seals key material on its way to another Region.
    Package,
    /// Seals the head, which says what the whole store holds.
    Head,
}

// Subkeys that hash, and so must never seal: HMAC of bytes from outside could give a message's key.
const ROW_NAME: &str = "keystead 1 subkey row-name";
const ROW_HASH: &str = "keystead 1 subkey row-hash";

impl Label {
    /// The label as it enters the derivation of the subkey.
    fn of_subkey(self) -> &'static str {
        match self {
            Label::Record => "keystead 1 subkey record",
            Label::Material => "keystead 1 subkey material",
            Label::Token => "keystead 1 subkey token",
            Label::Marker => "keystead 1 subkey marker",
            Label::Package => "keystead 1 subkey package",
            Label::Head => "keystead 1 subkey head",
        }
    }
}

/// One version of the key that everything of one account and Region is sealed under; random, and kept in the
/// store wrapped by the [root key](crate::root).
#[derive(Debug)]
pub struct DomainKey {
    version: u32,
    key: LockedKey,
}

impl DomainKey {
    /// A new key, to be the domain's version `version`.
    pub fn generate(version: u32, entropy: &dyn Entropy) -> Result<DomainKey, EntropyFailed> {
        let key = LockedKey::filled_by(|bytes| entropy.fill(bytes))?;
        Ok(DomainKey { version, key })
    }

    /// The domain's version `version`, as it was unwrapped.
    pub fn new(version: u32, key: LockedKey) -> DomainKey {
        DomainKey { version, key }
    }

    /// Which version this is.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The key itself, to be wrapped.
    pub fn key(&self) -> &LockedKey {
        &self.key
    }

    /// The subkey that seals for one use; what it seals says this key's version.
    pub fn sealing(&self, label: Label) -> Result<SealingKey, SealFailed> {
        Ok(SealingKey::new(
            self.subkey(label.of_subkey())?,
            label,
            self.version,
        ))
    }

    /// The hash of names in row keys.
    pub fn names(&self) -> Result<NameKey, SealFailed> {
        Ok(NameKey(HashKey::new(&self.subkey(ROW_NAME)?)))
    }

    /// The hash of rows that the head counts.
    pub fn row_hash(&self) -> Result<HashKey, SealFailed> {
        Ok(HashKey::new(&self.subkey(ROW_HASH)?))
    }

    fn subkey(&self, label: &'static str) -> Result<LockedKey, SealFailed> {
        LockedKey::filled_by(|subkey| kdf::derive(self.key.expose(), label, &[], subkey))
    }
}

/// Turns names into row keys that don't show them.
#[derive(Debug)]
pub struct NameKey(HashKey);

impl NameKey {
    /// HMAC-SHA-256 of `name`. The same name always gives the same hash under one key, so what must not be
    /// seen to be equal (a user and an alias of one name, say) belongs in `name` with its kind before it.
    pub fn keyed_name(&self, name: &[u8]) -> [u8; 32] {
        self.0.hash(name)
    }
}

/// HMAC-SHA-256 under one key, prepared once. Source: RFC 2104.
pub struct HashKey(Box<hmac::Key>); // boxed, so that moving it leaves no copy behind

impl HashKey {
    fn new(key: &LockedKey) -> HashKey {
        HashKey(Box::new(hmac::Key::new(hmac::HMAC_SHA256, key.expose())))
    }

    /// The hash of `bytes`.
    pub fn hash(&self, bytes: &[u8]) -> [u8; 32] {
        self.hash_parts(&[bytes])
    }

    /// The hash of `parts` as one text, without any separator: the caller sees to it that no other parts
    /// give the same text.
    pub fn hash_parts(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        let mut hash = [0; 32];
        // INVARIANT: a tag of HMAC-SHA-256 has 32 bytes.
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey")
    }
}
