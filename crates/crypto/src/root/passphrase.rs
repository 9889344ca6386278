//! A root key out of a passphrase: Argon2id, with parameters that lie in the clear beside the store.
//!
//! ```text
//! version 1 │ memory in KiB │ passes │ lanes │ salt
//!   1 byte  │ 4, big-endian │   4    │   4   │  16
//! ```
//!
//! Whoever edits the parameters makes another key out of the same passphrase, which fits nothing; and since
//! they are bounded when read, that is all he makes.
//!
//! Source: RFC 9106; the parameters of a new key are its second recommended choice (section 4).

use ambient::{Entropy, EntropyFailed};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secret::{LockedKey, SecretString};
use zeroize::Zeroizing;

use crate::limits;
use crate::root::RootKey;

const VERSION: u8 = 1;
const SALT: usize = 16;

/// Bytes of encoded parameters.
pub const ENCODED: usize = 1 + 3 * 4 + SALT;

/// How a passphrase becomes a root key. Public, and kept by the caller beside what the key wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; SALT],
}

/// Stored parameters that are none, or beyond the [limits].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored parameters of the passphrase are damaged")]
pub struct BadParameters;

/// Why a passphrase gives no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseFailed {
    /// Shorter or longer than a passphrase may be.
    #[error(
        "a passphrase has {} to {} bytes",
        limits::PASSPHRASE.start(),
        limits::PASSPHRASE.end()
    )]
    Length,
    /// The memory that the parameters ask for is not to be had.
    #[error("there is not enough memory to work the passphrase: {memory_kib} KiB are needed")]
    Memory {
        /// What is needed, in KiB.
        memory_kib: u32,
    },
    /// A library refused a call that it never should.
    #[error("the cryptographic library failed")]
    Library,
}

impl Parameters {
    /// Parameters for a new key: 64 MiB, 3 passes, 4 lanes, and a salt of its own.
    pub fn generate(entropy: &dyn Entropy) -> Result<Parameters, EntropyFailed> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt)?;
        Ok(Parameters {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
            salt,
        })
    }

    /// The parameters as they are stored.
    pub fn encode(&self) -> [u8; ENCODED] {
        let mut bytes = [VERSION; ENCODED];
        let fields = [self.memory_kib, self.passes, self.lanes].map(u32::to_be_bytes);
        let text = fields.as_flattened().iter().chain(&self.salt);
        for (to, from) in bytes.iter_mut().skip(1).zip(text) {
            *to = *from;
        }
        bytes
    }

    /// Reads stored parameters, and refuses any beyond the [limits].
    pub fn decode(bytes: &[u8]) -> Result<Parameters, BadParameters> {
        let bytes: &[u8; ENCODED] = bytes.try_into().map_err(|_| BadParameters)?;
        let (version, rest) = bytes.split_first().ok_or(BadParameters)?;
        let (fields, rest) = rest.split_first_chunk::<12>().ok_or(BadParameters)?;
        let ([memory, passes, lanes], _) = fields.as_chunks::<4>() else {
            return Err(BadParameters);
        };
        let parameters = Parameters {
            memory_kib: u32::from_be_bytes(*memory),
            passes: u32::from_be_bytes(*passes),
            lanes: u32::from_be_bytes(*lanes),
            salt: rest.try_into().map_err(|_| BadParameters)?,
        };
        let bounded = limits::ARGON2_MEMORY_KIB.contains(&parameters.memory_kib)
            && limits::ARGON2_PASSES.contains(&parameters.passes)
            && limits::ARGON2_LANES.contains(&parameters.lanes);
        if *version == VERSION && bounded {
            Ok(parameters)
        } else {
            Err(BadParameters)
        }
    }

    /// The root key that `passphrase` gives. Takes a good part of a second and the memory of the parameters,
    /// on the caller's thread. Every passphrase gives some key: whether it is the right one, unwrapping says.
    pub fn root_key(&self, passphrase: &SecretString) -> Result<RootKey, PassphraseFailed> {
        let passphrase = passphrase.expose().as_bytes();
        if !limits::PASSPHRASE.contains(&passphrase.len()) {
            return Err(PassphraseFailed::Length);
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| PassphraseFailed::Library)?;
        let mut memory = Vec::new();
        memory
            .try_reserve_exact(params.block_count())
            .map_err(|_| PassphraseFailed::Memory {
                memory_kib: self.memory_kib,
            })?;
        memory.resize(params.block_count(), Block::default());
        let mut memory = Zeroizing::new(memory);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let key = LockedKey::filled_by(|key| {
            argon2.hash_password_into_with_memory(passphrase, &self.salt, key, memory.as_mut_slice())
        })
        .map_err(|_| PassphraseFailed::Library)?;
        RootKey::from_key(key).map_err(|_| PassphraseFailed::Library)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;
    use proptest::prelude::*;

    fn cheap(salt: u8) -> Parameters {
        Parameters {
            memory_kib: *limits::ARGON2_MEMORY_KIB.start(),
            passes: 1,
            lanes: 1,
            salt: [salt; SALT],
        }
    }

    fn key_of(parameters: &Parameters, passphrase: &str) -> Result<crate::root::RootKeyId, PassphraseFailed> {
        parameters
            .root_key(&SecretString::new(passphrase.to_owned()))
            .map(|key| key.id())
    }

    #[test]
    fn the_key_follows_from_passphrase_and_salt() {
        let key = key_of(&cheap(1), "correct horse").unwrap();
        assert_eq!(key_of(&cheap(1), "correct horse"), Ok(key));
        assert_ne!(key_of(&cheap(2), "correct horse"), Ok(key));
        assert_ne!(key_of(&cheap(1), "correct Horse"), Ok(key));
    }

    #[test]
    fn new_parameters_are_the_second_choice_of_the_rfc_and_survive_storing() {
        let parameters = Parameters::generate(&SeededEntropy::new(1)).unwrap();
        assert_eq!(
            (parameters.memory_kib, parameters.passes, parameters.lanes),
            (1 << 16, 3, 4)
        );
        assert_ne!(parameters.salt, [0; SALT]);
        assert_eq!(Parameters::decode(&parameters.encode()), Ok(parameters));
        assert!(key_of(&parameters, "correct horse").is_ok());
    }

    #[test]
    fn a_passphrase_too_short_or_too_long_is_refused() {
        for passphrase in ["", "1234567", &"x".repeat(4097)] {
            assert_eq!(key_of(&cheap(1), passphrase), Err(PassphraseFailed::Length));
        }
        assert_eq!(
            PassphraseFailed::Length.to_string(),
            "a passphrase has 8 to 4096 bytes"
        );
    }

    #[test]
    fn stored_parameters_that_would_exhaust_the_machine_are_refused() {
        for (at, field) in [
            (1, 256 * 1024 + 1),
            (1, u32::MAX),
            (1, 8191),
            (5, 17),
            (5, 0),
            (9, 17),
            (9, 0),
        ] {
            let mut bytes = cheap(1).encode();
            bytes[at..at + 4].copy_from_slice(&u32::to_be_bytes(field));
            assert_eq!(Parameters::decode(&bytes), Err(BadParameters), "{at} {field}");
        }
        let mut newer = cheap(1).encode();
        newer[0] = 2;
        assert_eq!(Parameters::decode(&newer), Err(BadParameters));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(parameters) = Parameters::decode(&bytes) {
                prop_assert_eq!(&parameters.encode()[..], &bytes[..]);
            }
        }
    }
}
