//! A byte buffer that grows without leaving copies of itself behind.

use std::fmt;
use std::io;

use zeroize::Zeroize;

use crate::SecretBytes;

/// Bytes being gathered or written, erased on drop and whenever growth moves them.
///
/// It implements [`io::Write`], so that encoders can write secrets straight into it.
#[derive(Default)]
pub struct SecretBuffer(Vec<u8>);

impl SecretBuffer {
    /// An empty buffer that holds `capacity` bytes before it has to move them.
    pub fn with_capacity(capacity: usize) -> SecretBuffer {
        SecretBuffer(Vec::with_capacity(capacity))
    }

    /// Takes over a vector.
    pub fn from_vec(bytes: Vec<u8>) -> SecretBuffer {
        SecretBuffer(bytes)
    }

    /// Appends `bytes`; where they do not fit, what is there moves and its old place is erased.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// Appends `count` zero bytes and returns them, to be filled in place.
    pub fn grow(&mut self, count: usize) -> &mut [u8] {
        self.reserve(count);
        let start = self.0.len();
        self.0.resize(start + count, 0);
        self.0.get_mut(start..).unwrap_or_default()
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes themselves, to be changed in place.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Forgets what lies past `length`, erasing it.
    pub fn truncate(&mut self, length: usize) {
        if let Some(tail) = self.0.get_mut(length..) {
            tail.zeroize();
        }
        self.0.truncate(length);
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes as a secret of their own.
    pub fn into_secret(mut self) -> SecretBytes {
        SecretBytes::new(std::mem::take(&mut self.0))
    }

    fn reserve(&mut self, more: usize) {
        if self.0.capacity() - self.0.len() < more {
            let mut larger = Vec::with_capacity((self.0.len() + more).max(self.0.capacity() * 2).max(64));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            self.0 = larger;
        }
    }
}

impl AsRef<[u8]> for SecretBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl io::Write for SecretBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SecretBuffer {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBuffer({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_keeps_the_bytes() {
        let mut buffer = SecretBuffer::default();
        for chunk in 0..100_u8 {
            buffer.extend(&[chunk; 7]);
        }
        buffer.grow(2).copy_from_slice(b"ok");
        assert_eq!(buffer.len(), 702);
        assert_eq!(&buffer.expose()[693..], &[99, 99, 99, 99, 99, 99, 99, b'o', b'k']);
        buffer.truncate(3);
        assert_eq!(buffer.into_secret().expose(), &[0, 0, 0]);
    }
}
