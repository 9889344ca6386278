//! How the store seals its rows.
//!
//! ```text
//! version 1 │ domain key version │ salt │ ciphertext │ tag
//!   1 byte  │  4, big-endian     │  16  │   as long  │  16
//! ```
//!
//! - The message's key is [derived](crate::kdf) from the subkey under a label that names the use, with the
//!   first 21 bytes (version, domain key version, salt) as context. It is used once, so its nonce is zero.
//! - AES-256-GCM; associated data are those 21 bytes and then what the caller says of the place (the row's key,
//!   which begins with table and domain, and the format), each part behind its length in 32 bits, big-endian.
//!
//! The salt is random. Two of 2^48 messages under one subkey share theirs with a chance of 2^-33, where one
//! random 96-bit nonce under one key must stop at 2^32 messages.

use std::fmt;

use ambient::Entropy;
use secret::{LockedKey, SecretBuffer};

use crate::subkey::Label;
use crate::{SealFailed, Unopenable, aead, kdf, limits};

const VERSION: u8 = 1;
const SALT: usize = 16;
const PREFIX: usize = 1 + 4 + SALT;

/// How much longer the sealed bytes are than the plaintext.
pub const OVERHEAD: usize = PREFIX + aead::TAG;

/// Seals for one use under one version of a domain key.
pub struct SealingKey {
    key: LockedKey,
    label: &'static str,
    domain_key_version: u32,
}

impl SealingKey {
    /// Seals for `label` under its subkey; what is sealed says that it is under `domain_key_version`.
    pub(crate) fn new(subkey: LockedKey, label: Label, domain_key_version: u32) -> SealingKey {
        SealingKey {
            key: subkey,
            label: label_of_messages(label),
            domain_key_version,
        }
    }

    /// Seals `plaintext` to the place that `aad` describes.
    pub fn seal(
        &self,
        entropy: &dyn Entropy,
        aad: &[&[u8]],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, SealFailed> {
        if plaintext.len() > limits::SEALED_PLAINTEXT {
            return Err(SealFailed::TooLong);
        }
        let mut sealed = vec![0; plaintext.len() + OVERHEAD];
        let (prefix, ciphertext, tag) = parts_mut(&mut sealed).ok_or(SealFailed::Library)?;
        let (start, salt) = prefix.split_at_mut(PREFIX - SALT);
        start.copy_from_slice(&start_of(self.domain_key_version));
        entropy.fill(salt)?;
        let key = kdf::message_key(self.key.expose(), self.label, &[prefix])?;
        let associated = aead::associated(prefix, aad);
        aead::seal(&key, aead::ONLY, &associated, plaintext, ciphertext, tag)?;
        Ok(sealed)
    }

    /// Opens what was sealed to the place that `aad` describes, under this very key.
    pub fn open(&self, aad: &[&[u8]], sealed: &[u8]) -> Result<SecretBuffer, Unopenable> {
        let (prefix, ciphertext, tag) = parts(sealed).ok_or(Unopenable)?;
        if !prefix.starts_with(&start_of(self.domain_key_version)) {
            return Err(Unopenable);
        }
        let key = kdf::message_key(self.key.expose(), self.label, &[prefix]).map_err(|_| Unopenable)?;
        let associated = aead::associated(prefix, aad);
        let mut plaintext = SecretBuffer::with_capacity(ciphertext.len());
        aead::open(
            &key,
            aead::ONLY,
            &associated,
            ciphertext,
            tag,
            plaintext.grow(ciphertext.len()),
        )?;
        Ok(plaintext)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SealingKey({}, version {})",
            self.label, self.domain_key_version
        )
    }
}

/// The version of the domain key that `sealed` says it is under; `None` where it has no such form. Nothing
/// vouches for it before the bytes are opened.
pub fn domain_key_version(sealed: &[u8]) -> Option<u32> {
    let (prefix, _, _) = parts(sealed)?;
    let (version, rest) = prefix.split_first()?;
    let number = rest.first_chunk()?;
    (*version == VERSION).then_some(u32::from_be_bytes(*number))
}

/// The tag, which stands for the sealed bytes in hashes over many of them; empty where there is none.
pub fn tag_of(sealed: &[u8]) -> &[u8] {
    parts(sealed).map_or(&[], |(_, _, tag)| tag)
}

