//! SM2 keys, which encrypt, sign or agree on secrets.
//!
//! Source: KMS Developer Guide, "SM2 key spec"; GB/T 32918; RFC 8998.

use ambient::Entropy;

use super::{
    AgreementAlgorithm, EncryptionAlgorithm, Family, Hash, KeySpec, MessageForm, Scheme, SigningAlgorithm,
    Use, Weight, Work,
};
use crate::backing::BackingFailed;
use crate::material::Material;

pub(super) static SM2: KeySpec = KeySpec {
    name: "SM2",
    family: Family::Asymmetric,
    uses: &[
        Use::Encryption(&[EncryptionAlgorithm {
            name: "SM2PKE",
            longest_plaintext: 1024,
            takes_context: false,
            hash: Some(Hash::Sm3),
        }]),
        Use::Signatures(&[SigningAlgorithm {
            name: "SM2DSA",
            forms: &[MessageForm::Raw, MessageForm::Digest(32)],
            scheme: Scheme::Sm2Dsa,
        }]),
        Use::Agreement(&[AgreementAlgorithm { name: "ECDH" }]),
    ],
    data_key_pairs: true,
    weight: Weight::Heavy,
    work: &Sm2,
};

struct Sm2;

impl Work for Sm2 {
    fn generate(&self, _: &dyn Entropy) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn import(&self, _: &[u8]) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }
}
