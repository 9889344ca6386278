//! Texts, and types that are written as one.

use std::borrow::Cow;
use std::sync::Arc;

use secret::SecretString;
use serde::de::Error;
use serde::{Deserializer, Serializer};

use crate::incoming::{Accept, take};
use crate::rules::End;
use crate::violations::{Constraint, Shown, push_cut};
use crate::{Bounds, Condition, Form, Kind, Path, Schema, Shape, View, Violations};

/// Reads a text and checks it against the rules at `at`, then lets `make` take it or name what it breaks.
struct Text<'a, 'p, F> {
    at: &'a Path<'p>,
    violations: &'a mut Violations,
    make: F,
}

impl<T, F: FnOnce(&str, &Path<'_>, &mut Violations) -> Option<T>> Accept<'_> for Text<'_, '_, F> {
    type Value = Option<T>;
    const WANTED: &'static str = "String";

    fn violations(&mut self) -> &mut Violations {
        self.violations
    }

    fn text<E: Error>(self, value: &str) -> Result<Option<T>, E> {
        let keeps = check_text(value, self.at, self.violations);
        Ok((self.make)(value, self.at, self.violations).filter(|_| keeps))
    }
}

/// Reads a text, for a type that `make` makes of it; `make` notes what is wrong and gives `None` when it can't.
pub(crate) fn read_text<'de, T, D: Deserializer<'de>>(
    source: D,
    at: &Path<'_>,
    violations: &mut Violations,
    make: impl FnOnce(&str, &Path<'_>, &mut Violations) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    take(source, Text { at, violations, make })
}

/// Notes what a text breaks of the rules at `at`.
pub(crate) fn check_text(value: &str, at: &Path<'_>, violations: &mut Violations) -> bool {
    let rules = at.rules();
    let mut keeps = true;
    if let Some(end) = length_broken(rules.length, value) {
        violations.note(at, || Shown::text(value), Constraint::Length(end));
        keeps = false;
    }
    if let Some(pattern) = rules.pattern
        && !pattern.matches(value)
    {
        violations.note(at, || Shown::text(value), Constraint::Pattern(pattern.as_str()));
        keeps = false;
    }
    keeps
}

/// Counts characters only where the number of bytes does not decide already.
fn length_broken(bounds: Bounds, value: &str) -> Option<End> {
    let bytes = as_i64(value.len());
    let long_enough = bounds.least.is_none_or(|least| bytes >= least.saturating_mul(4));
    if long_enough && bounds.most.is_none_or(|most| bytes <= most) {
        return None;
    }
    bounds.broken_by(as_i64(value.chars().count()))
}

pub(crate) fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

macro_rules! plain_text {
    ($type:ty, $make:expr) => {
        impl Shape for $type {
            const FORM: &'static Form = &Form::TEXT;

            fn schema() -> &'static Schema {
                String::schema()
            }

            fn decode<'de, D: Deserializer<'de>>(
                source: D,
                at: &Path<'_>,
                violations: &mut Violations,
            ) -> Result<Option<$type>, D::Error> {
                read_text(source, at, violations, |text, _, _| Some($make(text)))
            }

            fn encode<S: Serializer>(&self, target: S, _: View) -> Result<S::Ok, S::Error> {
                target.serialize_str(self)
            }

            fn condition(&self, _: Option<&str>) -> Condition<'_> {
                Condition::One(Cow::Borrowed(self))
            }

            fn room(&self) -> usize {
                self.len() + 4
            }

            fn is_vacant(&self) -> bool {
                self.is_empty()
            }

            fn show(&self, shown: &mut String) -> bool {
                push_cut(shown, self);
                true
            }
        }
    };
}

plain_text!(Cow<'static, str>, |text: &str| Cow::Owned(text.to_owned()));
plain_text!(Arc<str>, Arc::from);
plain_text!(Box<str>, Box::from);

impl Shape for String {
    const FORM: &'static Form = &Form::TEXT;

    fn schema() -> &'static Schema {
        static SCHEMA: Schema = Schema::new("String", Kind::Text);
        &SCHEMA
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<String>, D::Error> {
        read_text(source, at, violations, |text, _, _| Some(text.to_owned()))
    }

    fn encode<S: Serializer>(&self, target: S, _: View) -> Result<S::Ok, S::Error> {
        target.serialize_str(self)
    }

    fn condition(&self, _: Option<&str>) -> Condition<'_> {
        Condition::One(Cow::Borrowed(self))
    }

    fn room(&self) -> usize {
        self.len() + 4
    }

    fn is_vacant(&self) -> bool {
        self.is_empty()
    }

    fn show(&self, shown: &mut String) -> bool {
        push_cut(shown, self);
        true
    }
}

impl Shape for SecretString {
    const FORM: &'static Form = &Form::TEXT.made_for_secrets();

    fn schema() -> &'static Schema {
        String::schema()
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<SecretString>, D::Error> {
        read_text(source, at, violations, |text, _, _| {
            Some(SecretString::new(text.to_owned()))
        })
    }

    fn encode<S: Serializer>(&self, target: S, _: View) -> Result<S::Ok, S::Error> {
        target.serialize_str(self.expose())
    }

    fn room(&self) -> usize {
        self.expose().len() + 4
    }
}

/// Types that are parsed from their text; one that can't be is a violation of the pattern given.
macro_rules! parsed_text {
    ($type:ty, $pattern:literal, $encode:ident, $text:expr) => {
        impl Shape for $type {
            const FORM: &'static Form = &Form::TEXT;

            fn schema() -> &'static Schema {
                String::schema()
            }

            fn decode<'de, D: Deserializer<'de>>(
                source: D,
                at: &Path<'_>,
                violations: &mut Violations,
            ) -> Result<Option<$type>, D::Error> {
                read_text(source, at, violations, |text, at, violations| {
                    match text.parse() {
                        Ok(value) => Some(value),
                        Err(_) => {
                            violations.note(at, || Shown::text(text), Constraint::Pattern($pattern));
                            None
                        }
                    }
                })
            }

            fn encode<S: Serializer>(&self, target: S, _: View) -> Result<S::Ok, S::Error> {
                target.$encode($text(self))
            }

            fn condition(&self, _: Option<&str>) -> Condition<'_> {
                Condition::One(Cow::Owned(self.to_string()))
            }

            fn room(&self) -> usize {
                96
            }

            fn show(&self, shown: &mut String) -> bool {
                push_cut(shown, &self.to_string());
                true
            }
        }
    };
}

parsed_text!(
    arn::Arn,
    "arn:[^:]+:[^:]+:[^:]*:([0-9]{12}|aws)?:.+",
    serialize_str,
    arn::Arn::as_str
);
parsed_text!(arn::AccountId, "[0-9]{12}", collect_str, std::convert::identity);
parsed_text!(
    arn::Region,
    "[a-z][a-z0-9-]{0,31}",
    serialize_str,
    arn::Region::as_str
);
