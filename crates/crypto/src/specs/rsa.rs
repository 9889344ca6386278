//! RSA keys, which encrypt or sign.
//!
//! Source: KMS Developer Guide, "RSA key specs"; RFC 8017.

use ambient::Entropy;
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair as KeyPair, RsaParameters, UnparsedPublicKey,
};
use secret::{SecretBuffer, SecretBytes};

use super::{
    EncryptionAlgorithm, Family, Hash, KeySpec, MessageForm, Scheme, SigningAlgorithm, Use, Weight, Work,
};
use crate::backing::{BackingFailed, Decryption, Encryption, Message, Signing, VerificationOfSignature};
use crate::der;
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

/// A private key as the library wants it, once for each thing that is done with it.
struct Parsed {
    signing: KeyPair,
    decrypting: OaepPrivateDecryptingKey,
    encrypting: OaepPublicEncryptingKey,
    verifying: Vec<u8>,
    public: Vec<u8>,
}

impl Parsed {
    fn of(pkcs8: &[u8]) -> Result<Parsed, BackingFailed> {
        let refused = |_| BackingFailed::UnfitKey;
        let failed = |_| BackingFailed::library();
        let signing = KeyPair::from_pkcs8(pkcs8).map_err(refused)?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(refused)?;
        let encrypting = decrypting.public_key();
        let public: PublicKeyX509Der<'_> = encrypting.as_der().map_err(failed)?;
        Ok(Parsed {
            verifying: signing.public_key().as_ref().to_vec(),
            public: public.as_ref().to_vec(),
            decrypting: OaepPrivateDecryptingKey::new(decrypting).map_err(failed)?,
            encrypting: OaepPublicEncryptingKey::new(encrypting).map_err(failed)?,
            signing,
        })
    }

    /// The one form in which the key is kept.
    fn to_pkcs8(&self) -> Result<SecretBytes, BackingFailed> {
        let pkcs8: Pkcs8V1Der<'_> = self.signing.as_der().map_err(|_| BackingFailed::library())?;
        Ok(SecretBytes::copied_from(pkcs8.as_ref()))
    }
}

impl Rsa {
    /// Whether the public exponent is 65537, the only one that KMS has. Source: KMS Developer Guide, "RSA key specs".
    fn has_usual_exponent(&self, parsed: &Parsed) -> bool {
        // RSAPublicKey (RFC 8017, A.1.1): two headers of 4 bytes, the modulus behind a zero, and then the exponent.
        let exponent = [2, 3, 1, 0, 1];
        parsed.verifying.len() == 4 + 4 + 1 + self.bits / 8 + exponent.len()
            && parsed.verifying.ends_with(&exponent)
    }

    fn parsed<'m>(&self, material: &'m Material) -> Result<&'m Parsed, BackingFailed> {
        material.parsed(Parsed::of)
    }

    fn oaep(hash: Option<Hash>) -> Result<&'static OaepAlgorithm, BackingFailed> {
        match hash {
            Some(Hash::Sha1) => Ok(&OAEP_SHA1_MGF1SHA1),
            Some(Hash::Sha256) => Ok(&OAEP_SHA256_MGF1SHA256),
            _ => Err(BackingFailed::Unsupported),
        }
    }
}

/// What a scheme is to the library: how it signs, how it verifies, and what it hashes with.
struct Padding {
    signing: &'static dyn RsaEncoding,
    verifying: &'static RsaParameters,
    digest: &'static digest::Algorithm,
}

impl Padding {
    fn of(scheme: Scheme) -> Result<Padding, BackingFailed> {
        let padding = |signing: &'static dyn RsaEncoding, verifying, digest| Padding {
            signing,
            verifying,
            digest,
        };
        Ok(match scheme {
            Scheme::RsaPkcs1(Hash::Sha256) => {
                padding(&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256, &digest::SHA256)
            }
            Scheme::RsaPkcs1(Hash::Sha384) => {
                padding(&RSA_PKCS1_SHA384, &RSA_PKCS1_2048_8192_SHA384, &digest::SHA384)
            }
            Scheme::RsaPkcs1(Hash::Sha512) => {
                padding(&RSA_PKCS1_SHA512, &RSA_PKCS1_2048_8192_SHA512, &digest::SHA512)
            }
            Scheme::RsaPss(Hash::Sha256) => {
                padding(&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256, &digest::SHA256)
            }
            Scheme::RsaPss(Hash::Sha384) => {
                padding(&RSA_PSS_SHA384, &RSA_PSS_2048_8192_SHA384, &digest::SHA384)
            }
            Scheme::RsaPss(Hash::Sha512) => {
                padding(&RSA_PSS_SHA512, &RSA_PSS_2048_8192_SHA512, &digest::SHA512)
            }
            _ => return Err(BackingFailed::Unsupported),
        })
    }
}

