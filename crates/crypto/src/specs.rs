//! The kinds of key that can be made: one family a file, and each spec a line in [`KEY_SPECS`].

mod ecc;
mod ed25519;
mod hmac;
mod ml_dsa;
mod ml_kem;
mod rsa;
mod sm2;
#[cfg(test)]
mod suite;
mod symmetric;
#[cfg(test)]
mod wycheproof;

use std::fmt;

use ambient::Entropy;
use secret::SecretBytes;

use crate::backing::{
    BackingFailed, Decryption, Encapsulated, Encryption, Signing, VerificationOfMac, VerificationOfSignature,
};
use crate::material::Material;

/// All of them.
pub static KEY_SPECS: &[&KeySpec] = &[
    &symmetric::SYMMETRIC_DEFAULT,
    &hmac::HMAC_224,
    &hmac::HMAC_256,
    &hmac::HMAC_384,
    &hmac::HMAC_512,
    &rsa::RSA_2048,
    &rsa::RSA_3072,
    &rsa::RSA_4096,
    &ecc::ECC_NIST_P256,
    &ecc::ECC_NIST_P384,
    &ecc::ECC_NIST_P521,
    &ecc::ECC_SECG_P256K1,
    &ed25519::ECC_NIST_EDWARDS25519,
    &ml_dsa::ML_DSA_44,
    &ml_dsa::ML_DSA_65,
    &ml_dsa::ML_DSA_87,
    &ml_kem::ML_KEM_512,
    &ml_kem::ML_KEM_768,
    &ml_kem::ML_KEM_1024,
    &sm2::SM2,
];

/// The spec of this name, as on the wire; `None` where there is no such key to be made.
pub fn find(name: &str) -> Option<&'static KeySpec> {
    KEY_SPECS.iter().find(|spec| spec.name == name).copied()
}

/// What a key is made for; chosen when it is made, and for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUsage {
    /// Encrypt, decrypt, and, where it is symmetric, make data keys.
    EncryptDecrypt,
    /// Sign and verify.
    SignVerify,
    /// Make and verify MACs.
    GenerateVerifyMac,
    /// Derive shared secrets.
    KeyAgreement,
    /// Encapsulate and decapsulate shared secrets.
    EncapsulateDecapsulate,
}

impl KeyUsage {
    /// The name on the wire. Source: KMS API Reference, `KeyUsage`.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyUsage::EncryptDecrypt => "ENCRYPT_DECRYPT",
            KeyUsage::SignVerify => "SIGN_VERIFY",
            KeyUsage::GenerateVerifyMac => "GENERATE_VERIFY_MAC",
            KeyUsage::KeyAgreement => "KEY_AGREEMENT",
            KeyUsage::EncapsulateDecapsulate => "ENCAPSULATE_DECAPSULATE",
        }
    }
}

/// The great families of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// One secret key that encrypts.
    Symmetric,
    /// One secret key that makes MACs.
    Hmac,
    /// A public key and a private one.
    Asymmetric,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Symmetric => "SYMMETRIC",
            Family::Hmac => "HMAC",
            Family::Asymmetric => "ASYMMETRIC",
        })
    }
}

/// A kind of key. There is one value for each, in [`KEY_SPECS`].
pub struct KeySpec {
    /// The name on the wire. Source: KMS API Reference, `KeySpec`.
    pub name: &'static str,
    /// Which of the great families it is of.
    pub family: Family,
    /// What keys of it can be made for, each with its algorithms; the first where none is named.
    pub uses: &'static [Use],
    /// Whether a key pair of it can be made as a data key.
    pub data_key_pairs: bool,
    /// How long work with its keys takes.
    pub weight: Weight,
    work: &'static dyn Work,
}

/// What of the work with a key takes the processor for so long, 0.1 ms and more, that it may hold nobody else up. Making
/// an RSA key takes far longer than anything else, up to a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Nothing.
    Light,
    /// What needs the private key.
    HeavySecret,
    /// All of it.
    Heavy,
}

