//! Bytes, which travel as base64 with padding.

use std::fmt;

use secret::SecretBytes;
use serde::de::Error;
use serde::{Deserializer, Serializer};

use super::text::as_i64;
use crate::base64_text::{self, Base64, SecretBase64};
use crate::incoming::{Accept, take};
use crate::violations::{Constraint, Fault, Shown};
use crate::{Form, Kind, Path, Schema, Shape, View, Violations};

/// Bytes that are no secret: ciphertexts, public keys, signatures.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Blob(pub Vec<u8>);

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Blob {
        Blob(bytes)
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

struct Bytes<'a>(&'a mut Violations);

impl Accept<'_> for Bytes<'_> {
    type Value = Vec<u8>;
    const WANTED: &'static str = "Blob";

    fn violations(&mut self) -> &mut Violations {
        self.0
    }

    fn text<E: Error>(self, value: &str) -> Result<Vec<u8>, E> {
        base64_text::decode(value).ok_or_else(|| self.0.fault(Fault::Base64))
    }
}

fn read_blob<'de, T: From<Vec<u8>>, D: Deserializer<'de>>(
    source: D,
    at: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<T>, D::Error> {
    let bytes = take(source, Bytes(violations))?;
    let end = at.rules().length.broken_by(as_i64(bytes.len()));
    let value = T::from(bytes);
    match end {
        None => Ok(Some(value)),
        Some(end) => {
            violations.note(at, || Shown::Hidden, Constraint::Length(end));
            Ok(None)
        }
    }
}

impl Shape for Blob {
    const FORM: &'static Form = &Form::BLOB;

    fn schema() -> &'static Schema {
        static SCHEMA: Schema = Schema::new("Blob", Kind::Blob);
        &SCHEMA
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Blob>, D::Error> {
        read_blob(source, at, violations)
    }

    fn encode<S: Serializer>(&self, target: S, _: View) -> Result<S::Ok, S::Error> {
        target.collect_str(&Base64(&self.0))
    }

    fn room(&self) -> usize {
        base64_text::room(self.0.len())
    }

    fn is_vacant(&self) -> bool {
        self.0.is_empty()
    }
}

impl Shape for SecretBytes {
    const FORM: &'static Form = &Form::BLOB.made_for_secrets();

    fn schema() -> &'static Schema {
        Blob::schema()
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<SecretBytes>, D::Error> {
        read_blob(source, at, violations)
    }

    fn encode<S: Serializer>(&self, target: S, _: View) -> Result<S::Ok, S::Error> {
        target.collect_str(&SecretBase64(self.expose()))
    }

    fn room(&self) -> usize {
        base64_text::room(self.len())
    }
}