/// The digest of a message, or the one that was given.
pub(super) fn digest_of(
    message: &Message<'_>,
    algorithm: &'static digest::Algorithm,
) -> Result<Digest, BackingFailed> {
    match message {
        Message::Raw(message) => Ok(digest::digest(algorithm, message)),
        Message::Digest(given) => {
            Digest::import_less_safe(given, algorithm).map_err(|_| BackingFailed::Unsupported)
        }
        Message::ExternalMu(_) => Err(BackingFailed::Unsupported),
    }
}

impl Work for Rsa {
    /// The library draws the random bytes.
    fn generate(&self, _: &dyn Entropy) -> Result<Material, BackingFailed> {
        let size = match self.bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            _ => return Err(BackingFailed::Unsupported),
        };
        let made = KeyPair::generate(size).map_err(|_| BackingFailed::library())?;
        let pkcs8: Pkcs8V1Der<'_> = made.as_der().map_err(|_| BackingFailed::library())?;
        Ok(Material::private(SecretBytes::copied_from(pkcs8.as_ref())))
    }

    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed> {
        if !der::is_one_sequence(key) {
            return Err(BackingFailed::UnfitKey);
        }
        let parsed = Parsed::of(key)?;
        if parsed.decrypting.key_size_bits() != self.bits || !self.has_usual_exponent(&parsed) {
            return Err(BackingFailed::UnfitKey);
        }
        Ok(Material::private(parsed.to_pkcs8()?))
    }

    fn public_key(&self, material: &Material) -> Result<Vec<u8>, BackingFailed> {
        Ok(self.parsed(material)?.public.clone())
    }

    fn encrypt(
        &self,
        material: &Material,
        request: &Encryption<'_>,
        _: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        if request.plaintext.len() > request.algorithm.longest_plaintext {
            return Err(BackingFailed::TooLong);
        }
        let key = &self.parsed(material)?.encrypting;
        let mut ciphertext = vec![0; key.ciphertext_size()];
        let written = key
            .encrypt(
                Rsa::oaep(request.algorithm.hash)?,
                request.plaintext,
                &mut ciphertext,
                None,
            )
            .map_err(|_| BackingFailed::library())?
            .len();
        ciphertext.truncate(written);
        Ok(ciphertext)
    }

    fn fits_ciphertext(&self, length: usize) -> bool {
        length == self.bits / 8
    }

    fn decrypt(&self, material: &Material, request: &Decryption<'_>) -> Result<SecretBytes, BackingFailed> {
        let key = &self.parsed(material)?.decrypting;
        let mut plaintext = SecretBuffer::with_capacity(key.min_output_size());
        let written = key
            .decrypt(
                Rsa::oaep(request.algorithm.hash)?,
                request.ciphertext,
                plaintext.grow(key.min_output_size()),
                None,
            )
            .map_err(|_| BackingFailed::Unopenable)?
            .len();
        plaintext.truncate(written);
        Ok(plaintext.into_secret())
    }

    fn sign(
        &self,
        material: &Material,
        request: &Signing<'_>,
        _: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        let key = &self.parsed(material)?.signing;
        let padding = Padding::of(request.algorithm.scheme)?;
        let digest = digest_of(&request.message, padding.digest)?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign_digest(padding.signing, &digest, &mut signature)
            .map_err(|_| BackingFailed::library())?;
        Ok(signature)
    }

    fn verify(
        &self,
        material: &Material,
        request: &VerificationOfSignature<'_>,
    ) -> Result<(), BackingFailed> {
        verify(&self.parsed(material)?.verifying, request)
    }
}

/// Verifies under a public key: a SubjectPublicKeyInfo, or an RSAPublicKey of RFC 8017.
pub(super) fn verify(public_key: &[u8], request: &VerificationOfSignature<'_>) -> Result<(), BackingFailed> {
    let padding = Padding::of(request.algorithm.scheme)?;
    let digest = digest_of(&request.message, padding.digest)?;
    UnparsedPublicKey::new(padding.verifying, public_key)
        .verify_digest(&digest, request.signature)
        .map_err(|_| BackingFailed::Mismatch)
}
