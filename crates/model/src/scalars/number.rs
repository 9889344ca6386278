//! Whole numbers.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserializer, Serializer};

use crate::incoming::{Accept, take};
use crate::violations::{Constraint, Fault, Shown, push_cut};
use crate::{Condition, Form, Kind, Path, Schema, Shape, View, Violations};

macro_rules! whole_number {
    ($type:ty, $accept:ident, $wanted:literal, $kind:expr, $serialize:ident) => {
        struct $accept<'a>(&'a mut Violations);

        impl Accept<'_> for $accept<'_> {
            type Value = $type;
            const WANTED: &'static str = $wanted;

            fn violations(&mut self) -> &mut Violations {
                self.0
            }

            fn integer<E: Error>(self, value: i64) -> Result<$type, E> {
                <$type>::try_from(value).map_err(|_| self.0.fault(Fault::Number { wanted: $wanted }))
            }
        }

        impl Shape for $type {
            const FORM: &'static Form = &Form::NUMBER;

            fn schema() -> &'static Schema {
                static SCHEMA: Schema = Schema::new($wanted, $kind);
                &SCHEMA
            }

            fn decode<'de, D: Deserializer<'de>>(
                source: D,
                at: &Path<'_>,
                violations: &mut Violations,
            ) -> Result<Option<$type>, D::Error> {
                let value = take(source, $accept(violations))?;
                match at.rules().range.broken_by(i64::from(value)) {
                    None => Ok(Some(value)),
                    Some(end) => {
                        violations.note(
                            at,
                            || Shown::Text(value.to_string()),
                            Constraint::Range(end),
                        );
                        Ok(None)
                    }
                }
            }

            fn encode<S: Serializer>(&self, target: S, _: View) -> Result<S::Ok, S::Error> {
                target.$serialize(*self)
            }

            fn condition(&self, _: Option<&str>) -> Condition<'_> {
                Condition::One(Cow::Owned(self.to_string()))
            }

            fn room(&self) -> usize {
                12
            }

            fn is_vacant(&self) -> bool {
                *self == 0
            }

            fn show(&self, shown: &mut String) -> bool {
                push_cut(shown, &self.to_string());
                true
            }
        }
    };
}

whole_number!(i32, Integer, "Integer", Kind::Integer, serialize_i32);
whole_number!(i64, Long, "Long", Kind::Long, serialize_i64);
