//! Symmetric encryption keys.
//!
//! Source: KMS Developer Guide, "SYMMETRIC_DEFAULT key spec".

use ambient::{Entropy, EntropyFailed};
use secret::SecretBytes;

use super::{EncryptionAlgorithm, KeySpec, Use, Work};
use crate::backing::{BackingFailed, Decryption, Encryption};
use crate::ciphertext;
use crate::material::Material;

pub(super) static SYMMETRIC_DEFAULT: KeySpec = KeySpec {
    name: "SYMMETRIC_DEFAULT",
    uses: &[Use::Encryption(&[EncryptionAlgorithm {
        name: "SYMMETRIC_DEFAULT",
        longest_plaintext: 4096,
        takes_context: true,
    }])],
    rotates: true,
    work: &Symmetric,
};

struct Symmetric;

impl Work for Symmetric {
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, EntropyFailed> {
        Material::generate(entropy)
    }

    fn encrypt(
        &self,
        material: &Material,
        request: &Encryption<'_>,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        let blob = ciphertext::seal(
            material,
            request.header,
            request.context,
            request.plaintext,
            entropy,
        )?;
        Ok(blob)
    }

    fn decrypt(&self, material: &Material, request: &Decryption<'_>) -> Result<SecretBytes, BackingFailed> {
        let parsed = ciphertext::parse(request.ciphertext).map_err(|_| BackingFailed::Unopenable)?;
        ciphertext::open(material, &parsed, request.context).map_err(|_| BackingFailed::Unopenable)
    }
}
