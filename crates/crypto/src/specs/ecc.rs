//! Keys on the curves of NIST and on secp256k1, which sign or agree on secrets.
//!
//! Source: KMS Developer Guide, "Elliptic curve key specs"; FIPS 186-5; SEC 1; SP 800-56A.

use ambient::Entropy;
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1,
    ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, KeyPair as _, ParsedPublicKey, UnparsedPublicKey,
};
use secret::SecretBytes;

use super::rsa::digest_of;
use super::{
    AgreementAlgorithm, Family, Hash, KeySpec, MessageForm, Scheme, SigningAlgorithm, Use, Weight, Work,
};
use crate::backing::{BackingFailed, Signing, VerificationOfSignature};
use crate::der;
use crate::material::Material;

/// Elliptic curve Diffie-Hellman, with the cofactor, which is 1 on all of these curves.
const ECDH: &[AgreementAlgorithm] = &[AgreementAlgorithm { name: "ECDH" }];

const ECDSA_SHA_256: SigningAlgorithm = SigningAlgorithm {
    name: "ECDSA_SHA_256",
    forms: &[MessageForm::Raw, MessageForm::Digest(32)],
    scheme: Scheme::Ecdsa(Hash::Sha256),
};
const ECDSA_SHA_384: SigningAlgorithm = SigningAlgorithm {
    name: "ECDSA_SHA_384",
    forms: &[MessageForm::Raw, MessageForm::Digest(48)],
    scheme: Scheme::Ecdsa(Hash::Sha384),
};
const ECDSA_SHA_512: SigningAlgorithm = SigningAlgorithm {
    name: "ECDSA_SHA_512",
    forms: &[MessageForm::Raw, MessageForm::Digest(64)],
    scheme: Scheme::Ecdsa(Hash::Sha512),
};

macro_rules! ecc_spec {
    ($($spec:ident: $curve:ident, [$($use:expr),*], $weight:ident;)*) => {$(
        pub(super) static $spec: KeySpec = KeySpec {
            name: stringify!($spec),
            family: Family::Asymmetric,
            uses: &[$($use),*],
            data_key_pairs: true,
            weight: Weight::$weight,
            work: &Ecc { curve: Curve::$curve },
        };
    )*};
}

ecc_spec! {
    ECC_NIST_P256: P256, [Use::Signatures(&[ECDSA_SHA_256]), Use::Agreement(ECDH)], Light;
    ECC_NIST_P384: P384, [Use::Signatures(&[ECDSA_SHA_384]), Use::Agreement(ECDH)], Heavy;
    ECC_NIST_P521: P521, [Use::Signatures(&[ECDSA_SHA_512]), Use::Agreement(ECDH)], Heavy;
    ECC_SECG_P256K1: P256K1, [Use::Signatures(&[ECDSA_SHA_256])], Heavy;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
    P256K1,
}

struct Ecc {
    curve: Curve,
}

impl Curve {
    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Curve::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Curve::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Curve::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
            Curve::P256K1 => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        }
    }

    fn verifying(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Curve::P256 => &ECDSA_P256_SHA256_ASN1,
            Curve::P384 => &ECDSA_P384_SHA384_ASN1,
            Curve::P521 => &ECDSA_P521_SHA512_ASN1,
            Curve::P256K1 => &ECDSA_P256K1_SHA256_ASN1,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Curve::P256 | Curve::P256K1 => &digest::SHA256,
            Curve::P384 => &digest::SHA384,
            Curve::P521 => &digest::SHA512,
        }
    }

    /// None for the curve on which no secrets are agreed.
    fn agreement(self) -> Option<&'static agreement::Algorithm> {
        match self {
            Curve::P256 => Some(&ECDH_P256),
            Curve::P384 => Some(&ECDH_P384),
            Curve::P521 => Some(&ECDH_P521),
            Curve::P256K1 => None,
        }
    }
}

/// A private key as the library wants it, for each of the two things that it may do.
struct Parsed {
    signing: EcdsaKeyPair,
    verifying: ParsedPublicKey,
    agreeing: Option<agreement::PrivateKey>,
    public: Vec<u8>,
}

impl Parsed {
    fn of(curve: Curve, pkcs8: &[u8]) -> Result<Parsed, BackingFailed> {
        let refused = |_| BackingFailed::UnfitKey;
        let signing = EcdsaKeyPair::from_pkcs8(curve.signing(), pkcs8).map_err(refused)?;
        let agreeing = curve
            .agreement()
            .map(|algorithm| agreement::PrivateKey::from_private_key_der(algorithm, pkcs8));
        let public: PublicKeyX509Der<'_> = signing
            .public_key()
            .as_der()
            .map_err(|_| BackingFailed::library())?;
        Ok(Parsed {
            verifying: UnparsedPublicKey::new(curve.verifying(), public.as_ref())
                .parse()
                .map_err(refused)?,
            agreeing: agreeing.transpose().map_err(refused)?,
            public: public.as_ref().to_vec(),
            signing,
        })
    }

