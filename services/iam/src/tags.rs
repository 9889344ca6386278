//! Tags that are to be set.

use crate::wire::Tag;
use crate::{IamError, limits};

/// Refuses letters that tags can't have, keys that are repeated, without regard to case, and too many.
pub fn check(tags: &[Tag]) -> Result<(), IamError> {
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
        return Err(IamError::LimitExceeded("TagsPerUser", limits::TAGS));
    }
    Ok(())
}
