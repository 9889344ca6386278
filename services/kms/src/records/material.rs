//! Key material, sealed under a label of its own; the vault alone opens it.

use crypto::{Material, MaterialId};
use secret::SecretBuffer;
use store::{NameBuffer, Names, RowName, SecretTable, TableId, Unreadable};

use crate::key_id::KeyId;

/// The table of key material, by key id and material id.
#[derive(Debug)]
pub struct Materials;

/// Names one material of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaterialName {
    /// The key.
    pub key: KeyId,
    /// The material.
    pub id: MaterialId,
}

impl RowName for MaterialName {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&self.key.to_bytes());
        out.extend(self.id.as_bytes());
    }
}

impl SecretTable for Materials {
    const ID: TableId = TableId(21);
    const NAME: &'static str = "key material";
    const FORMAT: u8 = 1;
    type Key = MaterialName;
    type Secret = Material;

    fn encode(secret: &Material, out: &mut SecretBuffer) {
        secret.encode(out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Material, Unreadable> {
        Material::decode(bytes).map_err(|_| Unreadable("key material is malformed"))
    }
}
