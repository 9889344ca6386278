//! The ciphertext of symmetric keys: what Encrypt and its likes hand out, and customers keep.
//!
//! ```text
//! version │ suite │ account │ key kind │ key id │ material id │ salt │ commitment │ ciphertext │ tag
//!    1    │   1   │    8    │    1     │   16   │     32      │  16  │     32     │ as long as │  16
//!                                                                                 │ the text   │
//! ```
//!
//! `docs/ciphertext-format.md` says all of it, and why.

mod context;

use std::collections::BTreeMap;

use ambient::Entropy;
use arn::AccountId;
use aws_lc_rs::constant_time;
use secret::{SecretBuffer, SecretBytes};

use crate::kdf::MessageKey;
use crate::material::{KeyKind, KeyName, Material, MaterialId};
use crate::{SealFailed, Unopenable, aead, kdf, limits};

const VERSION: u8 = 1;
/// SP 800-108 with HMAC-SHA-256, commitment, AES-256-GCM.
const SUITE: u8 = 1;

const HEADER: usize = 1 + 1 + 8 + 1 + 16 + 32;
const SALT: usize = 16;
const COMMITMENT: usize = 32;

const LABEL_ENCRYPTION: &str = "keystead ciphertext 1 encryption";
const LABEL_COMMITMENT: &str = "keystead ciphertext 1 commitment";

/// How much longer a ciphertext is than its plaintext.
pub const OVERHEAD: usize = HEADER + SALT + COMMITMENT + aead::TAG;

/// Bytes that are no ciphertext of a symmetric key in a form that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a ciphertext of a symmetric key")]
pub struct Malformed;

impl From<Malformed> for Unopenable {
    fn from(_: Malformed) -> Unopenable {
        Unopenable
    }
}

/// Which material of which key made a ciphertext. The Region is not told, so that the keys of one
/// multi-Region family open each other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The account that owns the key.
    pub account: AccountId,
    /// The key.
    pub key: KeyName,
    /// Which of the key's materials.
    pub material: MaterialId,
}

impl Header {
    fn encode(&self) -> [u8; HEADER] {
        let kind = match self.key.kind() {
            KeyKind::SingleRegion => 0,
            KeyKind::MultiRegion => 1,
        };
        let account = self.account.number().to_be_bytes();
        let parts: [&[u8]; 5] = [
            &[VERSION, SUITE],
            &account,
            &[kind],
            self.key.as_bytes(),
            self.material.as_bytes(),
        ];
        let mut bytes = [0; HEADER];
        for (to, from) in bytes.iter_mut().zip(parts.iter().copied().flatten()) {
            *to = *from;
        }
        bytes
    }

    fn decode(bytes: &[u8; HEADER]) -> Option<Header> {
        let (start, rest) = bytes.split_first_chunk::<2>()?;
        let (account, rest) = rest.split_first_chunk()?;
        let (kind, rest) = rest.split_first()?;
        let (key, material) = rest.split_first_chunk()?;
        if *start != [VERSION, SUITE] {
            return None;
        }
        let kind = match kind {
            0 => KeyKind::SingleRegion,
            1 => KeyKind::MultiRegion,
            _ => return None,
        };
        Some(Header {
            account: AccountId::from_number(u64::from_be_bytes(*account))?,
            key: KeyName::new(kind, *key),
            material: MaterialId::from_bytes(material.try_into().ok()?),
        })
    }
}

/// A ciphertext taken apart; nothing vouches for any of it before it is opened.
#[derive(Debug, Clone, Copy)]
pub struct Parsed<'a> {
    header: Header,
    header_bytes: &'a [u8; HEADER],
    salt: &'a [u8; SALT],
    commitment: &'a [u8; COMMITMENT],
    ciphertext: &'a [u8],
    tag: &'a [u8; aead::TAG],
}

impl Parsed<'_> {
    /// Which key it says it is under.
    pub fn header(&self) -> &Header {
        &self.header
    }
}

