//! Values that operators compare, read from their text.

mod date;
mod network;
mod number;

pub(crate) use date::Date;
pub(crate) use network::{Network, address};
pub(crate) use number::Number;

/// `true` or `false`, without regard to case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Bytes in base 64.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
