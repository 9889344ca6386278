//! Documents of policies: what is refused when one is to be kept.

use policy::{Kind, Policy};

use crate::wire::DocumentText;
use crate::{IamError, limits};

/// Refuses what is no inline policy.
pub fn check_inline(document: &DocumentText) -> Result<(), IamError> {
    check(document, Kind::Inline)
}

/// Refuses what is no managed policy, or too long for one.
pub fn check_managed(document: &DocumentText) -> Result<(), IamError> {
    check(document, Kind::Managed)?;
    match length(&document.0) <= limits::MANAGED_POLICY {
        true => Ok(()),
        false => Err(IamError::LimitExceeded("PolicySize", limits::MANAGED_POLICY)),
    }
}

fn check(DocumentText(text): &DocumentText, kind: Kind) -> Result<(), IamError> {
    match Policy::parse(text, kind) {
        Ok(_) => Ok(()),
        Err(malformed) => Err(IamError::MalformedPolicy(malformed.to_string())),
    }
}

/// How long a document is for its quota: white space does not count.
pub fn length(text: &str) -> usize {
    policy::significant_length(text)
}

/// A document as answers have it: percent-encoded. Source: IAM API Reference, `PolicyDocument`; RFC 3986, section 2.3.
pub fn encoded(text: &str) -> String {
    sigv4::percent_encoded(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_encoded_by_rfc_3986() {
        assert_eq!(encoded("{\"A\": [*~]}"), "%7B%22A%22%3A%20%5B%2A~%5D%7D");
        assert_eq!(length(" { }\n"), 2);
    }
}
