//! ARNs, accounts and Regions: parsed once, then trusted.
//!
//! Source: AWS General Reference, "Amazon Resource Names (ARNs)".

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Text that is not what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not 12 ASCII digits.
    #[error("an account id has 12 digits")]
    Account,
    /// Not 1 to 32 of `a-z`, `0-9` and `-`, beginning with a letter.
    #[error("a Region is named with lower-case letters, digits and dashes, 32 at most, as in us-east-1")]
    Region,
    /// Not six colon-separated parts that begin with `arn`, or parts that no ARN has.
    #[error("an ARN has the form arn:partition:service:region:account:resource")]
    Arn,
}

/// An account: 12 decimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// The greatest account number.
    pub const MAX: u64 = 999_999_999_999;

    /// The account with this number; `None` when it has more than 12 digits.
    pub fn from_number(number: u64) -> Option<AccountId> {
        (number <= AccountId::MAX).then_some(AccountId(number))
    }

    /// The account's digits as a number, for compact storage.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl FromStr for AccountId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<AccountId, ParseError> {
        if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseError::Account);
        }
        text.parse().map(AccountId).map_err(|_| ParseError::Account)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A Region's name, such as `us-east-1`; cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Arc<str>);

impl Region {
    /// What takes a Region's place where something belongs to a whole account; no Region has this name.
    pub fn global() -> Region {
        Region("aws-global".into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that the Region's name puts it in: `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition(&self) -> &'static str {
        if self.0.starts_with("cn-") {
            "aws-cn"
        } else if self.0.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }
}

impl FromStr for Region {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Region, ParseError> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let starts = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if !starts || text.len() > 32 || !text.bytes().all(legal) {
            return Err(ParseError::Region);
        }
        Ok(Region(text.into()))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account and a Region: where a regional resource lives.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The owner.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
}

impl Place {
    /// The ARN of a resource of `service` here.
    pub fn arn(&self, service: &str, resource: &str) -> Arn {
        let mut text = String::with_capacity(8 + 12 + 32 + service.len() + resource.len());
        let written = fmt::write(
            &mut text,
            format_args!(
                "arn:{}:{service}:{}:{}:{resource}",
                self.region.partition(),
                self.region,
                self.account
            ),
        );
        debug_assert!(written.is_ok());
        Arn::of_trusted_parts(text)
    }
}

/// A parsed ARN. Region and account may be empty, as they are in IAM's and S3's; cheap to clone.
///
/// Wildcards are not interpreted here: patterns belong to the policy language.
#[derive(Clone)]
pub struct Arn {
    text: Arc<str>,
    /// Where the parts after `arn:` end: partition, service, region, account.
    ends: [u16; 4],
}

impl Arn {
    /// The longest ARN that is read, in bytes.
    pub const MAX_LENGTH: usize = 2048;

    fn of_trusted_parts(text: String) -> Arn {
        // INVARIANT: the callers write six parts, of which the first five hold no colon.
        Arn::parse(&text).unwrap_or_else(|_| Arn {
            text: text.into(),
            ends: [0; 4],
        })
    }

    /// `arn:aws:iam::111122223333:root`, which names an account and its root user.
    pub fn root_of(account: AccountId) -> Arn {
        Arn::of_trusted_parts(format!("arn:aws:iam::{account}:root"))
    }

    fn parse(text: &str) -> Result<Arn, ParseError> {
        if text.len() > Arn::MAX_LENGTH || !text.starts_with("arn:") {
            return Err(ParseError::Arn);
        }
        let mut ends = [0_u16; 4];
        let mut colons = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b':')
            .map(|(at, _)| at)
            .skip(1);
        for end in &mut ends {
            let at = colons.next().ok_or(ParseError::Arn)?;
            *end = u16::try_from(at).map_err(|_| ParseError::Arn)?;
        }
        let arn = Arn {
            text: text.into(),
            ends,
        };
        let account = arn.part(2, 3);
        let whole = !arn.partition().is_empty() && !arn.service().is_empty() && !arn.resource().is_empty();
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        let owned = account.is_empty() || account.parse::<AccountId>().is_ok() || account == "aws";
        if whole && printable && owned {
            Ok(arn)
        } else {
            Err(ParseError::Arn)
        }
    }

    fn part(&self, before: usize, end: usize) -> &str {
        let start = self.ends.get(before).map_or(0, |end| usize::from(*end) + 1);
        let end = self.ends.get(end).map_or(0, |end| usize::from(*end));
        self.text.get(start..end).unwrap_or_default()
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition: `aws` and its likes.
    pub fn partition(&self) -> &str {
        self.text.get(4..usize::from(self.ends[0])).unwrap_or_default()
    }

    /// The service: `kms`.
    pub fn service(&self) -> &str {
        self.part(0, 1)
    }

    /// The Region's name, empty for global resources.
    pub fn region(&self) -> &str {
        self.part(1, 2)
    }

    /// The account; `None` where the ARN has none.
    pub fn account(&self) -> Option<AccountId> {
        self.part(2, 3).parse().ok()
    }

    /// What follows the account: `key/1234abcd-…`.
    pub fn resource(&self) -> &str {
        self.text.get(usize::from(self.ends[3]) + 1..).unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Arn, ParseError> {
        Arn::parse(text)
    }
}

impl PartialEq for Arn {
    fn eq(&self, other: &Arn) -> bool {
        self.text == other.text
    }
}

impl Eq for Arn {}

impl std::hash::Hash for Arn {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_arn_falls_into_its_parts() {
        let arn: Arn = "arn:aws:kms:us-east-1:111122223333:alias/a:b".parse().unwrap();
        assert_eq!(
            (arn.partition(), arn.service(), arn.region()),
            ("aws", "kms", "us-east-1")
        );
        assert_eq!(arn.account().unwrap().to_string(), "111122223333");
        assert_eq!(arn.resource(), "alias/a:b");
        let global: Arn = "arn:aws:iam::111122223333:root".parse().unwrap();
        assert_eq!((global.region(), global.resource()), ("", "root"));
    }

    #[test]
    fn what_is_no_arn_is_refused() {
        for text in [
            "",
            "arn",
            "arn:aws:kms",
            "arn:aws:kms:us-east-1:12:key/x",
            "arn::kms:::x",
            "arn:aws:kms:::",
            "x:aws:kms:::r",
        ] {
            assert_eq!(text.parse::<Arn>(), Err(ParseError::Arn), "{text}");
        }
    }

    #[test]
    fn an_account_keeps_its_leading_zeros() {
        let account: AccountId = "000000000012".parse().unwrap();
        assert_eq!(account.to_string(), "000000000012");
        assert!("12".parse::<AccountId>().is_err());
        assert!("+00000000012".parse::<AccountId>().is_err());
    }

    #[test]
    fn a_place_makes_the_arn_of_its_partition() {
        let place = Place {
            account: "111122223333".parse().unwrap(),
            region: "cn-north-1".parse().unwrap(),
        };
        assert_eq!(
            place.arn("kms", "key/k").as_str(),
            "arn:aws-cn:kms:cn-north-1:111122223333:key/k"
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_keeps_the_text(text in "(arn:)?[ -~:é]{0,80}") {
            if let Ok(arn) = text.parse::<Arn>() {
                let account = arn.account().map(|account| account.to_string()).unwrap_or_default();
                let account = if text.split(':').nth(4) == Some("aws") { "aws".to_owned() } else { account };
                let again = format!("arn:{}:{}:{}:{account}:{}", arn.partition(), arn.service(), arn.region(), arn.resource());
                prop_assert_eq!(again, text);
            }
        }
    }
}
