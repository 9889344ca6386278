//! Documents of policies: what is refused when one is to be kept.

use std::fmt::Write;

use policy::Policy;

use crate::wire::DocumentText;
use crate::{IamError, limits};

/// Refuses what is no policy of an identity.
pub fn check(DocumentText(text): &DocumentText) -> Result<(), IamError> {
    let malformed = |text: String| IamError::MalformedPolicy(text);
    let policy = Policy::parse(text).map_err(|error| malformed(error.to_string()))?;
    for statement in &policy.statements {
        if statement.principals.is_some() {
            return Err(malformed(
                "Policy document should not specify a principal.".to_owned(),
            ));
        }
        if statement.actions.is_none() {
            return Err(malformed("Policy statement must contain actions.".to_owned()));
        }
        if statement.resources.is_none() {
            return Err(malformed("Policy statement must contain resources.".to_owned()));
        }
    }
    Ok(())
}

/// Refuses what is no policy of an identity, or too long for a managed one.
pub fn check_managed(document: &DocumentText) -> Result<(), IamError> {
    check(document)?;
    match length(&document.0) <= limits::MANAGED_POLICY {
        true => Ok(()),
        false => Err(IamError::LimitExceeded("PolicySize", limits::MANAGED_POLICY)),
    }
}

/// How long a document is for its quota: white space does not count.
pub fn length(text: &str) -> usize {
    text.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// A document as answers have it: percent-encoded. Source: IAM API Reference, `PolicyDocument`; RFC 3986, section 2.3.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // INVARIANT: a string takes every write.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_a_policy_that_speaks_of_its_holder_alone() {
        let refusal = |text: &str| {
            check(&DocumentText(text.to_owned()))
                .err()
                .map(|error| error.to_string())
        };
        let statement =
            |rest: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow"{rest}}}]}}"#);
        assert_eq!(refusal(&statement(r#","Action":"kms:*","Resource":"*""#)), None);
        for (text, expected) in [
            ("no policy", "This policy contains invalid Json"),
            (
                &statement(r#","Action":"kms:*","Resource":"*","Principal":"*""#),
                "Policy document should not specify a principal.",
            ),
            (
                &statement(r#","Resource":"*""#),
                "Policy statement must contain actions.",
            ),
            (
                &statement(r#","Action":"kms:*""#),
                "Policy statement must contain resources.",
            ),
            (
                &statement(r#","Action":"encrypt","Resource":"*""#),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
        ] {
            assert_eq!(refusal(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn documents_are_encoded_by_rfc_3986() {
        assert_eq!(encoded("{\"A\": [*~]}"), "%7B%22A%22%3A%20%5B%2A~%5D%7D");
        assert_eq!(length(" { }\n"), 2);
    }
}
