//! SM2 keys, which encrypt, sign or agree on secrets.
//!
//! Source: KMS Developer Guide, "SM2 key spec"; GB/T 32918; RFC 8998.

use ambient::{Entropy, EntropyFailed};
use secret::{SecretArray, SecretBytes};
use sm2::dsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use sm2::dsa::signature::{Signer, Verifier};
use sm2::dsa::{Signature, SigningKey};
use sm2::elliptic_curve::point::AffineCoordinates;
use sm2::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use sm2::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use sm2::pke::{DecryptingKey, EncryptingKey};
use sm2::{PublicKey, SecretKey};
use zeroize::Zeroize;

use super::{
    AgreementAlgorithm, EncryptionAlgorithm, Family, Hash, KeySpec, MessageForm, Scheme, SigningAlgorithm,
    Use, Weight, Work,
};
use crate::backing::{BackingFailed, Decryption, Encryption, Message, Signing, VerificationOfSignature};
use crate::der;
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

/// Who signs, where nobody is named. Source: GB/T 32918.2, section 5.5, and RFC 8998, section 3.2.1.
const DISTINGUISHING_ID: &str = "1234567812345678";

/// The private key, and what of it is wanted often.
struct Parsed {
    secret: SecretKey,
    signing: SigningKey,
    public: PublicKey,
    spki: Vec<u8>,
}

impl Parsed {
    fn of(pkcs8: &[u8]) -> Result<Parsed, BackingFailed> {
        let secret = SecretKey::from_pkcs8_der(pkcs8).map_err(|_| BackingFailed::UnfitKey)?;
        let signing = SigningKey::new(DISTINGUISHING_ID, &secret).map_err(|_| BackingFailed::library())?;
        let public = secret.public_key();
        let spki = public.to_public_key_der().map_err(|_| BackingFailed::library())?;
        Ok(Parsed {
            spki: spki.as_bytes().to_vec(),
            secret,
            signing,
            public,
        })
    }
}

/// The one form in which a key is kept.
fn to_pkcs8(secret: &SecretKey) -> Result<SecretBytes, BackingFailed> {
    let pkcs8 = secret.to_pkcs8_der().map_err(|_| BackingFailed::library())?;
    Ok(SecretBytes::copied_from(pkcs8.as_bytes()))
}

impl Work for Sm2 {
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, BackingFailed> {
        // One draw of 2^32 is no scalar of the curve.
        for _ in 0..8 {
            let scalar = SecretArray::<32>::filled_by(|scalar| entropy.fill(scalar))?;
            if let Ok(secret) = SecretKey::from_slice(scalar.expose()) {
                return Ok(Material::private(to_pkcs8(&secret)?));
            }
        }
        Err(BackingFailed::library())
    }

    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed> {
        Ok(Material::private(to_pkcs8(&Parsed::of(key)?.secret)?))
    }

    fn public_key(&self, material: &Material) -> Result<Vec<u8>, BackingFailed> {
        Ok(material.parsed(Parsed::of)?.spki.clone())
    }

    /// The ciphertext is ASN.1's SEQUENCE of the point, the hash and the text. Source: GB/T 35276.
    fn encrypt(
        &self,
        material: &Material,
        request: &Encryption<'_>,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        if request.plaintext.len() > request.algorithm.longest_plaintext {
            return Err(BackingFailed::TooLong);
        }
        let key = EncryptingKey::new(material.parsed(Parsed::of)?.public);
        key.encrypt_der(&mut Random(entropy), request.plaintext)
            .map_err(|_| BackingFailed::library())
    }

    fn decrypt(&self, material: &Material, request: &Decryption<'_>) -> Result<SecretBytes, BackingFailed> {
        let key = DecryptingKey::new(material.parsed(Parsed::of)?.secret.clone());
        if !der::is_one_sequence(request.ciphertext) {
            return Err(BackingFailed::Unopenable);
        }
        let plaintext = key
            .decrypt_der(request.ciphertext)
            .map_err(|_| BackingFailed::Unopenable)?;
        Ok(SecretBytes::new(plaintext))
    }

    fn sign(
        &self,
        material: &Material,
        request: &Signing<'_>,
        _: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        let key = &material.parsed(Parsed::of)?.signing;
        let signature: Signature = match request.message {
            Message::Raw(message) => key.try_sign(message),
            Message::Digest(digest) if digest.len() == DIGEST => key.sign_prehash(digest),
            _ => return Err(BackingFailed::Unsupported),
        }
        .map_err(|_| BackingFailed::library())?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn verify(
        &self,
        material: &Material,
        request: &VerificationOfSignature<'_>,
    ) -> Result<(), BackingFailed> {
        let key = material.parsed(Parsed::of)?.signing.verifying_key();
        let signature = Signature::from_der(request.signature).map_err(|_| BackingFailed::Mismatch)?;
        match request.message {
            Message::Raw(message) => key.verify(message, &signature),
            Message::Digest(digest) if digest.len() == DIGEST => key.verify_prehash(digest, &signature),
            _ => return Err(BackingFailed::Unsupported),
        }
        .map_err(|_| BackingFailed::Mismatch)
    }

    fn is_peer(&self, peer: &[u8]) -> bool {
        PublicKey::from_public_key_der(peer).is_ok()
    }

    fn agree(&self, material: &Material, peer: &[u8]) -> Result<SecretBytes, BackingFailed> {
        let own = &material.parsed(Parsed::of)?.secret;
        let peer = PublicKey::from_public_key_der(peer).map_err(|_| BackingFailed::UnfitKey)?;
        // The order of the curve is prime, and no public key is the point at infinity, so neither is the product.
        let mut shared = (peer.to_projective() * *own.to_nonzero_scalar()).to_affine().x();
        let secret = SecretBytes::copied_from(&shared);
        shared.zeroize();
        Ok(secret)
    }
}

/// The digest of SM3, in bytes.
const DIGEST: usize = 32;

/// Our source of random bytes, as the library asks for one.
struct Random<'e>(&'e dyn Entropy);

impl TryRng for Random<'_> {
    type Error = EntropyFailed;

    fn try_next_u32(&mut self) -> Result<u32, EntropyFailed> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, EntropyFailed> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), EntropyFailed> {
        self.0.fill(bytes)
    }
}

impl TryCryptoRng for Random<'_> {}
