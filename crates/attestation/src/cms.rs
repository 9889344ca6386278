//! An answer for a recipient: CMS EnvelopedData.
//!
//! The content is encrypted with AES-256-CBC under a key that is used once, and that key with RSAES-OAEP and SHA-256 under the
//! recipient's public key, which is named by the SHA-1 of its bits.
//!
//! Source: RFC 5652, section 6; RFC 3560 (RSAES-OAEP in CMS); RFC 3565 (AES in CMS); KMS API Reference, `Decrypt`,
//! `CiphertextForRecipient`.

use ambient::{Entropy, EntropyFailed};
use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use secret::{SecretArray, SecretBuffer};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

use crate::der::{INTEGER, NULL, OCTET_STRING, OID, ONE, SEQUENCE, SET, ZERO, ZERO_PRIMITIVE, element};

/// id-data, 1.2.840.113549.1.7.1.
const DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// id-envelopedData, 1.2.840.113549.1.7.3.
const ENVELOPED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
/// id-RSAES-OAEP, 1.2.840.113549.1.1.7.
const RSAES_OAEP: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07];
/// id-mgf1, 1.2.840.113549.1.1.8.
const MGF1: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
/// id-sha256, 2.16.840.1.101.3.4.2.1.
const SHA_256: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// id-aes256-CBC, 2.16.840.1.101.3.4.1.42.
const AES_256_CBC: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

/// The version of EnvelopedData and of KeyTransRecipientInfo where recipients are named by their keys.
const VERSION: [u8; 1] = [2];

/// Why an answer could not be put into an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeFailed {
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// The public key can't be encrypted to.
    #[error("the recipient's public key can't be encrypted to")]
    PublicKey,
    /// The cryptographic library refused a call that it never should.
    #[error("the cryptographic library failed")]
    Library,
}

/// Encrypts `plaintext` to an RSA public key, a SubjectPublicKeyInfo in DER. The library draws OAEP's random bytes, the rest
/// comes from `entropy`. Gives a ContentInfo in DER.
pub fn envelope(
    public_key: &[u8],
    plaintext: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, EnvelopeFailed> {
    let key = SecretArray::<32>::filled_by(|key| entropy.fill(key))?;
    let mut iv = [0; 16];
    entropy.fill(&mut iv)?;
    let encrypted_key = wrap(public_key, key.expose())?;
    let content = encrypt(key.expose(), iv, plaintext)?;

    let sha_256 = element(SEQUENCE, &[&oid(&SHA_256), &element(NULL, &[])]);
    let mgf1 = element(SEQUENCE, &[&oid(&MGF1), &sha_256]);
    let oaep = element(SEQUENCE, &[&element(ZERO, &[&sha_256]), &element(ONE, &[&mgf1])]);
    let recipient = element(
        SEQUENCE,
        &[
            &element(INTEGER, &[&VERSION]),
            &element(ZERO_PRIMITIVE, &[&key_identifier(public_key)?]),
            &element(SEQUENCE, &[&oid(&RSAES_OAEP), &oaep]),
            &element(OCTET_STRING, &[&encrypted_key]),
        ],
    );
    let encrypted = element(
        SEQUENCE,
        &[
            &oid(&DATA),
            &element(SEQUENCE, &[&oid(&AES_256_CBC), &element(OCTET_STRING, &[&iv])]),
            &element(ZERO_PRIMITIVE, &[&content]),
        ],
    );
    let enveloped = element(
        SEQUENCE,
        &[
            &element(INTEGER, &[&VERSION]),
            &element(SET, &[&recipient]),
            &encrypted,
        ],
    );
    Ok(element(
        SEQUENCE,
        &[&oid(&ENVELOPED_DATA), &element(ZERO, &[&enveloped])],
    ))
}

fn oid(content: &[u8]) -> Vec<u8> {
    element(OID, &[content])
}

/// The SHA-1 of the public key's bits. Source: RFC 5280, section 4.2.1.2, method 1.
fn key_identifier(public_key: &[u8]) -> Result<Vec<u8>, EnvelopeFailed> {
    let (_, info) = SubjectPublicKeyInfo::from_der(public_key).map_err(|_| EnvelopeFailed::PublicKey)?;
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &info.subject_public_key.data);
    Ok(hash.as_ref().to_vec())
}

fn wrap(public_key: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, EnvelopeFailed> {
    let recipient = PublicEncryptingKey::from_der(public_key).map_err(|_| EnvelopeFailed::PublicKey)?;
    let recipient = OaepPublicEncryptingKey::new(recipient).map_err(|_| EnvelopeFailed::PublicKey)?;
    let mut wrapped = vec![0; recipient.ciphertext_size()];
    let written = recipient
        .encrypt(&OAEP_SHA256_MGF1SHA256, key, &mut wrapped, None)
        .map_err(|_| EnvelopeFailed::Library)?
        .len();
    wrapped.truncate(written);
    Ok(wrapped)
}

/// AES-256-CBC with PKCS #7 padding.
fn encrypt(key: &[u8; 32], iv: [u8; 16], plaintext: &[u8]) -> Result<Vec<u8>, EnvelopeFailed> {
    let failed = |_| EnvelopeFailed::Library;
    let key = UnboundCipherKey::new(&AES_256, key).map_err(failed)?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(failed)?;
    // It is encrypted where it stands, and grows by its padding.
    let mut buffer = SecretBuffer::with_capacity(plaintext.len() + 16);
    buffer.extend(plaintext);
    let mut content = Taken(buffer);
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(&mut content, context).map_err(failed)?;
    Ok(content.0.expose().to_vec())
}

/// A secret buffer, as the library takes one.
struct Taken(SecretBuffer);

impl AsMut<[u8]> for Taken {
    fn as_mut(&mut self) -> &mut [u8] {
        self.0.expose_mut()
    }
}

impl<'a> Extend<&'a u8> for Taken {
    fn extend<I: IntoIterator<Item = &'a u8>>(&mut self, bytes: I) {
        for byte in bytes {
            self.0.extend(&[*byte]);
        }
    }
}
