//! Shapes as the audit log holds them.

use model::{Shape, View};

use crate::Unwritable;

/// The members of `value` that are recorded, as the text of one JSON object, under CloudTrail's names.
pub fn recorded<T: Shape>(value: &T) -> Result<String, Unwritable> {
    let mut text = Vec::with_capacity(256);
    value
        .encode(&mut serde_json::Serializer::new(&mut text), View::Audit)
        .map_err(|error| Unwritable(error.to_string()))?;
    // INVARIANT: JSON is written as UTF-8.
    Ok(String::from_utf8(text).unwrap_or_default())
}
