//! What KMS keeps: keys, their material, their policies, their aliases.

mod alias;
#[cfg(test)]
mod golden;
mod grant;
mod key;
mod material;
mod policy;
mod tags;

pub use alias::{Alias, Aliases, BY_NAME, BY_TARGET, alias_of_entry, target_prefix};
pub use grant::{Grant, GrantName, Grants, Party, Tag as GrantTag};
pub use key::{
    Deletion, Import, Key, Keys, Origin, Relatives, RotationKind, RotationPlan, Transition, Version,
};
pub use material::{MaterialName, Materials};
pub use policy::{KeyPolicies, KeyPolicy};
pub use tags::{TagEntry, Tags};
