//! What passwords of an account's users have to be.
//!
//! Source: IAM User Guide, "Set an account password policy for IAM users".

use arn::AccountId;
use minicbor::{Decode, Encode};
use secret::SecretString;

/// What passwords have to be, as an account has set it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PasswordPolicy {
    /// Characters at least: 6 to 128.
    #[n(0)]
    pub least_length: u32,
    /// Whether there has to be one of `! @ # $ % ^ & * ( ) _ + - = [ ] { } | '`.
    #[n(1)]
    pub needs_symbols: bool,
    /// Whether there has to be a digit.
    #[n(2)]
    pub needs_numbers: bool,
    /// Whether there has to be one of `A` to `Z`.
    #[n(3)]
    pub needs_capitals: bool,
    /// Whether there has to be one of `a` to `z`.
    #[n(4)]
    pub needs_small_letters: bool,
    /// Whether all users may change their own.
    #[n(5)]
    pub users_may_change: bool,
    /// Days after which one has to be changed: 1 to 1095.
    #[n(6)]
    pub most_days: Option<u32>,
    /// How many of a user's last ones may not be used again: 1 to 24.
    #[n(7)]
    pub remembered: Option<u32>,
    /// Whether users whose passwords are too old can't change them any more.
    #[n(8)]
    pub expires_hard: Option<bool>,
}

const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";
/// What is asked for where an account has set nothing.
const USUAL_LENGTH: usize = 8;
/// Of small letters, capitals, numbers and symbols.
const USUAL_KINDS: usize = 3;

/// Whether a password is what this policy, or else the usual one, asks for. `alias` is the account's other name.
pub fn admits(
    policy: Option<&PasswordPolicy>,
    password: &SecretString,
    account: AccountId,
    alias: Option<&str>,
) -> bool {
    let text = password.expose();
    let has = |kind: fn(char) -> bool| text.chars().any(kind);
    let capitals = has(|letter| letter.is_ascii_uppercase());
    let small = has(|letter| letter.is_ascii_lowercase());
    let numbers = has(|letter| letter.is_ascii_digit());
    let length = text.chars().count();
    match policy {
        Some(policy) => {
            let symbols = has(|letter| SYMBOLS.contains(letter));
            length >= usize::try_from(policy.least_length).unwrap_or(usize::MAX)
                && (symbols || !policy.needs_symbols)
                && (numbers || !policy.needs_numbers)
                && (capitals || !policy.needs_capitals)
                && (small || !policy.needs_small_letters)
        }
        None => {
            let symbols = has(|letter| !letter.is_alphanumeric());
            let kinds = [capitals, small, numbers, symbols].into_iter().filter(|has| *has);
            length >= USUAL_LENGTH
                && kinds.count() >= USUAL_KINDS
                && text != account.to_string()
                && Some(text) != alias
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(policy: Option<&PasswordPolicy>, text: &str) -> bool {
        let account = AccountId::from_number(111_122_223_333).unwrap();
        admits(
            policy,
            &SecretString::new(text.to_owned()),
            account,
            Some("acme-Pay-1"),
        )
    }

    #[test]
    fn passwords_have_to_be_what_is_usual_where_nothing_is_set() {
        for good in ["Abcdefg1", "abcdef1!", "ABCDEF1 ", "Abcdefg-"] {
            assert!(admitted(None, good), "{good}");
        }
        for bad in [
            "",
            "Abcdef1",
            "abcdefgh",
            "Abcdefgh",
            "abcdefg1",
            "111122223333",
            "acme-Pay-1",
        ] {
            assert!(!admitted(None, bad), "{bad}");
        }
    }

    #[test]
    fn passwords_have_to_be_what_is_set() {
        let loose = PasswordPolicy {
            least_length: 6,
            needs_symbols: false,
            needs_numbers: false,
            needs_capitals: false,
            needs_small_letters: false,
            users_may_change: false,
            most_days: None,
            remembered: None,
            expires_hard: None,
        };
        assert!(admitted(Some(&loose), "aaaaaa") && !admitted(Some(&loose), "aaaaa"));
        // Characters, not bytes.
        assert!(!admitted(Some(&loose), "ééééé"));
        let set: [fn(&mut PasswordPolicy); 4] = [
            |policy| policy.needs_symbols = true,
            |policy| policy.needs_numbers = true,
            |policy| policy.needs_capitals = true,
            |policy| policy.needs_small_letters = true,
        ];
        for (set, bad) in set.into_iter().zip(["Aaaaa1", "Aaaaa!", "aaaa1!", "AAAA1!"]) {
            let mut policy = loose.clone();
            set(&mut policy);
            assert!(!admitted(Some(&policy), bad), "{bad}");
            assert!(admitted(Some(&policy), "Aaaa1!"));
        }
    }
}