    /// The one form in which the key is kept: with its curve by name, and with its public key.
    fn to_pkcs8(&self) -> Result<SecretBytes, BackingFailed> {
        let pkcs8 = self.signing.to_pkcs8v1().map_err(|_| BackingFailed::library())?;
        Ok(SecretBytes::copied_from(pkcs8.as_ref()))
    }
}

impl Ecc {
    fn parsed<'m>(&self, material: &'m Material) -> Result<&'m Parsed, BackingFailed> {
        material.parsed(|pkcs8| Parsed::of(self.curve, pkcs8))
    }
}

impl Work for Ecc {
    /// The library draws the random bytes.
    fn generate(&self, _: &dyn Entropy) -> Result<Material, BackingFailed> {
        let failed = |_| BackingFailed::library();
        let made = EcdsaKeyPair::generate(self.curve.signing()).map_err(failed)?;
        let pkcs8 = made.to_pkcs8v1().map_err(failed)?;
        Ok(Material::private(SecretBytes::copied_from(pkcs8.as_ref())))
    }

    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed> {
        if !der::is_one_sequence(key) {
            return Err(BackingFailed::UnfitKey);
        }
        Ok(Material::private(Parsed::of(self.curve, key)?.to_pkcs8()?))
    }

    fn public_key(&self, material: &Material) -> Result<Vec<u8>, BackingFailed> {
        Ok(self.parsed(material)?.public.clone())
    }

    fn sign(
        &self,
        material: &Material,
        request: &Signing<'_>,
        _: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        let digest = digest_of(&request.message, self.curve.digest())?;
        let signature = self.parsed(material)?.signing.sign_digest(&digest);
        Ok(signature.map_err(|_| BackingFailed::library())?.as_ref().to_vec())
    }

    fn verify(
        &self,
        material: &Material,
        request: &VerificationOfSignature<'_>,
    ) -> Result<(), BackingFailed> {
        verify(self.curve, &self.parsed(material)?.verifying, request)
    }

    fn is_peer(&self, peer: &[u8]) -> bool {
        let parsed = |algorithm| {
            agreement::ParsedPublicKey::try_from(agreement::UnparsedPublicKey::new(algorithm, peer)).is_ok()
        };
        der::is_one_sequence(peer) && self.curve.agreement().is_some_and(parsed)
    }

    fn agree(&self, material: &Material, peer: &[u8]) -> Result<SecretBytes, BackingFailed> {
        let (Some(algorithm), Some(own)) = (self.curve.agreement(), &self.parsed(material)?.agreeing) else {
            return Err(BackingFailed::Unsupported);
        };
        // The library takes bare points as well, and curves by their parameters.
        let public = &self.parsed(material)?.public;
        if !der::is_one_sequence(peer) || !der::are_of_one_algorithm(peer, public) {
            return Err(BackingFailed::UnfitKey);
        }
        let peer = agreement::UnparsedPublicKey::new(algorithm, peer);
        agreement::agree(own, peer, BackingFailed::UnfitKey, |secret| {
            Ok(SecretBytes::copied_from(secret))
        })
    }
}

fn verify(
    curve: Curve,
    key: &ParsedPublicKey,
    request: &VerificationOfSignature<'_>,
) -> Result<(), BackingFailed> {
    let digest = digest_of(&request.message, curve.digest())?;
    key.verify_digest_sig(&digest, request.signature)
        .map_err(|_| BackingFailed::Mismatch)
}

/// Verifies under a public key, a SubjectPublicKeyInfo: as an operation does, but for whose key it is.
#[cfg(test)]
pub(super) fn verify_under(
    spec: &str,
    public_key: &[u8],
    request: &VerificationOfSignature<'_>,
) -> Result<(), BackingFailed> {
    let curve = match spec {
        "ECC_NIST_P256" => Curve::P256,
        "ECC_NIST_P384" => Curve::P384,
        "ECC_NIST_P521" => Curve::P521,
        _ => Curve::P256K1,
    };
    let key = UnparsedPublicKey::new(curve.verifying(), public_key).parse();
    verify(curve, &key.map_err(|_| BackingFailed::UnfitKey)?, request)
}
