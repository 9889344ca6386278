//! Quotas of KMS. Source: KMS Developer Guide, "Quotas".

/// Customer managed keys of an account in a Region.
pub const KEYS: u64 = 100_000;
/// Aliases of a key.
pub const ALIASES_A_KEY: usize = 50;
/// Tags of a key.
pub const TAGS_A_KEY: usize = 50;
/// On-demand rotations of a key.
pub const ROTATIONS_ON_DEMAND: usize = 25;
/// Bytes of a key policy.
pub const KEY_POLICY_BYTES: usize = policy::limits::KEY_POLICY_BYTES;
