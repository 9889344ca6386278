//! The named limits of this crate.

/// The longest plaintext that [`seal`](crate::seal) takes, in bytes: 16 MiB, far above any record.
pub const SEALED_PLAINTEXT: usize = 16 << 20;

/// The shortest and the longest passphrase, in bytes. What is shorter falls to a guess whatever Argon2 costs.
pub const PASSPHRASE: std::ops::RangeInclusive<usize> = 8..=4096;

/// Memory of Argon2id that stored parameters may ask for, in KiB: 8 MiB to 256 MiB. The parameters lie
/// beside the store, so whoever can edit them must not be able to exhaust the machine with them.
pub const ARGON2_MEMORY_KIB: std::ops::RangeInclusive<u32> = 8 * 1024..=256 * 1024;

/// Passes of Argon2id over its memory that stored parameters may ask for.
pub const ARGON2_PASSES: std::ops::RangeInclusive<u32> = 1..=16;

/// Lanes of Argon2id that stored parameters may ask for.
pub const ARGON2_LANES: std::ops::RangeInclusive<u32> = 1..=16;

/// The longest ciphertext of a symmetric key, in bytes. Source: KMS API Reference, `Decrypt`,
/// `CiphertextBlob`.
pub const CIPHERTEXT: usize = 6144;

/// Pairs to wrap imported material under that are kept ready, of each size.
pub const WRAPPING_KEYS_READY: usize = 2;

/// Callers who wait for such a pair to be made, of each size; beyond it they are refused.
pub const WRAPPING_KEYS_WAITED_FOR: usize = 8;
