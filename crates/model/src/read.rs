//! Reading a whole request.

use serde::Deserializer;

use crate::violations::Fault;
use crate::{Path, Shape, View, Violations};

/// A request that was read, and keeps to its model.
#[derive(Debug)]
pub struct Read<T> {
    /// The request.
    pub value: T,
    /// How many of its members the model does not know; they were ignored.
    pub unknown_members: usize,
}

/// Why a request is refused before anything looks at its meaning.
#[derive(Debug)]
pub enum Unreadable {
    /// It is not of the format or of the members' types: `SerializationException`. The cause never holds a value; there
    /// is none where the format itself is broken.
    Malformed(Option<Fault>),
    /// It can be read, but breaks constraints of its model: `ValidationException`.
    Invalid(Violations),
}

impl Unreadable {
    /// The message that the caller reads, or the one that is recorded.
    pub fn message(&self, view: View) -> Option<String> {
        match self {
            Unreadable::Malformed(fault) => fault.map(|fault| fault.to_string()),
            Unreadable::Invalid(violations) => Some(violations.message(view)),
        }
    }
}

/// Reads one request from `source`, finding all violations.
pub fn read<'de, T: Shape, D: Deserializer<'de>>(source: D) -> Result<Read<T>, Unreadable> {
    let mut violations = Violations::default();
    match T::decode(source, &Path::OUTERMOST, &mut violations) {
        Err(_) => Err(Unreadable::Malformed(violations.take_fault())),
        Ok(Some(value)) if violations.is_empty() => Ok(Read {
            value,
            unknown_members: violations.unknown_members(),
        }),
        Ok(_) => Err(Unreadable::Invalid(violations)),
    }
}
