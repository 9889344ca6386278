//! Symmetric encryption keys.
//!
//! Source: KMS Developer Guide, "SYMMETRIC_DEFAULT key spec".

use ambient::Entropy;
use secret::{LockedKey, SecretBytes};

use super::{EncryptionAlgorithm, Family, KeySpec, Use, Weight, Work};
use crate::backing::{BackingFailed, Decryption, Encryption};
use crate::ciphertext;
use crate::material::Material;

pub(super) static SYMMETRIC_DEFAULT: KeySpec = KeySpec {
    name: "SYMMETRIC_DEFAULT",
    family: Family::Symmetric,
    uses: &[Use::Encryption(&[EncryptionAlgorithm {
        name: "SYMMETRIC_DEFAULT",
        longest_plaintext: 4096,
        takes_context: true,
        hash: None,
    }])],
    data_key_pairs: false,
    weight: Weight::Light,
    work: &Symmetric,
};

struct Symmetric;

impl Work for Symmetric {
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, BackingFailed> {
        Ok(Material::generate(entropy)?)
    }

    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed> {
        let key = LockedKey::copied_from(key).ok_or(BackingFailed::UnfitKey)?;
        Ok(Material::aes_256(key))
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
