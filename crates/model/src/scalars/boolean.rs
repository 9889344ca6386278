//! `true` and `false`.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserializer, Serializer};

use crate::incoming::{Accept, take};
use crate::violations::push_cut;
use crate::{Condition, Form, Kind, Path, Schema, Shape, View, Violations};

struct Boolean<'a>(&'a mut Violations);

impl Accept<'_> for Boolean<'_> {
    type Value = bool;
    const WANTED: &'static str = "Boolean";

    fn violations(&mut self) -> &mut Violations {
        self.0
    }

    fn boolean<E: Error>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }
}

impl Shape for bool {
    const FORM: &'static Form = &Form::PLAIN;

    fn schema() -> &'static Schema {
        static SCHEMA: Schema = Schema::new("Boolean", Kind::Boolean);
        &SCHEMA
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        _: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<bool>, D::Error> {
        take(source, Boolean(violations)).map(Some)
    }

    fn encode<S: Serializer>(&self, target: S, _: View) -> Result<S::Ok, S::Error> {
        target.serialize_bool(*self)
    }

    fn condition(&self, _: Option<&str>) -> Condition<'_> {
        Condition::One(Cow::Borrowed(if *self { "true" } else { "false" }))
    }

    fn room(&self) -> usize {
        6
    }

    fn is_vacant(&self) -> bool {
        !self
    }

    fn show(&self, shown: &mut String) -> bool {
        push_cut(shown, if *self { "true" } else { "false" });
        true
    }
}
