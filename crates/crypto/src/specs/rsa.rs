//! RSA keys, which encrypt or sign.
//!
//! Source: KMS Developer Guide, "RSA key specs"; RFC 8017.

use ambient::Entropy;

use super::{
    EncryptionAlgorithm, Family, Hash, KeySpec, MessageForm, Scheme, SigningAlgorithm, Use, Weight, Work,
};
use crate::backing::BackingFailed;
use crate::material::Material;

/// The algorithms to sign with, which are those of every RSA key.
const SIGNATURES: &[SigningAlgorithm] = &[
    signature(
        "RSASSA_PKCS1_V1_5_SHA_256",
        Scheme::RsaPkcs1(Hash::Sha256),
        &[MessageForm::Raw, MessageForm::Digest(32)],
    ),
    signature(
        "RSASSA_PKCS1_V1_5_SHA_384",
        Scheme::RsaPkcs1(Hash::Sha384),
        &[MessageForm::Raw, MessageForm::Digest(48)],
    ),
    signature(
        "RSASSA_PKCS1_V1_5_SHA_512",
        Scheme::RsaPkcs1(Hash::Sha512),
        &[MessageForm::Raw, MessageForm::Digest(64)],
    ),
    signature(
        "RSASSA_PSS_SHA_256",
        Scheme::RsaPss(Hash::Sha256),
        &[MessageForm::Raw, MessageForm::Digest(32)],
    ),
    signature(
        "RSASSA_PSS_SHA_384",
        Scheme::RsaPss(Hash::Sha384),
        &[MessageForm::Raw, MessageForm::Digest(48)],
    ),
    signature(
        "RSASSA_PSS_SHA_512",
        Scheme::RsaPss(Hash::Sha512),
        &[MessageForm::Raw, MessageForm::Digest(64)],
    ),
];

const fn signature(name: &'static str, scheme: Scheme, forms: &'static [MessageForm]) -> SigningAlgorithm {
    SigningAlgorithm { name, forms, scheme }
}

/// OAEP leaves the modulus less two hashes and two bytes. Source: RFC 8017, section 7.1.1.
const fn oaep(name: &'static str, hash: Hash, longest_plaintext: usize) -> EncryptionAlgorithm {
    EncryptionAlgorithm {
        name,
        longest_plaintext,
        takes_context: false,
        hash: Some(hash),
    }
}

macro_rules! rsa_spec {
    ($($spec:ident: $bits:literal bits, longest plaintexts $sha1:literal, $sha256:literal;)*) => {$(
        pub(super) static $spec: KeySpec = KeySpec {
            name: stringify!($spec),
            family: Family::Asymmetric,
            uses: &[
                Use::Encryption(&[
                    oaep("RSAES_OAEP_SHA_1", Hash::Sha1, $sha1),
                    oaep("RSAES_OAEP_SHA_256", Hash::Sha256, $sha256),
                ]),
                Use::Signatures(SIGNATURES),
            ],
            data_key_pairs: true,
            weight: Weight::HeavySecret,
            work: &Rsa { bits: $bits },
        };
    )*};
}

rsa_spec! {
    RSA_2048: 2048 bits, longest plaintexts 214, 190;
    RSA_3072: 3072 bits, longest plaintexts 342, 318;
    RSA_4096: 4096 bits, longest plaintexts 470, 446;
}

struct Rsa {
    bits: usize,
}

impl Work for Rsa {
    fn generate(&self, _: &dyn Entropy) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn import(&self, _: &[u8]) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }
}
