//! Keys that make message authentication codes, FIPS 198-1.
//!
//! Source: KMS Developer Guide, "Key specs for HMAC KMS keys".

use ambient::Entropy;
use aws_lc_rs::hmac;
use secret::{SecretBuffer, SecretBytes};

use super::{Family, Hash, KeySpec, MacAlgorithm, Use, Weight, Work};
use crate::backing::{BackingFailed, VerificationOfMac};
use crate::material::Material;

macro_rules! hmac_spec {
    ($($spec:ident: $name:literal, $algorithm:literal, $hash:ident, $length:literal bytes;)*) => {$(
        pub(super) static $spec: KeySpec = KeySpec {
            name: $name,
            family: Family::Hmac,
            uses: &[Use::Macs(&[MacAlgorithm {
                name: $algorithm,
                hash: Hash::$hash,
            }])],
            data_key_pairs: false,
            weight: Weight::Light,
            work: &Hmac { hash: Hash::$hash, length: $length },
        };
    )*};
}

hmac_spec! {
    HMAC_224: "HMAC_224", "HMAC_SHA_224", Sha224, 28 bytes;
    HMAC_256: "HMAC_256", "HMAC_SHA_256", Sha256, 32 bytes;
    HMAC_384: "HMAC_384", "HMAC_SHA_384", Sha384, 48 bytes;
    HMAC_512: "HMAC_512", "HMAC_SHA_512", Sha512, 64 bytes;
}

/// Keys and MACs are as long as the hash.
struct Hmac {
    hash: Hash,
    length: usize,
}

impl Hmac {
    fn key<'m>(&self, material: &'m Material) -> Result<&'m hmac::Key, BackingFailed> {
        let algorithm = match self.hash {
            Hash::Sha224 => hmac::HMAC_SHA224,
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
            Hash::Sha512 => hmac::HMAC_SHA512,
            Hash::Sha1 | Hash::Sm3 => return Err(BackingFailed::Unsupported),
        };
        let fit = |key: &[u8]| key.len() == self.length;
        material.parsed(|key| match fit(key) {
            true => Ok(hmac::Key::new(algorithm, key)),
            false => Err(BackingFailed::library()),
        })
    }
}

impl Work for Hmac {
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, BackingFailed> {
        let mut key = SecretBuffer::with_capacity(self.length);
        entropy.fill(key.grow(self.length))?;
        Ok(Material::mac(key.into_secret()))
    }

    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed> {
        match key.len() == self.length {
            true => Ok(Material::mac(SecretBytes::copied_from(key))),
            false => Err(BackingFailed::UnfitKey),
        }
    }

    fn mac(&self, material: &Material, _: &MacAlgorithm, message: &[u8]) -> Result<Vec<u8>, BackingFailed> {
        Ok(hmac::sign(self.key(material)?, message).as_ref().to_vec())
    }

    fn verify_mac(&self, material: &Material, request: &VerificationOfMac<'_>) -> Result<(), BackingFailed> {
        hmac::verify(self.key(material)?, request.message, request.mac).map_err(|_| BackingFailed::Mismatch)
    }
}
