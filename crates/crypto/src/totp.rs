//! Codes that follow from a seed and the time: of authenticator applications, as a second factor.
//!
//! Source: RFC 6238, with its defaults (SHA-1, steps of 30 seconds since 1970) and six digits; RFC 4226, section 5.3.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use secret::SecretBytes;

/// Seconds of a step.
pub const STEP_SECONDS: i64 = 30;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// Bytes of a seed: 320 bits, as AWS's have.
pub const SEED: usize = 40;

/// The code of a step, in digits. Whoever knows a code may sign in with it once, so it is not for printing.
pub fn code(seed: &SecretBytes, step: u64) -> [u8; DIGITS] {
    // What authenticator applications know; HMAC does not rest on what SHA-1 has lost.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed.expose());
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = tag.last().map_or(0, |last| usize::from(last & 0x0f));
    let word = tag.get(offset..).and_then(<[u8]>::first_chunk::<4>);
    // INVARIANT: the tag has 20 bytes, and the offset is at most 15.
    let mut number = u32::from_be_bytes(word.copied().unwrap_or_default()) & 0x7fff_ffff;
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    digits
}

/// Whether this is the code of a step; compared in constant time.
pub fn is_code(seed: &SecretBytes, step: u64, presented: &str) -> bool {
    verify_slices_are_equal(&code(seed, step), presented.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, of whose eight digits six are ours.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let seed = SecretBytes::copied_from(b"12345678901234567890");
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert!(is_code(&seed, seconds / 30, expected), "{seconds}");
            assert!(!is_code(&seed, seconds / 30 + 1, expected), "{seconds}");
        }
        assert!(!is_code(&seed, 1, ""));
        assert!(!is_code(&seed, 1, "2870820"));
    }
}
