//! Percent-encoding by RFC 3986, section 2: all but the unreserved characters.

use std::borrow::Cow;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Whether a byte stands for itself.
const fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Appends one byte, encoded where it has to be.
fn push_byte(out: &mut Vec<u8>, byte: u8) {
    if unreserved(byte) {
        out.push(byte);
    } else {
        let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
        out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
    }
}

/// Appends `text`, encoded, slashes kept.
pub(crate) fn push_path(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        if *byte == b'/' {
            out.push(b'/');
        } else {
            push_byte(out, *byte);
        }
    }
}

/// Appends `text`, which is encoded already, in the one canonical encoding, slashes kept.
pub(crate) fn push_path_again(out: &mut Vec<u8>, text: &str) {
    for (byte, escaped) in Unescaped::of(text) {
        if byte == b'/' && !escaped {
            out.push(b'/');
        } else {
            push_byte(out, byte);
        }
    }
}

/// Appends a name or value of a query, which is encoded already, in the one canonical encoding.
pub(crate) fn push_query_again(out: &mut Vec<u8>, text: &str) {
    for (byte, escaped) in Unescaped::of(text) {
        push_byte(out, if byte == b'+' && !escaped { b' ' } else { byte });
    }
}

/// Appends a name or value of a query, encoded.
pub(crate) fn push_query(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        push_byte(out, byte);
    }
}

/// A text, encoded: all but the unreserved characters, slashes too. Source: RFC 3986, section 2.3.
pub fn percent_encoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() * 2);
    push_query(&mut out, text);
    // INVARIANT: what is pushed is ASCII.
    String::from_utf8(out).unwrap_or_default()
}

/// A name or value of a query as it was before it was encoded; bytes that are not UTF-8 are replaced.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let bytes = Unescaped::of(text)
        .map(|(byte, escaped)| if byte == b'+' && !escaped { b' ' } else { byte })
        .collect();
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// The bytes of an encoded text, each with whether it was written as an escape. A `%` that begins no escape
/// stands for itself.
struct Unescaped<'a>(std::slice::Iter<'a, u8>);

impl<'a> Unescaped<'a> {
    fn of(text: &'a str) -> Unescaped<'a> {
        Unescaped(text.as_bytes().iter())
    }
}

impl Iterator for Unescaped<'_> {
    type Item = (u8, bool);

    fn next(&mut self) -> Option<(u8, bool)> {
        let byte = *self.0.next()?;
        if byte == b'%'
            && let [high, low, rest @ ..] = self.0.as_slice()
            && let (Some(high), Some(low)) = (nibble(*high), nibble(*low))
        {
            self.0 = rest.iter();
            return Some((high << 4 | low, true));
        }
        Some((byte, false))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query_again(text: &str) -> String {
        let mut out = Vec::new();
        push_query_again(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_query_has_one_encoding_however_it_was_written() {
        for text in ["a b~/", "a+b%7e%2F", "a%20b%7E%2f"] {
            assert_eq!(query_again(text), "a%20b~%2F");
        }
        assert_eq!(query_again("1%2B1"), "1%2B1");
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_stands_for_itself() {
        assert_eq!(query_again("100%"), "100%25");
        assert_eq!(query_again("%g0%2"), "%25g0%252");
        assert_eq!(decoded("%e2%82%ac %zz"), "€ %zz");
    }

    #[test]
    fn an_escaped_slash_is_no_separator() {
        let mut out = Vec::new();
        push_path_again(&mut out, "/a%2Fb/c d");
        assert_eq!(out, b"/a%2Fb/c%20d");
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(text in ".{0,40}") {
            let mut encoded = Vec::new();
            push_query(&mut encoded, &text);
            let encoded = String::from_utf8(encoded).unwrap();
            prop_assert_eq!(decoded(&encoded), text.as_str());
            prop_assert_eq!(query_again(&encoded), encoded);
        }
    }
}
