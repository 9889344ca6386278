//! The root key: outside the store, above every key in it.
//!
//! It comes out of a file or from a passphrase ([`passphrase`]), and does one thing: it wraps domain keys.
//!
//! ```text
//! version 1 │ root key id │ salt │ wrapped key │ tag
//!   1 byte  │      8      │  16  │     32      │  16
//! ```
//!
//! The id is in the clear so that "another root key" can be told from "damaged". It is derived from the key
//! and says nothing else about it. Key, nonce and associated data follow [`seal`](crate::seal), with the
//! first 25 bytes as context.

pub mod passphrase;

use std::fmt;

use ambient::Entropy;
use secret::{LockedKey, SecretBuffer};

use crate::{SealFailed, aead, kdf};

const VERSION: u8 = 1;
const ID: usize = 8;
const SALT: usize = 16;
const KEY: usize = 32;
const PREFIX: usize = 1 + ID + SALT;

/// Bytes of a wrapped key.
pub const WRAPPED: usize = PREFIX + KEY + aead::TAG;

/// Bytes of a root key file: 64 lower-case hexadecimal digits and a newline.
pub const FILE: usize = 2 * KEY + 1;

const LABEL_ID: &str = "keystead 1 root id";
const LABEL_WRAP: &str = "keystead 1 root wrap";

/// What tells root keys apart, in the clear.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RootKeyId([u8; ID]);

impl RootKeyId {
    /// The id as it was stored.
    pub fn from_bytes(bytes: [u8; ID]) -> RootKeyId {
        RootKeyId(bytes)
    }

    /// The id, to be stored.
    pub fn as_bytes(&self) -> &[u8; ID] {
        &self.0
    }
}

impl fmt::Display for RootKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RootKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A file that holds no root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a root key file holds 64 lower-case hexadecimal digits and a newline, and nothing else")]
pub struct NotARootKey;

/// Why a wrapped key can't be unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapFailed {
    /// The key was wrapped by another root key than this.
    #[error("the store was sealed under root key {wanted}, and this is root key {given}")]
    WrongRootKey {
        /// The root key that it needs.
        wanted: RootKeyId,
        /// The root key that was tried.
        given: RootKeyId,
    },
    /// The wrapped key was changed, cut or moved.
    #[error("a wrapped key is damaged")]
    Damaged,
}

/// The key above all others.
#[derive(Debug)]
pub struct RootKey {
    key: LockedKey,
    id: RootKeyId,
}

impl RootKey {
    /// A new root key.
    pub fn generate(entropy: &dyn Entropy) -> Result<RootKey, SealFailed> {
        RootKey::from_key(LockedKey::filled_by(|bytes| entropy.fill(bytes))?)
    }

    /// The root key that a source of root keys gave.
    pub fn from_key(key: LockedKey) -> Result<RootKey, SealFailed> {
        let mut id = [0; ID];
        kdf::derive(key.expose(), LABEL_ID, &[], &mut id)?;
        Ok(RootKey {
            key,
            id: RootKeyId(id),
        })
    }

    /// Reads the content of a root key file. Whoever opens the file sees to its permissions.
    pub fn from_file_content(content: &[u8]) -> Result<RootKey, NotARootKey> {
        let digits: &[u8; 2 * KEY] = match content.split_last() {
            Some((b'\n', digits)) => digits.try_into().map_err(|_| NotARootKey)?,
            _ => return Err(NotARootKey),
        };
        let key = LockedKey::filled_by(|key| {
            let (pairs, _) = digits.as_chunks::<2>();
            for (byte, [high, low]) in key.iter_mut().zip(pairs) {
                *byte = value_of(*high)? << 4 | value_of(*low)?;
            }
            Ok(())
        })?;
        RootKey::from_key(key).map_err(|_| NotARootKey)
    }

    /// The content of a root key file for this key.
    pub fn to_file_content(&self) -> SecretBuffer {
        let mut content = SecretBuffer::with_capacity(FILE);
        for byte in self.key.expose() {
            content.extend(&[digit_of(byte >> 4), digit_of(byte & 0xf)]);
        }
        content.extend(b"\n");
        content
    }

    /// What tells this key from others.
    pub fn id(&self) -> RootKeyId {
        self.id
    }

    /// Wraps a key to the place that `aad` describes: the domain, and the version of its key.
    pub fn wrap(
        &self,
        entropy: &dyn Entropy,
        aad: &[&[u8]],
        key: &LockedKey,
    ) -> Result<[u8; WRAPPED], SealFailed> {
        let mut wrapped = [0; WRAPPED];
        let (prefix, ciphertext, tag) = parts_mut(&mut wrapped).ok_or(SealFailed::Library)?;
        let (start, salt) = prefix.split_at_mut(PREFIX - SALT);
        start.copy_from_slice(&start_of(self.id));
        entropy.fill(salt)?;
        let message_key = kdf::message_key(self.key.expose(), LABEL_WRAP, &[prefix])?;
        let associated = aead::associated(prefix, aad);
        aead::seal(
            &message_key,
            aead::ONLY,
            &associated,
            key.expose(),
            ciphertext,
            tag,
        )?;
        Ok(wrapped)
    }

    /// Unwraps a key that was wrapped to the place that `aad` describes.
    pub fn unwrap(&self, aad: &[&[u8]], wrapped: &[u8]) -> Result<LockedKey, UnwrapFailed> {
        let wanted = wrapped_under(wrapped).ok_or(UnwrapFailed::Damaged)?;
        if wanted != self.id {
            return Err(UnwrapFailed::WrongRootKey {
                wanted,
                given: self.id,
            });
        }
        let (prefix, ciphertext, tag) = parts(wrapped).ok_or(UnwrapFailed::Damaged)?;
        let message_key =
            kdf::message_key(self.key.expose(), LABEL_WRAP, &[prefix]).map_err(|_| UnwrapFailed::Damaged)?;
        let associated = aead::associated(prefix, aad);
        LockedKey::filled_by(|key| aead::open(&message_key, aead::ONLY, &associated, ciphertext, tag, key))
            .map_err(|_| UnwrapFailed::Damaged)
    }
}

