//! One key derivation for all formats: SP 800-108 in counter mode with HMAC-SHA-256.
//!
//! Each block is `HMAC(key, counter ‖ label ‖ 0x00 ‖ context ‖ L)`: the counter is 32 bits, big-endian, and
//! starts at 1; `L` is the length of the whole output in bits, 32 bits, big-endian. Labels hold no zero byte
//! and every label has contexts of one length, so two different uses never feed HMAC the same bytes.
//!
//! Source: NIST SP 800-108r1-upd1, section 4.1.

use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
use zeroize::Zeroizing;

use crate::SealFailed;

/// The key of one message. It lives as long as the call that uses it, on that call's stack, erased after.
pub(crate) type MessageKey = Zeroizing<[u8; 32]>;

/// Fills `output` with what `key` gives for `label` and the concatenated `context`.
pub(crate) fn derive(
    key: &[u8; 32],
    label: &'static str,
    context: &[&[u8]],
    output: &mut [u8],
) -> Result<(), SealFailed> {
    debug_assert!(!label.bytes().any(|byte| byte == 0));
    let bits = u32::try_from(output.len() * 8).map_err(|_| SealFailed::Library)?;
    let length = label.len() + 1 + context.iter().map(|part| part.len()).sum::<usize>() + 4;
    let mut info = Vec::with_capacity(length);
    info.extend_from_slice(label.as_bytes());
    info.push(0);
    for part in context {
        info.extend_from_slice(part);
    }
    info.extend_from_slice(&bits.to_be_bytes());
    let algorithm =
        get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256).ok_or(SealFailed::Library)?;
    kbkdf_ctr_hmac(algorithm, key, &info, output).map_err(|_| SealFailed::Library)
}

/// The key of the message that `label` and `context` name.
pub(crate) fn message_key(
    key: &[u8; 32],
    label: &'static str,
    context: &[&[u8]],
) -> Result<MessageKey, SealFailed> {
    let mut derived = Zeroizing::new([0; 32]);
    derive(key, label, context, derived.as_mut_slice())?;
    Ok(derived)
}