/// Takes a ciphertext apart, without any key.
pub fn parse(blob: &[u8]) -> Result<Parsed<'_>, Malformed> {
    if blob.len() > limits::CIPHERTEXT {
        return Err(Malformed);
    }
    let (header_bytes, rest) = blob.split_first_chunk().ok_or(Malformed)?;
    let header = Header::decode(header_bytes).ok_or(Malformed)?;
    let (salt, rest) = rest.split_first_chunk().ok_or(Malformed)?;
    let (commitment, rest) = rest.split_first_chunk().ok_or(Malformed)?;
    let (ciphertext, tag) = rest.split_last_chunk().ok_or(Malformed)?;
    Ok(Parsed {
        header,
        header_bytes,
        salt,
        commitment,
        ciphertext,
        tag,
    })
}

/// Encrypts `plaintext` under `material`, which `header` names, and binds it to `context`.
///
/// The salt is all that is taken from `entropy`.
pub fn seal(
    material: &Material,
    header: &Header,
    context: &BTreeMap<String, String>,
    plaintext: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, SealFailed> {
    if plaintext.len() > limits::CIPHERTEXT - OVERHEAD {
        return Err(SealFailed::TooLong);
    }
    let mut blob = vec![0; OVERHEAD + plaintext.len()];
    let (header_bytes, rest) = blob.split_first_chunk_mut().ok_or(SealFailed::Library)?;
    let (salt, rest) = rest.split_first_chunk_mut().ok_or(SealFailed::Library)?;
    let (commitment, rest) = rest.split_first_chunk_mut().ok_or(SealFailed::Library)?;
    let (ciphertext, tag) = rest.split_last_chunk_mut().ok_or(SealFailed::Library)?;
    *header_bytes = header.encode();
    entropy.fill(salt)?;
    let keys = Keys {
        material,
        header: header_bytes,
        salt,
        context: context::hash(context),
    };
    *commitment = keys.commitment()?;
    let key = keys.encryption()?;
    aead::seal(&key, aead::ONLY, header_bytes, plaintext, ciphertext, tag)?;
    Ok(blob)
}

/// Decrypts what [`seal`] made under the same material and context.
///
/// Whoever finds `material` by the header must know by himself that the caller may use it.
pub fn open(
    material: &Material,
    parsed: &Parsed<'_>,
    context: &BTreeMap<String, String>,
) -> Result<SecretBytes, Unopenable> {
    let keys = Keys {
        material,
        header: parsed.header_bytes,
        salt: parsed.salt,
        context: context::hash(context),
    };
    let commitment = keys.commitment().map_err(|_| Unopenable)?;
    constant_time::verify_slices_are_equal(&commitment, parsed.commitment).map_err(|_| Unopenable)?;
    let key = keys.encryption().map_err(|_| Unopenable)?;
    let mut plaintext = SecretBuffer::from_vec(vec![0; parsed.ciphertext.len()]);
    aead::open(
        &key,
        aead::ONLY,
        parsed.header_bytes,
        parsed.ciphertext,
        parsed.tag,
        plaintext.expose_mut(),
    )?;
    Ok(plaintext.into_secret())
}

/// What the keys of one message follow from.
struct Keys<'a> {
    material: &'a Material,
    header: &'a [u8; HEADER],
    salt: &'a [u8; SALT],
    context: [u8; 32],
}

impl Keys<'_> {
    fn encryption(&self) -> Result<MessageKey, SealFailed> {
        self.derived(LABEL_ENCRYPTION)
    }

    /// Public from here on: it stands in the ciphertext.
    fn commitment(&self) -> Result<[u8; COMMITMENT], SealFailed> {
        self.derived(LABEL_COMMITMENT).map(|commitment| *commitment)
    }

    fn derived(&self, label: &'static str) -> Result<MessageKey, SealFailed> {
        let key = self.material.as_aes_256().ok_or(SealFailed::Library)?;
        kdf::message_key(key.expose(), label, &[self.header, self.salt, &self.context])
    }
}

#[cfg(test)]
mod tests;
