//! Moments: on the wire seconds since 1970 with up to three decimals, in the audit log CloudTrail's text.

use ambient::Timestamp;
use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserializer, Serializer};

use crate::incoming::{Accept, take};
use crate::violations::{Fault, push_cut};
use crate::{Condition, Form, Kind, Path, Schema, Shape, View, Violations};

/// The name under which formats that write moments in their own way recognise them.
const NAME: &str = "Timestamp";

/// The latest moment that is read, and before 1970 the earliest: the end of the year 9999, about.
const LATEST_SECOND: i64 = 253_402_300_799;

struct Moment<'a>(&'a mut Violations);

impl Accept<'_> for Moment<'_> {
    type Value = Timestamp;
    const WANTED: &'static str = NAME;

    fn violations(&mut self) -> &mut Violations {
        self.0
    }

    fn integer<E: Error>(self, seconds: i64) -> Result<Timestamp, E> {
        if (-LATEST_SECOND..=LATEST_SECOND).contains(&seconds) {
            Ok(Timestamp::from_seconds(seconds))
        } else {
            Err(self.0.fault(Fault::Number { wanted: NAME }))
        }
    }

    fn float<E: Error>(self, seconds: f64) -> Result<Timestamp, E> {
        if seconds.abs() <= LATEST_SECOND as f64 {
            Ok(Timestamp::from_milliseconds((seconds * 1000.0).round() as i64))
        } else {
            Err(self.0.fault(Fault::Number { wanted: NAME }))
        }
    }
}

impl Shape for Timestamp {
    const FORM: &'static Form = &Form::PLAIN;

    fn schema() -> &'static Schema {
        static SCHEMA: Schema = Schema::new(NAME, Kind::Timestamp);
        &SCHEMA
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        _: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Timestamp>, D::Error> {
        take(source, Moment(violations)).map(Some)
    }

    fn encode<S: Serializer>(&self, target: S, view: View) -> Result<S::Ok, S::Error> {
        match view {
            View::Wire => target.serialize_newtype_struct(NAME, &(self.milliseconds() as f64 / 1000.0)),
            View::Audit => target.collect_str(&self.calendar().strftime("%b %-d, %Y, %-I:%M:%S %p")),
        }
    }

    fn condition(&self, _: Option<&str>) -> Condition<'_> {
        Condition::One(Cow::Owned(format!("{:.3}", self.calendar())))
    }

    fn room(&self) -> usize {
        16
    }

    fn show(&self, shown: &mut String) -> bool {
        push_cut(shown, &self.to_string());
        true
    }
}
