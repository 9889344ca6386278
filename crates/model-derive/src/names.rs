//! How Rust's names are spelled on the wire.

/// `key_id` as `KeyId`.
pub(crate) fn upper_camel(field: &str) -> String {
    field.split('_').map(upper_first).collect()
}

/// `KeyId` as `keyId`, `AWSAccountId` as `aWSAccountId`.
pub(crate) fn lower_first(name: &str) -> String {
    change_first(name, |first| first.to_ascii_lowercase())
}

fn upper_first(word: &str) -> String {
    change_first(word, |first| first.to_ascii_uppercase())
}

fn change_first(word: &str, change: impl Fn(char) -> char) -> String {
    let mut letters = word.chars();
    letters.next().map(change).into_iter().chain(letters).collect()
}

/// `SymmetricDefault` as `SYMMETRIC_DEFAULT`, `Rsa2048` as `RSA_2048`, `EccNistP256` as `ECC_NIST_P256`: a capital begins a
/// word, and so does a digit after a small letter of a word of letters.
pub(crate) fn screaming_snake(variant: &str) -> String {
    let mut name = String::new();
    let (mut before, mut before_that) = ('_', '_');
    for letter in variant.chars() {
        let begins = match letter {
            'A'..='Z' => before != '_',
            '0'..='9' => before.is_ascii_lowercase() && before_that.is_ascii_alphabetic(),
            _ => false,
        };
        if begins {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
        (before_that, before) = (before, letter);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_become_the_constants_of_the_service_models() {
        for (variant, name) in [
            ("SymmetricDefault", "SYMMETRIC_DEFAULT"),
            ("Rsa2048", "RSA_2048"),
            ("EccNistP256", "ECC_NIST_P256"),
            ("EccSecgP256k1", "ECC_SECG_P256K1"),
            ("RsaesOaepSha256", "RSAES_OAEP_SHA_256"),
            ("MlDsa44", "ML_DSA_44"),
            ("RsaAesKeyWrapSha1", "RSA_AES_KEY_WRAP_SHA_1"),
            ("Aes256", "AES_256"),
            ("AwsKms", "AWS_KMS"),
            ("Aws", "AWS"),
        ] {
            assert_eq!(screaming_snake(variant), name);
        }
    }

    #[test]
    fn fields_become_members() {
        assert_eq!(upper_camel("pending_window_in_days"), "PendingWindowInDays");
        assert_eq!(lower_first("AWSAccountId"), "aWSAccountId");
        assert_eq!(lower_first(""), "");
    }
}
