//! Text that a POSIX shell reads back as it is.

/// `text` as one word of a shell command, quoted where it has to be.
///
/// Source: POSIX.1-2024, Shell Command Language, section 2.2.2.
pub fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_change_is_quoted() {
        assert_eq!(quoted("./keystead-data"), "./keystead-data");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(rm -rf ~)'"), r"'$(rm -rf ~)'\'''");
        assert_eq!(quoted("ä"), "'ä'");
    }
}
