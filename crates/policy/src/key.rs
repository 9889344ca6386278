//! The names of condition keys.

use std::fmt;

/// The name of a condition key, such as `aws:SourceIp` or `aws:ResourceTag/team`. Names compare without case, in the
/// part that a request brings too: of two tags that differ in case alone, a policy can't name one.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition", "Condition key name".
#[derive(Clone)]
pub struct ConditionKey {
    written: Box<str>,
    lower: Box<str>,
    /// Where the name part begins, behind its separator; the length where there is none.
    name_at: usize,
}

impl ConditionKey {
    /// The key of this name; `None` unless it has the form `vendor:name`.
    pub fn new(written: &str) -> Option<ConditionKey> {
        let lower = written.to_lowercase();
        let (vendor, rest) = lower.split_once(':')?;
        if vendor.is_empty() || rest.is_empty() {
            return None;
        }
        // A vendor may be an identity provider's address, so only what follows the colon is taken apart.
        let name_at = match rest.find(['/', ':']) {
            Some(separator) if separator + 1 < rest.len() => vendor.len() + 1 + separator + 1,
            _ => lower.len(),
        };
        Some(ConditionKey {
            written: written.into(),
            lower: lower.into(),
            name_at,
        })
    }

    /// The whole name, lower-cased.
    pub fn as_str(&self) -> &str {
        &self.lower
    }

    /// The whole name, as the policy has it.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The name without the part that a request brings, lower-cased: `aws:resourcetag` of `aws:ResourceTag/team`,
    /// `kms:encryptioncontext` of `kms:EncryptionContext:app`.
    pub fn prefix(&self) -> &str {
        let end = match self.name() {
            Some(_) => self.name_at.saturating_sub(1),
            None => self.lower.len(),
        };
        self.lower.get(..end).unwrap_or_default()
    }

    /// The part that a request brings, lower-cased: `team` of `aws:ResourceTag/team`.
    pub fn name(&self) -> Option<&str> {
        self.lower.get(self.name_at..).filter(|name| !name.is_empty())
    }
}

impl PartialEq for ConditionKey {
    fn eq(&self, other: &ConditionKey) -> bool {
        self.lower == other.lower
    }
}

impl Eq for ConditionKey {}

impl fmt::Debug for ConditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Display for ConditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_falls_into_its_prefix_and_its_name() {
        for (written, prefix, name) in [
            ("aws:SourceIp", "aws:sourceip", None),
            ("aws:ResourceTag/Team:A/b", "aws:resourcetag", Some("team:a/b")),
            ("kms:EncryptionContext:App", "kms:encryptioncontext", Some("app")),
            (
                "oidc.eks.example.com/id/A:sub",
                "oidc.eks.example.com/id/a:sub",
                None,
            ),
            ("aws:ResourceTag/", "aws:resourcetag/", None),
        ] {
            let key = ConditionKey::new(written).unwrap();
            assert_eq!((key.prefix(), key.name()), (prefix, name), "{written}");
        }
    }

    #[test]
    fn a_key_has_a_vendor_and_compares_without_case() {
        for text in ["", "SourceIp", ":x", "aws:"] {
            assert!(ConditionKey::new(text).is_none(), "{text}");
        }
        assert_eq!(ConditionKey::new("AWS:userId"), ConditionKey::new("aws:UserID"));
    }
}
