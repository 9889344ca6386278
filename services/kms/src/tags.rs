//! Tags, as requests and answers hold them, and the rules that the model does not state.
//!
//! Source: KMS Developer Guide, "Tags in AWS KMS"; KMS API Reference, `TagResource`.

use std::collections::BTreeSet;

use model::Shape;

use crate::records::Tags;
use crate::{KmsError, limits};

/// The name of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Shape)]
#[shape(transparent, length = 1..=128)]
pub struct TagKey(pub String);

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Shape)]
pub struct Tag {
    /// Its name.
    #[shape(audit = log)]
    pub tag_key: TagKey,
    /// 0 to 256 characters.
    #[shape(audit = log, length = 0..=256)]
    pub tag_value: String,
}

const RESERVED: KmsError = KmsError::Tag("Tags beginning with aws: are reserved");
const DUPLICATE: KmsError = KmsError::Tag("Duplicate tag keys");
const TOO_MANY: KmsError = KmsError::Tag("Too many tags");

/// Refuses tags that no key may be given, whatever tags it has.
pub fn check(tags: &[Tag]) -> Result<(), KmsError> {
    check_keys(tags.iter().map(|tag| &tag.tag_key))?;
    let names: BTreeSet<&str> = tags.iter().map(|tag| tag.tag_key.0.as_str()).collect();
    if names.len() < tags.len() {
        return Err(DUPLICATE);
    }
    if tags.len() > limits::TAGS_A_KEY {
        return Err(TOO_MANY);
    }
    Ok(())
}

/// Refuses names that belong to AWS, in whatever case.
pub fn check_keys<'t>(keys: impl IntoIterator<Item = &'t TagKey>) -> Result<(), KmsError> {
    let reserved = |TagKey(key): &TagKey| {
        let prefix = key.as_bytes().get(..4);
        prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"aws:"))
    };
    match keys.into_iter().any(reserved) {
        true => Err(RESERVED),
        false => Ok(()),
    }
}

/// `tags` with `set` added or changed; refused when they become too many.
pub fn with(tags: &Tags, set: &[Tag]) -> Result<Tags, KmsError> {
    let mut tags = tags.clone();
    for Tag { tag_key, tag_value } in set {
        tags.set(&tag_key.0, tag_value);
    }
    if tags.count() > limits::TAGS_A_KEY {
        return Err(TOO_MANY);
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> Vec<Tag> {
        let tag = |name: &&str| Tag {
            tag_key: TagKey((*name).to_owned()),
            tag_value: "v".to_owned(),
        };
        names.iter().map(tag).collect()
    }

    fn refusal(names: &[&str]) -> String {
        check(&tags(names)).unwrap_err().to_string()
    }

    #[test]
    fn names_of_aws_are_refused_in_any_case() {
        for name in ["aws:", "aws:x", "AWS:x", "aWs:x"] {
            assert_eq!(refusal(&[name]), "Tags beginning with aws: are reserved");
        }
        check(&tags(&["aws", "aws-x", "xaws:", "äws:"])).unwrap();
    }

    #[test]
    fn a_name_stands_once_in_a_request_but_cases_differ() {
        assert_eq!(refusal(&["a", "b", "a"]), "Duplicate tag keys");
        check(&tags(&["a", "A"])).unwrap();
    }

    #[test]
    fn a_key_has_fifty_tags_at_most_and_may_change_those_it_has() {
        let names: Vec<String> = (0..51).map(|number| format!("k{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(refusal(&names), "Too many tags");
        let full = with(&Tags::default(), &tags(&names[..50])).unwrap();
        assert!(with(&full, &tags(&["one more"])).is_err());
        assert_eq!(with(&full, &tags(&["k7"])).unwrap(), full);
    }
}
