//! Bytes, which travel as base64 with padding.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secret::SecretBytes;
use serde::de::Error;
use serde::{Deserializer, Serializer};
use zeroize::Zeroize;

use super::text::as_i64;
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

struct Base64<'a>(&'a mut Violations);

impl Accept<'_> for Base64<'_> {
    /// The vector has no spare capacity, so that a secret made of it is not copied.
    type Value = Vec<u8>;
    const WANTED: &'static str = "Blob";

    fn violations(&mut self) -> &mut Violations {
        self.0
    }

    fn text<E: Error>(self, value: &str) -> Result<Vec<u8>, E> {
        let padding = value
            .bytes()
            .rev()
            .take(2)
            .take_while(|byte| *byte == b'=')
            .count();
        let length = (value.len() / 4 * 3).saturating_sub(padding);
        let mut bytes = vec![0; length];
        match STANDARD.decode_slice(value, &mut bytes) {
            Ok(written) if written == length => Ok(bytes),
            _ => {
                bytes.zeroize();
                Err(self.0.fault(Fault::Base64))
            }
        }
    }
}

fn read_blob<'de, T: From<Vec<u8>>, D: Deserializer<'de>>(
    source: D,
    at: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<T>, D::Error> {
    let bytes = take(source, Base64(violations))?;
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

/// Bytes that are written as base64 piece by piece; the piece is erased, since it may be of a secret.
struct Encoded<'a>(&'a [u8]);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut piece = [0; 512];
        let mut outcome = Ok(());
        for bytes in self.0.chunks(384) {
            // INVARIANT: 384 bytes are 512 letters of base64, all ASCII.
            let length = STANDARD.encode_slice(bytes, &mut piece).map_err(|_| fmt::Error)?;
            let letters = piece.get(..length).and_then(|piece| str::from_utf8(piece).ok());
            outcome = f.write_str(letters.ok_or(fmt::Error)?);
            if outcome.is_err() {
                break;
            }
        }
        piece.zeroize();
        outcome
    }
}

fn room(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + 4
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
        target.collect_str(&Encoded(&self.0))
    }

    fn room(&self) -> usize {
        room(self.0.len())
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
        target.collect_str(&Encoded(self.expose()))
    }

    fn room(&self) -> usize {
        room(self.len())
    }
}
