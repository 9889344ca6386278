//! JSON objects as inputs and outputs.

use model::{Read, Shape, Unreadable, View};
use secret::SecretBuffer;

use super::plain_letters::with_plain_letters;
use crate::{Unwritable, limits};

/// Reads an operation's input; an empty body is an empty object.
///
/// What is no JSON object, has a member twice, a value of another type than the model's, or nests too deeply, is
/// malformed; what breaks constraints of the model is invalid, with all that it breaks. Members that the model does not
/// know are ignored and counted.
pub fn decode<T: Shape>(body: &[u8]) -> Result<Read<T>, Unreadable> {
    match with_plain_letters(body) {
        None => decode_plain(body),
        Some(plain) => decode_plain(plain.expose()),
    }
}

fn decode_plain<T: Shape>(body: &[u8]) -> Result<Read<T>, Unreadable> {
    let text = if body.is_empty() {
        Ok("{}")
    } else {
        str::from_utf8(body)
    };
    let text = text.map_err(|_| Unreadable::Malformed(None))?;
    let mut source = serde_json::Deserializer::from_str(text);
    let outcome = model::read(&mut source);
    // What is malformed at its end is malformed first of all.
    if !matches!(outcome, Err(Unreadable::Malformed(_))) {
        source.end().map_err(|_| Unreadable::Malformed(None))?;
    }
    outcome
}

/// Writes an operation's output. Secrets among its members are copied nowhere else.
pub fn encode<T: Shape>(output: &T) -> Result<SecretBuffer, Unwritable> {
    let mut body = SecretBuffer::with_capacity(output.room() + limits::AROUND_MEMBERS);
    output
        .encode(&mut serde_json::Serializer::new(&mut body), View::Wire)
        .map_err(|error| Unwritable(error.to_string()))?;
    Ok(body)
}
