//! The principals that a policy names.

use std::fmt;

use arn::{AccountId, Arn};

/// One value of a `Principal` or `NotPrincipal` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// `*`, alone or under `AWS`: everybody, known or not.
    Anyone,
    /// Under `AWS`: `111122223333` or `arn:aws:iam::111122223333:root`.
    Account(AccountId),
    /// Under `AWS`: a user, a role or a session by its ARN. There are no wildcards in it.
    Arn(Arn),
    /// Under `AWS`: a user or a role by its unique id, such as `AIDA…` or `AROA…`; what AWS shows of one that is
    /// deleted. A session of a role is known by `AROA…:name`, which no text says.
    Id(String),
    /// Under `AWS`: anything else. It names nobody.
    Other(String),
    /// Under `Service`: a service by its name, or `*` for each of them.
    Service(String),
    /// Under `Federated`: an identity provider by ARN or name, or `*` for each of them.
    Federated(String),
    /// Under `CanonicalUser`: an account by the id that S3 gives it, which isn't known here.
    CanonicalUser(String),
}

impl Principal {
    /// Reads a value under `AWS`.
    pub(crate) fn of_aws(text: &str) -> Principal {
        if text == "*" {
            return Principal::Anyone;
        }
        if let Ok(account) = text.parse() {
            return Principal::Account(account);
        }
        match text.parse::<Arn>() {
            Ok(arn) => match arn.account() {
                Some(account)
                    if arn.service() == "iam" && arn.region().is_empty() && arn.resource() == "root" =>
                {
                    Principal::Account(account)
                }
                _ => Principal::Arn(arn),
            },
            Err(_) if is_unique_id(text) => Principal::Id(text.to_owned()),
            Err(_) => Principal::Other(text.to_owned()),
        }
    }

    /// The name that it stands under: `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub fn element(&self) -> &'static str {
        match self {
            Principal::Service(_) => "Service",
            Principal::Federated(_) => "Federated",
            Principal::CanonicalUser(_) => "CanonicalUser",
            _ => "AWS",
        }
    }
}

/// Source: IAM User Guide, "IAM identifiers", "Unique identifiers".
fn is_unique_id(text: &str) -> bool {
    let prefixed = text.starts_with("AIDA") || text.starts_with("AROA");
    prefixed && (16..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::Anyone => f.write_str("*"),
            Principal::Account(account) => Arn::root_of(*account).fmt(f),
            Principal::Arn(arn) => arn.fmt(f),
            Principal::Id(text)
            | Principal::Other(text)
            | Principal::Service(text)
            | Principal::Federated(text)
            | Principal::CanonicalUser(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_ids_are_told_from_what_names_nobody() {
        for id in [
            "AIDAEXAMPLEEXAMPLE123",
            "AROAEXAMPLEEXAMPLE123",
            "AROAEXAMPLE12345",
        ] {
            assert_eq!(Principal::of_aws(id), Principal::Id(id.to_owned()));
        }
        for other in [
            "",
            "AIDAEXAMPLE",
            "AGPAEXAMPLEEXAMPLE123",
            "AIDAEXAMPLE-EXAMPLE123",
            "eve",
            "arn:aws:iam",
        ] {
            assert_eq!(Principal::of_aws(other), Principal::Other(other.to_owned()));
        }
    }
}
