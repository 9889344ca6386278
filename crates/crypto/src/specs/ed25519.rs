//! Keys on the curve edwards25519, which sign.
//!
//! Source: KMS Developer Guide, "Elliptic curve key specs"; RFC 8032; RFC 8410.

use ambient::Entropy;
use aws_lc_rs::encoding::{AsBigEndian, AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use secret::{SecretArray, SecretBytes};

use super::{Family, KeySpec, MessageForm, Scheme, SigningAlgorithm, Use, Weight, Work};
use crate::backing::{BackingFailed, Message, Signing, VerificationOfSignature};
use crate::material::Material;
use crate::{der, ffi};

pub(super) static ECC_NIST_EDWARDS25519: KeySpec = KeySpec {
    name: "ECC_NIST_EDWARDS25519",
    family: Family::Asymmetric,
    uses: &[Use::Signatures(&[
        SigningAlgorithm {
            name: "ED25519_SHA_512",
            forms: &[MessageForm::Raw],
            scheme: Scheme::Ed25519,
        },
        SigningAlgorithm {
            name: "ED25519_PH_SHA_512",
            forms: &[MessageForm::Digest(64)],
            scheme: Scheme::Ed25519ph,
        },
    ])],
    data_key_pairs: true,
    weight: Weight::Light,
    work: &Ed25519,
};

struct Ed25519;

/// A private key as the library wants it.
struct Parsed {
    pair: Ed25519KeyPair,
    public: Vec<u8>,
}

impl Parsed {
    fn of(pkcs8: &[u8]) -> Result<Parsed, BackingFailed> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| BackingFailed::UnfitKey)?;
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| BackingFailed::library())?;
        Ok(Parsed {
            public: public.as_ref().to_vec(),
            pair,
        })
    }

    /// The one form in which the key is kept: without its public key, RFC 8410.
    fn to_pkcs8(&self) -> Result<SecretBytes, BackingFailed> {
        let pkcs8 = self.pair.to_pkcs8v1().map_err(|_| BackingFailed::library())?;
        Ok(SecretBytes::copied_from(pkcs8.as_ref()))
    }

    fn public_key(&self) -> Result<&[u8; 32], BackingFailed> {
        let public = self.pair.public_key().as_ref().try_into();
        public.map_err(|_| BackingFailed::library())
    }
}

impl Work for Ed25519 {
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, BackingFailed> {
        let seed = SecretArray::<32>::filled_by(|seed| entropy.fill(seed))?;
        let failed = |_| BackingFailed::library();
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(failed)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| BackingFailed::library())?;
        Ok(Material::private(SecretBytes::copied_from(pkcs8.as_ref())))
    }

    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed> {
        if !der::is_one_sequence(key) {
            return Err(BackingFailed::UnfitKey);
        }
        Ok(Material::private(Parsed::of(key)?.to_pkcs8()?))
    }

    fn public_key(&self, material: &Material) -> Result<Vec<u8>, BackingFailed> {
        Ok(material.parsed(Parsed::of)?.public.clone())
    }

    fn sign(
        &self,
        material: &Material,
        request: &Signing<'_>,
        _: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        let key = material.parsed(Parsed::of)?;
        match (request.algorithm.scheme, request.message) {
            (Scheme::Ed25519, Message::Raw(message)) => Ok(key.pair.sign(message).as_ref().to_vec()),
            // The digest is the message: Ed25519ph hashes it once more.
            (Scheme::Ed25519ph, Message::Digest(message)) => {
                let seed = key.pair.seed().map_err(|_| BackingFailed::library())?;
                let seed = seed.as_be_bytes().map_err(|_| BackingFailed::library())?;
                let seed = seed.as_ref().try_into().map_err(|_| BackingFailed::library())?;
                let signature = ffi::ed25519ph_sign(seed, key.public_key()?, message);
                Ok(signature.ok_or_else(BackingFailed::library)?.to_vec())
            }
            _ => Err(BackingFailed::Unsupported),
        }
    }

    fn verify(
        &self,
        material: &Material,
        request: &VerificationOfSignature<'_>,
    ) -> Result<(), BackingFailed> {
        let key = material.parsed(Parsed::of)?;
        verify(key.public_key()?, request)
    }
}

/// Verifies under the 32 bytes of a public key.
pub(super) fn verify(
    public_key: &[u8; 32],
    request: &VerificationOfSignature<'_>,
) -> Result<(), BackingFailed> {
    let fits = match (request.algorithm.scheme, request.message) {
        (Scheme::Ed25519, Message::Raw(message)) => UnparsedPublicKey::new(&ED25519, public_key)
            .verify(message, request.signature)
            .is_ok(),
        (Scheme::Ed25519ph, Message::Digest(message)) => request
            .signature
            .try_into()
            .is_ok_and(|signature| ffi::ed25519ph_verify(public_key, message, signature)),
        _ => return Err(BackingFailed::Unsupported),
    };
    match fits {
        true => Ok(()),
        false => Err(BackingFailed::Mismatch),
    }
}
