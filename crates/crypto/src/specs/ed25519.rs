//! Keys on the curve edwards25519, which sign.
//!
//! Source: KMS Developer Guide, "Elliptic curve key specs"; RFC 8032; RFC 8410.

use ambient::Entropy;

use super::{Family, KeySpec, MessageForm, Scheme, SigningAlgorithm, Use, Weight, Work};
use crate::backing::BackingFailed;
use crate::material::Material;

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

impl Work for Ed25519 {
    fn generate(&self, _: &dyn Entropy) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn import(&self, _: &[u8]) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }
}