/// One usage of a spec, with the algorithms that it has for it.
#[derive(Debug)]
pub enum Use {
    /// [`KeyUsage::EncryptDecrypt`].
    Encryption(&'static [EncryptionAlgorithm]),
    /// [`KeyUsage::SignVerify`].
    Signatures(&'static [SigningAlgorithm]),
    /// [`KeyUsage::GenerateVerifyMac`].
    Macs(&'static [MacAlgorithm]),
    /// [`KeyUsage::KeyAgreement`].
    Agreement(&'static [AgreementAlgorithm]),
    /// [`KeyUsage::EncapsulateDecapsulate`].
    Encapsulation(&'static [EncapsulationAlgorithm]),
}

/// A hash function that an algorithm is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sm3,
}

/// A way to encrypt.
#[derive(Debug, PartialEq, Eq)]
pub struct EncryptionAlgorithm {
    /// The name on the wire. Source: KMS API Reference, `EncryptionAlgorithmSpec`.
    pub name: &'static str,
    /// The longest plaintext that Encrypt takes, in bytes.
    pub longest_plaintext: usize,
    /// Whether it binds an encryption context.
    pub takes_context: bool,
    pub(crate) hash: Option<Hash>,
}

/// A way to sign.
#[derive(Debug, PartialEq, Eq)]
pub struct SigningAlgorithm {
    /// The name on the wire. Source: KMS API Reference, `SigningAlgorithmSpec`.
    pub name: &'static str,
    /// The forms of a message that it takes.
    pub forms: &'static [MessageForm],
    pub(crate) scheme: Scheme,
}

/// What of a message a caller gives to be signed. Source: KMS API Reference, `Sign`, `MessageType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageForm {
    /// The message itself.
    Raw,
    /// Its digest, of so many bytes.
    Digest(usize),
    /// FIPS 204's message representative, 64 bytes.
    ExternalMu,
}

/// The scheme behind a signing algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    RsaPkcs1(Hash),
    RsaPss(Hash),
    Ecdsa(Hash),
    Ed25519,
    Ed25519ph,
    MlDsa,
    Sm2Dsa,
}

/// A way to make MACs.
#[derive(Debug, PartialEq, Eq)]
pub struct MacAlgorithm {
    /// The name on the wire. Source: KMS API Reference, `MacAlgorithmSpec`.
    pub name: &'static str,
    pub(crate) hash: Hash,
}

/// A way to agree on a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct AgreementAlgorithm {
    /// The name on the wire. Source: KMS API Reference, `KeyAgreementAlgorithmSpec`.
    pub name: &'static str,
}

/// A way to encapsulate a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct EncapsulationAlgorithm {
    /// The name on the wire. Source: KMS API Reference, `EncapsulationAlgorithmSpec`.
    pub name: &'static str,
}

/// What a family does with material in this process; what it has no operation for it refuses.
///
/// `generate`, `sign`, `decrypt`, `agree` and `decapsulate` need the secret, and may be run on the pool for heavy work.
pub(crate) trait Work: Sync {
    /// Makes new material. A library that draws its own random bytes does so; all else comes from `entropy`.
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, BackingFailed>;

    /// Takes material that was made elsewhere: raw bytes of secret keys, PKCS#8 DER of private keys. What is not exactly
    /// a key of this spec is refused with [`BackingFailed::UnfitKey`]. One key has one form: two imports of it are equal.
    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed>;

    /// The public key: SubjectPublicKeyInfo in DER, RFC 5280.
    fn public_key(&self, _material: &Material) -> Result<Vec<u8>, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn encrypt(
        &self,
        _material: &Material,
        _request: &Encryption<'_>,
        _entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn decrypt(&self, _material: &Material, _request: &Decryption<'_>) -> Result<SecretBytes, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn sign(
        &self,
        _material: &Material,
        _request: &Signing<'_>,
        _entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    /// Fails with [`BackingFailed::Mismatch`] where the signature is not this key's of this message, malformed included.
    fn verify(
        &self,
        _material: &Material,
        _request: &VerificationOfSignature<'_>,
    ) -> Result<(), BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn mac(
        &self,
        _material: &Material,
        _algorithm: &MacAlgorithm,
        _message: &[u8],
    ) -> Result<Vec<u8>, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    /// Fails with [`BackingFailed::Mismatch`]; compares in constant time.
    fn verify_mac(
        &self,
        _material: &Material,
        _request: &VerificationOfMac<'_>,
    ) -> Result<(), BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    /// The shared secret with the holder of `peer`, a SubjectPublicKeyInfo in DER; [`BackingFailed::UnfitKey`] where that
    /// is no public key on the same curve.
    fn agree(&self, _material: &Material, _peer: &[u8]) -> Result<SecretBytes, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    /// Whether a ciphertext of so many bytes can be one of a key of this spec: what is known of it without the key.
    fn fits_ciphertext(&self, _length: usize) -> bool {
        true
    }

    /// Whether this is a public key that keys of this spec can agree with: a SubjectPublicKeyInfo of the same curve.
    fn is_peer(&self, _peer: &[u8]) -> bool {
        false
    }

    fn encapsulate(&self, _material: &Material) -> Result<Encapsulated, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    /// Fails with [`BackingFailed::Unopenable`] for a ciphertext of another length alone (FIPS 203, implicit rejection).
    fn decapsulate(&self, _material: &Material, _ciphertext: &[u8]) -> Result<SecretBytes, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }
}

impl Use {
    /// Which usage this is.
    pub fn usage(&self) -> KeyUsage {
        match self {
            Use::Encryption(_) => KeyUsage::EncryptDecrypt,
            Use::Signatures(_) => KeyUsage::SignVerify,
            Use::Macs(_) => KeyUsage::GenerateVerifyMac,
            Use::Agreement(_) => KeyUsage::KeyAgreement,
            Use::Encapsulation(_) => KeyUsage::EncapsulateDecapsulate,
        }
    }

