//! Base64 with padding, in the alphabet of RFC 4648, section 4.

use std::fmt;

use base64::Engine as _;
use zeroize::Zeroize;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod engine {
    use std::sync::LazyLock;

    use base64::engine::{Simd, general_purpose::PAD};

    /// Vector instructions where the machine has them: besides being fast, they look nothing up in tables, whose
    /// timing would depend on the secret.
    pub(super) static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod engine {
    pub(super) use base64::engine::general_purpose::STANDARD as ENGINE;
}

use engine::ENGINE;

/// The bytes that `text` stands for, in a vector without spare capacity, so that a secret made of it is not copied.
/// `None` unless it is canonical base64: whole, padded, without other characters.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let padding = text
        .bytes()
        .rev()
        .take(2)
        .take_while(|byte| *byte == b'=')
        .count();
    let length = (text.len() / 4 * 3).saturating_sub(padding);
    let mut bytes = vec![0; length];
    match ENGINE.decode_slice(text, &mut bytes) {
        Ok(written) if written == length => Some(bytes),
        _ => {
            bytes.zeroize();
            None
        }
    }
}

/// Prints bytes as base64.
pub(crate) struct Base64<'a>(pub(crate) &'a [u8]);

/// Prints secret bytes as base64, leaving none of it behind on the stack.
pub(crate) struct SecretBase64<'a>(pub(crate) &'a [u8]);

/// Letters that are made at a time.
const PIECE: usize = 512;

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut piece = [0; PIECE];
        self.0
            .chunks(PIECE / 4 * 3)
            .try_for_each(|bytes| write_piece(f, bytes, &mut piece))
    }
}

impl fmt::Display for SecretBase64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut piece = [0; PIECE];
        let outcome = self
            .0
            .chunks(PIECE / 4 * 3)
            .try_for_each(|bytes| write_piece(f, bytes, &mut piece));
        // Byte by byte, so only what was used.
        let used = piece.len().min(room(self.0.len()));
        piece.get_mut(..used).unwrap_or_default().zeroize();
        outcome
    }
}

fn write_piece(f: &mut fmt::Formatter<'_>, bytes: &[u8], piece: &mut [u8; PIECE]) -> fmt::Result {
    // INVARIANT: a piece has room for the letters of its bytes, which are all ASCII.
    let length = ENGINE.encode_slice(bytes, piece).map_err(|_| fmt::Error)?;
    let letters = piece.get(..length).and_then(|piece| str::from_utf8(piece).ok());
    f.write_str(letters.ok_or(fmt::Error)?)
}

/// About how many bytes `count` bytes take as a text of base64 in quotes.
pub(crate) fn room(count: usize) -> usize {
    count.div_ceil(3) * 4 + 4
}