/// The root key that `wrapped` says it is under; `None` where it has no such form. Nothing vouches for it
/// before the key is unwrapped.
pub fn wrapped_under(wrapped: &[u8]) -> Option<RootKeyId> {
    let (prefix, _, _) = parts(wrapped)?;
    let (version, rest) = prefix.split_first()?;
    (*version == VERSION).then_some(RootKeyId(*rest.first_chunk()?))
}

fn start_of(id: RootKeyId) -> [u8; PREFIX - SALT] {
    let mut start = [VERSION; PREFIX - SALT];
    if let Some(rest) = start.last_chunk_mut() {
        *rest = id.0;
    }
    start
}

fn parts(wrapped: &[u8]) -> Option<(&[u8; PREFIX], &[u8; KEY], &[u8; aead::TAG])> {
    let (prefix, rest) = wrapped.split_first_chunk()?;
    let (ciphertext, tag) = rest.split_last_chunk()?;
    Some((prefix, ciphertext.try_into().ok()?, tag))
}

fn parts_mut(wrapped: &mut [u8]) -> Option<(&mut [u8; PREFIX], &mut [u8], &mut [u8; aead::TAG])> {
    let (prefix, rest) = wrapped.split_first_chunk_mut()?;
    let (ciphertext, tag) = rest.split_last_chunk_mut()?;
    Some((prefix, ciphertext, tag))
}

fn value_of(digit: u8) -> Result<u8, NotARootKey> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotARootKey),
    }
}

fn digit_of(value: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        b'a' + (value - 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;
    use proptest::prelude::*;

    fn root(seed: u64) -> RootKey {
        RootKey::generate(&SeededEntropy::new(seed)).unwrap()
    }

    fn domain_key() -> LockedKey {
        LockedKey::copied_from(&[9; 32]).unwrap()
    }

    #[test]
    fn a_root_key_survives_its_file() {
        let key = root(1);
        let content = key.to_file_content();
        assert_eq!(content.len(), FILE);
        let again = RootKey::from_file_content(content.expose()).unwrap();
        assert_eq!((again.id(), &again.key), (key.id(), &key.key));
        assert_ne!(key.id(), root(2).id());
    }

    #[test]
    fn a_file_of_any_other_form_is_refused() {
        let right = "0123456789abcdef".repeat(4);
        assert!(RootKey::from_file_content(format!("{right}\n").as_bytes()).is_ok());
        for wrong in [
            String::new(),
            "\n".to_owned(),
            right.clone(),
            format!("{right}\r\n"),
            format!("{right}\n\n"),
            format!(" {right}\n"),
            format!("{}\n", right.to_uppercase()),
            format!("{}g\n", &right[1..]),
            format!("{}\n", &right[1..]),
            format!("0{right}\n"),
        ] {
            assert_eq!(
                RootKey::from_file_content(wrong.as_bytes()).unwrap_err(),
                NotARootKey,
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_wrapped_key_says_which_root_key_it_needs() {
        let wrapped = root(1)
            .wrap(&SeededEntropy::new(3), &[b"domain"], &domain_key())
            .unwrap();
        assert_eq!(wrapped_under(&wrapped), Some(root(1).id()));
        assert_eq!(root(1).unwrap(&[b"domain"], &wrapped).unwrap(), domain_key());
        let refused = root(2).unwrap(&[b"domain"], &wrapped).unwrap_err();
        assert_eq!(
            refused,
            UnwrapFailed::WrongRootKey {
                wanted: root(1).id(),
                given: root(2).id()
            }
        );
    }

    #[test]
    fn a_wrapped_key_moved_to_another_place_is_damaged() {
        let wrapped = root(1)
            .wrap(&SeededEntropy::new(3), &[b"domain"], &domain_key())
            .unwrap();
        let places: [&[&[u8]]; 3] = [&[], &[b"other"], &[b"domain", b""]];
        for place in places {
            assert_eq!(
                root(1).unwrap(place, &wrapped).unwrap_err(),
                UnwrapFailed::Damaged
            );
        }
    }

    #[test]
    fn a_root_key_prints_only_its_id() {
        let key = root(1);
        let printed = format!("{key:?}");
        assert!(printed.contains(&key.id().to_string()));
        let digits = String::from_utf8(key.to_file_content().expose()[..8].to_vec()).unwrap();
        assert!(!printed.contains(&digits));
    }

    proptest! {
        #[test]
        fn a_changed_or_cut_wrap_never_unwraps(at in 0..WRAPPED, bit in 0..8_u8) {
            let mut wrapped = root(1).wrap(&SeededEntropy::new(3), &[], &domain_key()).unwrap();
            prop_assert_eq!(root(1).unwrap(&[], &wrapped[..at]).unwrap_err(), UnwrapFailed::Damaged);
            wrapped[at] ^= 1 << bit;
            let refused = root(1).unwrap(&[], &wrapped).unwrap_err();
            prop_assert_eq!(refused == UnwrapFailed::Damaged, !(1..=ID).contains(&at));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = wrapped_under(&bytes);
            prop_assert!(root(1).unwrap(&[], &bytes).is_err());
            prop_assert!(RootKey::from_file_content(&bytes).is_err());
        }
    }
}
