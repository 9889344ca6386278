//! AES-256-GCM, the one authenticated cipher of all formats.
//!
//! Source: NIST SP 800-38D; 96-bit nonce, 128-bit tag.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::{SealFailed, Unopenable};

pub(crate) const NONCE: usize = 12;
pub(crate) const TAG: usize = 16;

/// The nonce of a key that is used for one message alone.
pub(crate) const ONLY: [u8; NONCE] = [0; NONCE];

/// Writes the ciphertext of `plaintext`, of the same length, and its tag.
pub(crate) fn seal(
    key: &[u8; 32],
    nonce: [u8; NONCE],
    aad: &[u8],
    plaintext: &[u8],
    ciphertext: &mut [u8],
    tag: &mut [u8; TAG],
) -> Result<(), SealFailed> {
    // Out of place, so that no plaintext ever lies in the buffer of the ciphertext.
    schedule(key)
        .ok_or(SealFailed::Library)?
        .seal_out_of_place_scatter(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            plaintext,
            ciphertext,
            &[],
            tag,
        )
        .map_err(|_| SealFailed::Library)
}

/// Writes the plaintext of `ciphertext`, of the same length, or fails and leaves only zeros.
pub(crate) fn open(
    key: &[u8; 32],
    nonce: [u8; NONCE],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8; TAG],
    plaintext: &mut [u8],
) -> Result<(), Unopenable> {
    let opened = schedule(key).and_then(|key| {
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, plaintext)
            .ok()
    });
    opened.ok_or_else(|| {
        zeroize::Zeroize::zeroize(plaintext);
        Unopenable
    })
}

fn schedule(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

/// Associated data out of parts, each behind its length in 32 bits, so that no two lists give the same bytes.
pub(crate) fn associated(prefix: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len() + 4).sum::<usize>();
    let mut bytes = Vec::with_capacity(prefix.len() + length);
    bytes.extend_from_slice(prefix);
    for part in parts {
        // INVARIANT: parts are row keys, names and versions; none comes near 4 GiB.
        bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests;
