//! Where random bytes come from.

use std::sync::Mutex;

use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::{digest, rand};
use uuid::Uuid;

/// The source of random bytes failed; nothing may be made from what it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's source of random bytes failed")]
pub struct EntropyFailed;

/// A source of random bytes fit for keys.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` wholly, or fails.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailed>;

    /// A random (version 4) UUID. Source: RFC 9562, section 5.4.
    fn uuid(&self) -> Result<Uuid, EntropyFailed> {
        let mut bytes = [0; 16];
        self.fill(&mut bytes)?;
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }
}

/// The generator of aws-lc, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailed> {
        rand::SystemRandom::new().fill(bytes).map_err(|_| EntropyFailed)
    }
}

/// Bytes that follow from a seed, for tests alone: SHA-256 in counter mode.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    counter: Mutex<u64>,
}

impl SeededEntropy {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> SeededEntropy {
        SeededEntropy {
            seed,
            counter: Mutex::new(0),
        }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailed> {
        let mut counter = self.counter.lock().map_err(|_| EntropyFailed)?;
        for chunk in bytes.chunks_mut(digest::SHA256_OUTPUT_LEN) {
            let mut block = [0; 16];
            block[..8].copy_from_slice(&self.seed.to_be_bytes());
            block[8..].copy_from_slice(&counter.to_be_bytes());
            *counter += 1;
            let random = digest::digest(&digest::SHA256, &block);
            for (byte, random) in chunk.iter_mut().zip(random.as_ref()) {
                *byte = *random;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays_its_stream() {
        let stream = |seed| {
            let source = SeededEntropy::new(seed);
            let mut bytes = [0; 77];
            source.fill(&mut bytes).unwrap();
            (bytes, source.uuid().unwrap())
        };
        assert_eq!(stream(1), stream(1));
        assert_ne!(stream(1), stream(2));
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        assert_eq!(SystemEntropy.uuid().unwrap().get_version_num(), 4);
    }
}
