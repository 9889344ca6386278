//! Passwords, of which only what they come to is kept: Argon2id, with the parameters of each beside it.
//!
//! ```text
//! version 1 │ memory in KiB │ passes │ lanes │ salt │ hash
//!   1 byte  │ 4, big-endian │   4    │   4   │  16  │  32
//! ```
//!
//! Source: RFC 9106; OWASP Password Storage Cheat Sheet for the parameters of new ones.

use ambient::{Entropy, EntropyFailed};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secret::{SecretArray, SecretString};
use zeroize::Zeroizing;

use crate::limits;

const VERSION: u8 = 1;
const SALT: usize = 16;
const HASH: usize = 32;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Bytes of an encoded hash.
pub const ENCODED: usize = 1 + 3 * 4 + SALT + HASH;

/// What a password comes to, and how.
#[derive(Debug, PartialEq, Eq)]
pub struct PasswordHash {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; SALT],
    hash: SecretArray<HASH>,
}

/// Why a password could not be worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFailed {
    /// The memory that it takes is not to be had.
    #[error("there is not enough memory to work a password")]
    Memory,
    /// A library refused a call that it never should.
    #[error("the cryptographic library failed")]
    Library,
}

/// Bytes that are no hash, or one whose parameters are beyond the [limits].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password's hash is damaged")]
pub struct BadHash;

/// What makes the same password come to something else each time.
#[derive(Debug, Clone, Copy)]
pub struct Salt([u8; SALT]);

impl Salt {
    /// Draws one.
    pub fn draw(entropy: &dyn Entropy) -> Result<Salt, EntropyFailed> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt)?;
        Ok(Salt(salt))
    }
}

impl PasswordHash {
    /// Works a new password: 19 MiB, 2 passes, 1 lane. Takes some hundredths of a second, on the caller's thread.
    pub fn of(password: &SecretString, salt: Salt) -> Result<PasswordHash, PasswordFailed> {
        let hash = worked(MEMORY_KIB, PASSES, LANES, &salt.0, password)?;
        Ok(PasswordHash::with(salt.0, hash))
    }

    /// The hash of no password, which costs as much to compare as that of one.
    pub fn decoy() -> Result<PasswordHash, PasswordFailed> {
        let hash = SecretArray::copied_from(&[0; HASH]).ok_or(PasswordFailed::Library)?;
        Ok(PasswordHash::with([0; SALT], hash))
    }

    fn with(salt: [u8; SALT], hash: SecretArray<HASH>) -> PasswordHash {
        PasswordHash {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt,
            hash,
        }
    }

    /// Whether this is the password; compared in constant time.
    pub fn is_of(&self, password: &SecretString) -> Result<bool, PasswordFailed> {
        let hash = worked(self.memory_kib, self.passes, self.lanes, &self.salt, password)?;
        Ok(hash == self.hash)
    }

    /// The hash as it is stored.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(ENCODED));
        bytes.push(VERSION);
        for field in [self.memory_kib, self.passes, self.lanes] {
            bytes.extend_from_slice(&field.to_be_bytes());
        }
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(self.hash.expose());
        bytes
    }

    /// Reads a stored hash, and refuses one whose parameters are beyond the [limits].
    pub fn decode(bytes: &[u8]) -> Result<PasswordHash, BadHash> {
        let bytes: &[u8; ENCODED] = bytes.try_into().map_err(|_| BadHash)?;
        let (version, rest) = bytes.split_first().ok_or(BadHash)?;
        let (fields, rest) = rest.split_first_chunk::<12>().ok_or(BadHash)?;
        let (salt, hash) = rest.split_first_chunk::<SALT>().ok_or(BadHash)?;
        let ([memory, passes, lanes], _) = fields.as_chunks::<4>() else {
            return Err(BadHash);
        };
        let read = PasswordHash {
            memory_kib: u32::from_be_bytes(*memory),
            passes: u32::from_be_bytes(*passes),
            lanes: u32::from_be_bytes(*lanes),
            salt: *salt,
            hash: SecretArray::copied_from(hash).ok_or(BadHash)?,
        };
        let bounded = limits::ARGON2_MEMORY_KIB.contains(&read.memory_kib)
            && limits::ARGON2_PASSES.contains(&read.passes)
            && limits::ARGON2_LANES.contains(&read.lanes);
        match *version == VERSION && bounded {
            true => Ok(read),
            false => Err(BadHash),
        }
    }
}

fn worked(
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: &[u8; SALT],
    password: &SecretString,
) -> Result<SecretArray<HASH>, PasswordFailed> {
    let params = Params::new(memory_kib, passes, lanes, Some(HASH)).map_err(|_| PasswordFailed::Library)?;
    let mut memory = Vec::new();
    memory
        .try_reserve_exact(params.block_count())
        .map_err(|_| PasswordFailed::Memory)?;
    memory.resize(params.block_count(), Block::default());
    let mut memory = Zeroizing::new(memory);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    SecretArray::filled_by(|hash| {
        argon2.hash_password_into_with_memory(password.expose().as_bytes(), salt, hash, memory.as_mut_slice())
    })
    .map_err(|_| PasswordFailed::Library)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;

    fn password(text: &str) -> SecretString {
        SecretString::new(text.to_owned())
    }

    #[test]
    fn a_hash_knows_its_password_and_survives_storing() {
        let entropy = SeededEntropy::new(1);
        let salt = || Salt::draw(&entropy).unwrap();
        let hash = PasswordHash::of(&password("correct horse"), salt()).unwrap();
        let hash = PasswordHash::decode(&hash.encode()).unwrap();
        assert_eq!(hash.is_of(&password("correct horse")), Ok(true));
        assert_eq!(hash.is_of(&password("correct Horse")), Ok(false));
        let again = PasswordHash::of(&password("correct horse"), salt()).unwrap();
        assert_ne!(hash, again, "a salt of its own");
    }

    #[test]
    fn stored_hashes_that_would_exhaust_the_machine_are_refused() {
        let salt = Salt::draw(&SeededEntropy::new(1)).unwrap();
        let hash = PasswordHash::of(&password("correct horse"), salt).unwrap();
        let good = hash.encode();
        for (at, field) in [(1, 256 * 1024 + 1), (1, 8191), (5, 17), (5, 0), (9, 17), (9, 0)] {
            let mut bytes = good.clone();
            bytes[at..at + 4].copy_from_slice(&u32::to_be_bytes(field));
            assert_eq!(PasswordHash::decode(&bytes), Err(BadHash), "{at} {field}");
        }
        let mut newer = good.clone();
        newer[0] = 2;
        assert_eq!(PasswordHash::decode(&newer), Err(BadHash));
        assert_eq!(PasswordHash::decode(&good[1..]), Err(BadHash));
    }
}
