//! What lists and maps have in common: reading one value of theirs, and speaking about those that were refused.

use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, Visitor};

use crate::rules::End;
use crate::violations::{Constraint, Fault, Shown, Violation, push_cut};
use crate::{Kind, Path, Rules, Schema, Shape, Violations, limits};

/// What was found where a value may stand.
pub(crate) enum Taken<T> {
    /// `null`, which is the same as nothing.
    Null,
    /// A value that breaks constraints, which were noted.
    Refused,
    /// A value.
    Value(T),
}

/// Reads a value of `T` or `null`.
pub(crate) struct Slot<'a, 'p, T> {
    at: &'a Path<'p>,
    violations: &'a mut Violations,
    shape: PhantomData<T>,
}

impl<'a, 'p, T> Slot<'a, 'p, T> {
    pub(crate) fn at(at: &'a Path<'p>, violations: &'a mut Violations) -> Slot<'a, 'p, T> {
        Slot {
            at,
            violations,
            shape: PhantomData,
        }
    }
}

impl<'de, T: Shape> DeserializeSeed<'de> for Slot<'_, '_, T> {
    type Value = Taken<T>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Taken<T>, D::Error> {
        source.deserialize_option(self)
    }
}

impl<'de, T: Shape> Visitor<'de> for Slot<'_, '_, T> {
    type Value = Taken<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(T::schema().kind.name())
    }

    fn visit_none<E: Error>(self) -> Result<Taken<T>, E> {
        Ok(Taken::Null)
    }

    fn visit_unit<E: Error>(self) -> Result<Taken<T>, E> {
        Ok(Taken::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Taken<T>, D::Error> {
        Ok(match T::decode(source, self.at, self.violations)? {
            Some(value) => Taken::Value(value),
            None => Taken::Refused,
        })
    }
}

/// Refuses to go deeper than [`limits::DEPTH`].
pub(crate) fn check_depth<E: Error>(at: &Path<'_>, violations: &mut Violations) -> Result<(), E> {
    if at.depth() >= limits::DEPTH {
        return Err(violations.fault(Fault::TooDeep));
    }
    Ok(())
}

/// Whether violations of values of this schema are spoken of at the list or map that holds them, as AWS does for
/// simple kinds.
pub(crate) fn is_simple(schema: &Schema) -> bool {
    !matches!(schema.kind, Kind::Structure(_) | Kind::List(_) | Kind::Map(_))
}

/// Every constraint that values under `rules` must keep to, in AWS's order; where the schema has none, what was
/// noted.
pub(crate) fn with_constraints<R>(
    rules: Option<&Rules>,
    schema: &Schema,
    noted: &Violation,
    then: impl FnOnce(&[Constraint<'_>]) -> R,
) -> R {
    let rules = rules.unwrap_or(&Rules::NONE).over(&schema.rules);
    let mut all = Vec::new();
    all.extend(rules.length.most.map(|most| Constraint::Length(End::Most(most))));
    all.extend(
        rules
            .length
            .least
            .map(|least| Constraint::Length(End::Least(least))),
    );
    all.extend(rules.range.most.map(|most| Constraint::Range(End::Most(most))));
    all.extend(
        rules
            .range
            .least
            .map(|least| Constraint::Range(End::Least(least))),
    );
    all.extend(rules.pattern.map(|pattern| Constraint::Pattern(pattern.as_str())));
    if let Kind::Enumeration(values) = schema.kind {
        all.push(Constraint::OneOf(values));
    }
    if all.is_empty() {
        all.push(Constraint::Stated(noted.constraint()));
    }
    then(&all)
}

/// Appends the value of a violation; `false` when it can't be shown.
pub(crate) fn show_refused(refused: &Violation, shown: &mut String) -> bool {
    match refused.value() {
        Shown::Text(text) => push_cut(shown, text),
        Shown::Null => push_cut(shown, "null"),
        Shown::Hidden => return false,
    }
    true
}

/// A text between brackets, or nothing where a part of it can't be shown.
pub(crate) fn bracketed(open: &str, close: &str, fill: impl FnOnce(&mut String) -> bool) -> Shown {
    let mut shown = open.to_owned();
    if !fill(&mut shown) {
        return Shown::Hidden;
    }
    shown.push_str(close);
    Shown::Text(shown)
}