fn label_of_messages(label: Label) -> &'static str {
    match label {
        Label::Record => "keystead 1 seal record",
        Label::Material => "keystead 1 seal material",
        Label::Token => "keystead 1 seal token",
        Label::Marker => "keystead 1 seal marker",
        Label::Package => "keystead 1 seal package",
        Label::Head => "keystead 1 seal head",
    }
}

fn start_of(domain_key_version: u32) -> [u8; PREFIX - SALT] {
    let [a, b, c, d] = domain_key_version.to_be_bytes();
    [VERSION, a, b, c, d]
}

fn parts(sealed: &[u8]) -> Option<(&[u8; PREFIX], &[u8], &[u8; aead::TAG])> {
    let (prefix, rest) = sealed.split_first_chunk()?;
    let (ciphertext, tag) = rest.split_last_chunk()?;
    Some((prefix, ciphertext, tag))
}

fn parts_mut(sealed: &mut [u8]) -> Option<(&mut [u8; PREFIX], &mut [u8], &mut [u8; aead::TAG])> {
    let (prefix, rest) = sealed.split_first_chunk_mut()?;
    let (ciphertext, tag) = rest.split_last_chunk_mut()?;
    Some((prefix, ciphertext, tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subkey::DomainKey;
    use ambient::SeededEntropy;
    use proptest::prelude::*;

    fn key(seed: u64, version: u32, label: Label) -> SealingKey {
        let entropy = SeededEntropy::new(seed);
        DomainKey::generate(version, &entropy)
            .unwrap()
            .sealing(label)
            .unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place() {
        let key = key(1, 7, Label::Record);
        let sealed = key
            .seal(&SeededEntropy::new(2), &[b"row", b"1"], b"text")
            .unwrap();
        assert_eq!(sealed.len(), 4 + OVERHEAD);
        assert_eq!(domain_key_version(&sealed), Some(7));
        assert_eq!(tag_of(&sealed), &sealed[sealed.len() - 16..]);
        assert_eq!(key.open(&[b"row", b"1"], &sealed).unwrap().expose(), b"text");
    }

    #[test]
    fn another_key_use_version_or_place_opens_nothing() {
        let right = key(1, 7, Label::Record);
        let sealed = right
            .seal(&SeededEntropy::new(2), &[b"ab", b"c"], b"text")
            .unwrap();
        for wrong in [
            key(2, 7, Label::Record),
            key(1, 8, Label::Record),
            key(1, 7, Label::Material),
        ] {
            assert_eq!(wrong.open(&[b"ab", b"c"], &sealed).unwrap_err(), Unopenable);
        }
        let places: [&[&[u8]]; 5] = [&[b"a", b"bc"], &[b"abc"], &[b"ab", b"c", b""], &[b"ab"], &[]];
        for place in places {
            assert_eq!(right.open(place, &sealed).unwrap_err(), Unopenable);
        }
    }

    #[test]
    fn two_seals_of_one_text_differ() {
        let (key, entropy) = (key(1, 1, Label::Record), SeededEntropy::new(2));
        assert_ne!(
            key.seal(&entropy, &[], b"x").unwrap(),
            key.seal(&entropy, &[], b"x").unwrap()
        );
    }

    proptest! {
        #[test]
        fn a_changed_or_cut_seal_opens_never(
            text in prop::collection::vec(any::<u8>(), 0..100),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let key = key(1, 7, Label::Record);
            let sealed = key.seal(&SeededEntropy::new(2), &[b"row"], &text).unwrap();
            let opened = key.open(&[b"row"], &sealed).unwrap();
            prop_assert_eq!(opened.expose(), &text[..]);
            let mut changed = sealed.clone();
            changed[at.index(sealed.len())] ^= 1 << bit;
            prop_assert_eq!(key.open(&[b"row"], &changed).unwrap_err(), Unopenable);
            let cut = &sealed[..at.index(sealed.len())];
            prop_assert_eq!(key.open(&[b"row"], cut).unwrap_err(), Unopenable);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = (domain_key_version(&bytes), tag_of(&bytes));
            prop_assert!(key(1, 7, Label::Record).open(&[], &bytes).is_err());
        }
    }
}
