//! Tags that are to be set.

use engine::{ConditionKey, Found};

use crate::paging::{Page, Paging};
use crate::wire::{Tag, TagKey};
use crate::{IamError, limits};

/// Refuses letters that tags can't have, keys that are repeated, without regard to case, and too many.
pub fn check(tags: &[Tag], quota: &'static str) -> Result<(), IamError> {
    let legal =
        |letter: char| letter.is_alphanumeric() || letter.is_whitespace() || "_.:/=+-@".contains(letter);
    if !tags
        .iter()
        .all(|tag| tag.key.chars().chain(tag.value.chars()).all(legal))
    {
        return Err(IamError::Validation(
            "Tag keys and values have letters, numbers, spaces and _.:/=+-@ alone.".to_owned(),
        ));
    }
    let mut keys: Vec<String> = tags.iter().map(|tag| tag.key.to_ascii_lowercase()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(IamError::InvalidInput(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.".to_owned(),
        ));
    }
    if tags.len() > limits::TAGS {
        return Err(IamError::LimitExceeded(quota, limits::TAGS));
    }
    Ok(())
}

/// Refuses tags that would be too many beside those that there are.
pub fn check_with(held: &[identity::Tag], tags: &[Tag], quota: &'static str) -> Result<(), IamError> {
    let is_new = |tag: &&Tag| !held.iter().any(|other| other.key.eq_ignore_ascii_case(&tag.key));
    match held.len() + tags.iter().filter(is_new).count() <= limits::TAGS {
        true => Ok(()),
        false => Err(IamError::LimitExceeded(quota, limits::TAGS)),
    }
}

/// What policies see of tags that a request gives.
pub fn condition<'t>(tags: &'t [Tag], key: &ConditionKey) -> Option<Found<'t>> {
    Some(match key.prefix() {
        "aws:requesttag" => {
            let name = key.name()?;
            let found = tags.iter().find(|tag| tag.key.to_lowercase() == name);
            found.map_or(Found::Absent, |tag| Found::text(&tag.value))
        }
        "aws:tagkeys" => Found::texts(tags.iter().map(|tag| tag.key.as_str())),
        _ => return None,
    })
}

/// What policies see of tags that a request takes away.
pub fn condition_of_keys<'k>(keys: &'k [TagKey], key: &ConditionKey) -> Option<Found<'k>> {
    (key.as_str() == "aws:tagkeys").then(|| Found::texts(keys.iter().map(|TagKey(name)| name.as_str())))
}

/// What policies see of the tags that something has.
pub fn condition_of_resource<'t>(tags: &'t [identity::Tag], key: &ConditionKey) -> Option<Found<'t>> {
    match key.prefix() {
        "aws:resourcetag" | "iam:resourcetag" => {
            let value = key.name().and_then(|name| identity::tag(tags, name));
            Some(value.map_or(Found::Absent, Found::text))
        }
        _ => None,
    }
}

/// Tags of something, page by page, in the order in which they were set.
pub fn page(paging: &Paging<'_>, tags: &[identity::Tag]) -> Result<Page<Tag>, IamError> {
    let all = tags.iter();
    let due: Vec<&identity::Tag> = match paging.after() {
        None => all.take(paging.enough()).collect(),
        Some(after) => all
            .skip_while(|tag| tag.key.as_bytes() != after)
            .skip(1)
            .take(paging.enough())
            .collect(),
    };
    let page = paging.cut(due, |tag| tag.key.as_bytes().to_vec())?;
    Ok(page.map(Tag::told))
}

/// Takes away the tags of these keys; those that there are not are passed over.
pub fn remove(tags: &mut Vec<identity::Tag>, keys: &[TagKey]) {
    tags.retain(|tag| !keys.iter().any(|key| key.0.eq_ignore_ascii_case(&tag.key)));
}
