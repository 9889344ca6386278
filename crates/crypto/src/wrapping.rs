//! Key material on its way in, wrapped by its owner under a public key of ours.
//!
//! The pair is made for one import. Its private half travels in the import token, which the store's keys seal, so that
//! nothing is kept here; [`WrappingKeys`] makes pairs ahead and unwraps.
//!
//! Source: KMS API Reference, `GetParametersForImport`; KMS Developer Guide, "Select a wrapping algorithm"; RFC 8017,
//! section 7.1 (RSAES-OAEP); RFC 5649 (AES key wrap with padding); PKCS #11, `CKM_RSA_AES_KEY_WRAP`.

mod shelf;

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    PrivateDecryptingKey,
};
use secret::{SecretBuffer, SecretBytes};

use crate::backing::BackingFailed;

pub use shelf::WrappingKeys;

/// The kinds of pair that material is wrapped under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrappingSpec {
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
}

/// The ways to wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrappingAlgorithm {
    /// The material under RSAES-OAEP, with the hash for MGF1 too and no label.
    Oaep(OaepHash),
    /// An AES-256 key of the owner's under RSAES-OAEP, and behind it the material under that key.
    AesKeyWrap(OaepHash),
}

/// The hashes that RSAES-OAEP is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OaepHash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// A pair to wrap material under.
pub struct WrappingKey {
    /// PKCS #8 in DER.
    pub private_key: SecretBytes,
    /// SubjectPublicKeyInfo in DER, RFC 5280.
    pub public_key: Vec<u8>,
}

impl WrappingSpec {
    /// All of them.
    pub const ALL: [WrappingSpec; 3] = [
        WrappingSpec::Rsa2048,
        WrappingSpec::Rsa3072,
        WrappingSpec::Rsa4096,
    ];

    fn size(self) -> KeySize {
        match self {
            WrappingSpec::Rsa2048 => KeySize::Rsa2048,
            WrappingSpec::Rsa3072 => KeySize::Rsa3072,
            WrappingSpec::Rsa4096 => KeySize::Rsa4096,
        }
    }
}

impl OaepHash {
    fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            OaepHash::Sha1 => &OAEP_SHA1_MGF1SHA1,
            OaepHash::Sha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}

impl WrappingKey {
    /// Makes a new pair. The library draws the random bytes; it takes 0.1 to 0.5 s, and now and then a multiple of it.
    fn generate(spec: WrappingSpec) -> Result<WrappingKey, BackingFailed> {
        let failed = |_| BackingFailed::library();
        let key = PrivateDecryptingKey::generate(spec.size()).map_err(failed)?;
        let private: Pkcs8V1Der<'_> = key.as_der().map_err(failed)?;
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(failed)?;
        Ok(WrappingKey {
            private_key: SecretBytes::copied_from(private.as_ref()),
            public_key: public.as_ref().to_vec(),
        })
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappingKey({} bytes of public key)", self.public_key.len())
    }
}

/// Unwraps material with the private half of a pair. What was not wrapped under it, in this way and to the end is
/// [`BackingFailed::Unopenable`], whatever is wrong with it.
fn unwrap(
    private_key: &[u8],
    algorithm: WrappingAlgorithm,
    wrapped: &[u8],
) -> Result<SecretBytes, BackingFailed> {
    let key = PrivateDecryptingKey::from_pkcs8(private_key).map_err(|_| BackingFailed::UnfitKey)?;
    let modulus = key.key_size_bytes();
    let key = OaepPrivateDecryptingKey::new(key).map_err(|_| BackingFailed::library())?;
    match algorithm {
        WrappingAlgorithm::Oaep(hash) => decrypt(&key, hash, wrapped).map(SecretBuffer::into_secret),
        WrappingAlgorithm::AesKeyWrap(hash) => {
            let (key_part, material) = wrapped
                .split_at_checked(modulus)
                .ok_or(BackingFailed::Unopenable)?;
            unwrap_padded(decrypt(&key, hash, key_part)?.expose(), material)
        }
    }
}

fn decrypt(
    key: &OaepPrivateDecryptingKey,
    hash: OaepHash,
    ciphertext: &[u8],
) -> Result<SecretBuffer, BackingFailed> {
    let mut text = SecretBuffer::default();
    let room = text.grow(key.min_output_size());
    let length = key
        .decrypt(hash.algorithm(), ciphertext, room, None)
        .map_err(|_| BackingFailed::Unopenable)?
        .len();
    text.truncate(length);
    Ok(text)
}

/// Undoes the AES key wrap with padding, RFC 5649, under an AES-256 key.
fn unwrap_padded(key: &[u8], wrapped: &[u8]) -> Result<SecretBytes, BackingFailed> {
    let unopenable = |_| BackingFailed::Unopenable;
    let key = AesKek::new(&AES_256, key).map_err(unopenable)?;
    let mut material = SecretBuffer::default();
    let room = material.grow(wrapped.len());
    let length = key.unwrap_with_padding(wrapped, room).map_err(unopenable)?.len();
    material.truncate(length);
    Ok(material.into_secret())
}

#[cfg(test)]
mod tests;
