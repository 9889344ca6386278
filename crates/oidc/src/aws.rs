//! The claims by which a provider passes tags and a source identity to a session.
//!
//! Source: IAM User Guide, "Pass session tags in AWS STS", "Passing session tags using AssumeRoleWithWebIdentity"; STS API
//! Reference, `AssumeRoleWithWebIdentity`.

use serde_json::Value;

use crate::claims::Claims;

const TAGS: &str = "https://aws.amazon.com/tags";
/// What the claims of tags begin with that stand each by itself.
const TAG: &str = "https://aws.amazon.com/tags/principal_tags/";
const TRANSITIVE: &str = "https://aws.amazon.com/tags/transitive_tag_keys";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// Tags of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionTags {
    /// Keys with their values.
    pub tags: Vec<(String, String)>,
    /// The keys of those that go on to the next role.
    pub transitive: Vec<String>,
}

/// A claim has not the form that it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0} does not have the form that it must have")]
pub struct Misshapen(pub &'static str);

impl Claims {
    /// The tags that the provider passes, in either of their two forms.
    pub fn session_tags(&self) -> Result<SessionTags, Misshapen> {
        let misshapen = || Misshapen(TAGS);
        let mut passed = SessionTags::default();
        if let Some(nested) = self.get(TAGS) {
            let nested = nested.as_object().ok_or_else(misshapen)?;
            if let Some(tags) = nested.get("principal_tags") {
                for (key, value) in tags.as_object().ok_or_else(misshapen)? {
                    passed
                        .tags
                        .push((key.clone(), value_of(value).ok_or_else(misshapen)?));
                }
            }
            if let Some(keys) = nested.get("transitive_tag_keys") {
                passed.transitive.extend(texts(keys).ok_or_else(misshapen)?);
            }
        }
        for (name, value) in self.all() {
            if let Some(key) = name.strip_prefix(TAG) {
                let value = value_of(value).ok_or_else(misshapen)?;
                passed.tags.push((key.to_owned(), value));
            }
        }
        if let Some(keys) = self.get(TRANSITIVE) {
            passed.transitive.extend(texts(keys).ok_or_else(misshapen)?);
        }
        Ok(passed)
    }

    /// Who the provider says is behind the session.
    pub fn source_identity(&self) -> Result<Option<&str>, Misshapen> {
        match self.get(SOURCE_IDENTITY) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(Misshapen(SOURCE_IDENTITY)),
        }
    }
}

/// The value of a tag: text, or a list of one.
fn value_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => match list.as_slice() {
            [Value::String(text)] => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array()?.iter();
    list.map(|text| text.as_str().map(str::to_owned)).collect()
}