    /// The names of its algorithms.
    pub fn algorithms(&self) -> Vec<&'static str> {
        match self {
            Use::Encryption(all) => all.iter().map(|each| each.name).collect(),
            Use::Signatures(all) => all.iter().map(|each| each.name).collect(),
            Use::Macs(all) => all.iter().map(|each| each.name).collect(),
            Use::Agreement(all) => all.iter().map(|each| each.name).collect(),
            Use::Encapsulation(all) => all.iter().map(|each| each.name).collect(),
        }
    }
}

/// Finds the algorithm of a name among those of one usage.
macro_rules! algorithm_of {
    ($($(#[$doc:meta])* $find:ident: $use:ident -> $algorithm:ty;)*) => {
        impl KeySpec {
            $($(#[$doc])*
            pub fn $find(&self, name: &str) -> Option<&'static $algorithm> {
                let of_use = self.uses.iter().find_map(|each| match each {
                    Use::$use(algorithms) => Some(*algorithms),
                    _ => None,
                });
                of_use?.iter().find(|algorithm| algorithm.name == name)
            })*
        }
    };
}

algorithm_of! {
    /// The way of this name to encrypt; `None` where keys of this spec do not encrypt so.
    encryption: Encryption -> EncryptionAlgorithm;
    /// The way of this name to sign; `None` where keys of this spec do not sign so.
    signing: Signatures -> SigningAlgorithm;
    /// The way of this name to make MACs; `None` where keys of this spec do not make them so.
    mac: Macs -> MacAlgorithm;
    /// The way of this name to agree on secrets; `None` where keys of this spec do not agree so.
    agreement: Agreement -> AgreementAlgorithm;
    /// The way of this name to encapsulate secrets; `None` where keys of this spec do not encapsulate so.
    encapsulation: Encapsulation -> EncapsulationAlgorithm;
}

impl KeySpec {
    /// The algorithms of one usage; `None` where keys of this spec are not made for it.
    pub fn use_for(&self, usage: KeyUsage) -> Option<&'static Use> {
        self.uses.iter().find(|each| each.usage() == usage)
    }

    /// Whether an asymmetric ciphertext of so many bytes can be one of a key of this spec: what is known without the key.
    pub fn fits_ciphertext(&self, length: usize) -> bool {
        self.work.fits_ciphertext(length)
    }

    /// Whether this is a public key that keys of this spec can agree with: a SubjectPublicKeyInfo of the same curve.
    pub fn is_peer(&self, peer: &[u8]) -> bool {
        self.work.is_peer(peer)
    }

    pub(crate) fn work(&self) -> &'static dyn Work {
        self.work
    }

    /// Whether rotation can give a key of it new material.
    pub fn rotates(&self) -> bool {
        self.family == Family::Symmetric
    }
}

impl PartialEq for KeySpec {
    fn eq(&self, other: &KeySpec) -> bool {
        self.name == other.name
    }
}

impl Eq for KeySpec {}

impl fmt::Debug for KeySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_found_by_its_name_alone() {
        for spec in KEY_SPECS {
            assert_eq!(find(spec.name), Some(*spec));
            assert!(!spec.uses.is_empty());
        }
        assert_eq!(find("symmetric_default"), None);
        assert_eq!(find("RSA_1024"), None);
    }

    #[test]
    fn a_symmetric_key_encrypts_up_to_4096_bytes_with_a_context() {
        let spec = find("SYMMETRIC_DEFAULT").unwrap();
        let usages: Vec<_> = spec.uses.iter().map(|each| each.usage().as_str()).collect();
        assert_eq!(usages, ["ENCRYPT_DECRYPT"]);
        let algorithm = spec.encryption("SYMMETRIC_DEFAULT").unwrap();
        assert_eq!(
            (algorithm.longest_plaintext, algorithm.takes_context),
            (4096, true)
        );
    }

    #[test]
    fn an_algorithm_belongs_to_its_specs_alone() {
        let rsa = find("RSA_2048").unwrap();
        assert!(rsa.encryption("RSAES_OAEP_SHA_256").is_some());
        assert!(rsa.encryption("SYMMETRIC_DEFAULT").is_none());
        assert!(rsa.signing("ECDSA_SHA_256").is_none());
        assert!(rsa.mac("HMAC_SHA_256").is_none());
    }
}
