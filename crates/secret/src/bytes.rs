//! Secrets of fixed and of any length, on the ordinary heap.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secret bytes of any length, erased on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Box<[u8]>);

impl SecretBytes {
    /// Takes over `bytes`; they are not copied where the vector has no spare capacity.
    pub fn new(mut bytes: Vec<u8>) -> SecretBytes {
        if bytes.capacity() == bytes.len() {
            return SecretBytes(bytes.into_boxed_slice());
        }
        // Shrinking would move the bytes and leave the old ones behind, so copy and erase.
        let copy = SecretBytes::copied_from(&bytes);
        bytes.zeroize();
        copy
    }

    /// Copies bytes that somebody else owns and erases.
    pub fn copied_from(bytes: &[u8]) -> SecretBytes {
        SecretBytes(Box::from(bytes))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are; a length is not a secret here.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretBytes {}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> SecretBytes {
        SecretBytes::new(bytes)
    }
}

/// Exactly `N` secret bytes, boxed so that moving the value copies nothing, erased on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretArray<const N: usize>(Box<[u8; N]>);

impl<const N: usize> SecretArray<N> {
    /// All zero, to be filled in place by `fill`.
    pub fn filled_by<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<SecretArray<N>, E> {
        let mut array = SecretArray(Box::new([0; N]));
        fill(&mut array.0)?;
        Ok(array)
    }

    /// Copies bytes that somebody else owns and erases; `None` unless there are exactly `N`.
    pub fn copied_from(bytes: &[u8]) -> Option<SecretArray<N>> {
        if bytes.len() != N {
            return None;
        }
        let mut array = SecretArray(Box::new([0; N]));
        array.0.copy_from_slice(bytes);
        Some(array)
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for SecretArray<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretArray({N} bytes)")
    }
}

impl<const N: usize> PartialEq for SecretArray<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl<const N: usize> Eq for SecretArray<N> {}

/// Secret text, such as a secret access key or a passphrase, erased on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretString(String);

impl SecretString {
    /// Takes over `text`.
    pub fn new(text: String) -> SecretString {
        SecretString(text)
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretString({} bytes)", self.0.len())
    }
}

impl PartialEq for SecretString {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SecretString {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_only_its_length() {
        let printed = format!(
            "{:?} {:?} {:?}",
            SecretBytes::new(b"hunter2".to_vec()),
            SecretString::new("hunter2".into()),
            SecretArray::<7>::copied_from(b"hunter2").unwrap(),
        );
        assert_eq!(
            printed,
            "SecretBytes(7 bytes) SecretString(7 bytes) SecretArray(7 bytes)"
        );
    }

    #[test]
    fn an_array_takes_only_its_own_length() {
        assert!(SecretArray::<4>::copied_from(b"abc").is_none());
        assert!(SecretArray::<4>::copied_from(b"abcd").is_some());
    }

    #[test]
    fn secrets_compare_by_content() {
        assert_eq!(SecretBytes::new(vec![1, 2]), SecretBytes::copied_from(&[1, 2]));
        assert_ne!(SecretBytes::new(vec![1, 2]), SecretBytes::copied_from(&[1, 3]));
        assert_ne!(SecretBytes::new(vec![1, 2]), SecretBytes::copied_from(&[1, 2, 3]));
    }
}
