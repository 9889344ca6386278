//! Keys on the curves of NIST and on secp256k1, which sign or agree on secrets.
//!
//! Source: KMS Developer Guide, "Elliptic curve key specs"; FIPS 186-5; SEC 1; SP 800-56A.

use ambient::Entropy;

use super::{
    AgreementAlgorithm, Family, Hash, KeySpec, MessageForm, Scheme, SigningAlgorithm, Use, Weight, Work,
};
use crate::backing::BackingFailed;
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

impl Work for Ecc {
    fn generate(&self, _: &dyn Entropy) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn import(&self, _: &[u8]) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }
}
