//! What KMS keeps: keys, their material, their policies, their aliases.

mod alias;
mod key;
mod material;
mod policy;

pub use alias::{Alias, Aliases, BY_NAME, BY_TARGET, alias_of_entry, target_prefix};
pub use key::{Deletion, Key, Keys, Origin, RotationKind, RotationPlan, Version};
pub use material::{MaterialName, Materials};
pub use policy::{KeyPolicies, KeyPolicy};

use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::Unreadable;

/// Writes a record as CBOR.
fn write<T: Encode<()>>(record: &T, out: &mut SecretBuffer) {
    // INVARIANT: writing to memory does not fail.
    let _ = minicbor::encode(record, minicbor::encode::write::Writer::new(out));
}

/// Reads a record that [`write()`] wrote.
fn read<'b, T: Decode<'b, ()>>(bytes: &'b [u8], damaged: &'static str) -> Result<T, Unreadable> {
    minicbor::decode(bytes).map_err(|_| Unreadable(damaged))
}
