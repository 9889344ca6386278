//! What users, groups, roles and policies have in common: a name below a path, tags, and policies.

use arn::{AccountId, Arn};
use minicbor::{Decode, Encode};

use crate::document::Document;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tag {
    /// 1 to 128 characters; unique in its entity, without regard to case.
    #[n(0)]
    pub key: String,
    /// 0 to 256 characters.
    #[n(1)]
    pub value: String,
}

/// A policy that belongs to one entity alone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InlinePolicy {
    /// 1 to 128 characters; unique in its entity, without regard to case.
    #[n(0)]
    pub name: String,
    /// What it says.
    #[n(1)]
    pub document: Document,
}

/// The policies of an entity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Policies {
    /// ARNs of the managed policies that are attached, in the order in which they were.
    #[n(0)]
    pub attached: Vec<String>,
    /// Inline policies, in the order of their names.
    #[n(1)]
    pub inline: Vec<InlinePolicy>,
}

impl Policies {
    /// The inline policy of a name.
    pub fn inline(&self, name: &str) -> Option<&InlinePolicy> {
        self.inline
            .iter()
            .find(|policy| policy.name.eq_ignore_ascii_case(name))
    }

    /// Sets an inline policy, over the one of that name if there is one.
    pub fn set_inline(&mut self, name: &str, document: &str) {
        match self
            .inline
            .iter_mut()
            .find(|policy| policy.name.eq_ignore_ascii_case(name))
        {
            Some(policy) => policy.document = Document::new(document),
            None => {
                self.inline.push(InlinePolicy {
                    name: name.to_owned(),
                    document: Document::new(document),
                });
                self.inline.sort_by(|one, other| one.name.cmp(&other.name));
            }
        }
    }

    /// Takes an inline policy away; whether there was one.
    pub fn remove_inline(&mut self, name: &str) -> bool {
        let before = self.inline.len();
        self.inline
            .retain(|policy| !policy.name.eq_ignore_ascii_case(name));
        self.inline.len() < before
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.attached.is_empty() && self.inline.is_empty()
    }
}

/// Sets a tag, over the one of that key if there is one.
pub fn set_tag(tags: &mut Vec<Tag>, key: &str, value: &str) {
    match tags.iter_mut().find(|tag| tag.key.eq_ignore_ascii_case(key)) {
        Some(tag) => {
            key.clone_into(&mut tag.key);
            value.clone_into(&mut tag.value);
        }
        None => tags.push(Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        }),
    }
}

/// The value of the tag of a key, in whatever case.
pub fn tag<'t>(tags: &'t [Tag], key: &str) -> Option<&'t str> {
    let found = tags
        .iter()
        .find(|tag| tag.key.to_lowercase() == key.to_lowercase());
    found.map(|tag| tag.value.as_str())
}

/// `arn:aws:iam::111122223333:user/division/ada`, for the kind `user`.
pub(crate) fn arn_of(account: AccountId, kind: &str, path: &str, name: &str) -> Option<Arn> {
    format!("arn:aws:iam::{account}:{kind}{path}{name}").parse().ok()
}
