//! Undoing escapes that need not be there.
//!
//! A text without escapes is decoded where it stands; one with escapes is first gathered in a buffer that the JSON
//! reader does not erase. Some clients escape `/`, `+` or `=`, which are letters of base64, and so would leave copies of
//! secrets behind.

use secret::SecretBuffer;

/// `json` with each escape of a printable ASCII character, but of `"` and `\`, replaced by that character; `None` when it
/// has no escapes.
///
/// All else, what is not JSON included, stays as it is.
pub(super) fn with_plain_letters(json: &[u8]) -> Option<SecretBuffer> {
    // `contains` looks at many bytes at once, and most bodies have no escapes.
    if !json.contains(&b'\\') {
        return None;
    }
    let mut plain = SecretBuffer::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escaped) = rest.split_at(at);
        plain.extend(before);
        let (letter, length) = match escaped {
            [b'\\', b'/', ..] => (Some(b'/'), 2),
            [b'\\', b'u', b'0', b'0', high, low, ..] => match printable(*high, *low) {
                Some(letter) => (Some(letter), 6),
                None => (None, 2),
            },
            _ => (None, 2.min(escaped.len())),
        };
        let (escape, after) = escaped.split_at(length);
        match letter {
            Some(letter) => plain.extend(&[letter]),
            None => plain.extend(escape),
        }
        rest = after;
    }
    plain.extend(rest);
    Some(plain)
}

fn printable(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let letter = digit(high)? << 4 | digit(low)?;
    let plain = (b' '..=b'~').contains(&letter) && letter != b'"' && letter != b'\\';
    plain.then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(json: &str) -> Option<String> {
        with_plain_letters(json.as_bytes()).map(|plain| String::from_utf8(plain.expose().to_vec()).unwrap())
    }

    #[test]
    fn letters_of_base64_lose_their_escapes() {
        assert_eq!(plain(r#""a\/b\u002Bc\u003d""#).unwrap(), r#""a/b+c=""#);
    }

    #[test]
    fn escapes_that_must_be_there_stay() {
        for json in [
            r#""\"\\\n\u0022\u005c\u0000\u00e4\ud83d\ude00""#,
            r#""\\/""#,
            r#""\\u002b""#,
            r"\",
            r"\u0",
        ] {
            assert_eq!(plain(json).unwrap(), json);
        }
        assert_eq!(plain("{}"), None);
    }

    proptest! {
        #[test]
        fn the_text_means_the_same(json in r#""([ -!#-\[\]-~]|\\["\\/bfnrt]|\\u00[0-9a-f]{2}|\\ud83d\\ude00){0,40}""#) {
            let before: String = serde_json::from_str(&json).unwrap();
            let after: String = serde_json::from_str(&plain(&json).unwrap_or(json)).unwrap();
            prop_assert_eq!(before, after);
        }
    }
}
