//! Lists.

use std::marker::PhantomData;

use serde::de::SeqAccess;
use serde::ser::SerializeSeq;
use serde::{Deserializer, Serializer};

use super::text::as_i64;
use crate::contents::{Slot, Taken, bracketed, check_depth, is_simple, show_refused, with_constraints};
use crate::incoming::{Accept, take};
use crate::support::Encoded;
use crate::violations::{Constraint, Shown, Violation, push_cut};
use crate::{Condition, Form, Kind, Path, Schema, Shape, View, Violations};

struct Elements<'a, 'p, T> {
    at: &'a Path<'p>,
    violations: &'a mut Violations,
    shape: PhantomData<T>,
}

impl<'de, T: Shape> Accept<'de> for Elements<'_, '_, T> {
    type Value = Option<Vec<T>>;
    const WANTED: &'static str = "List";

    fn violations(&mut self) -> &mut Violations {
        self.violations
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Vec<T>>, A::Error> {
        let Elements { at, violations, .. } = self;
        check_depth(at, violations)?;
        let before = violations.count();
        let mut values: Vec<T> = Vec::new();
        // Simple values that were refused, with their places.
        let mut refused: Vec<(usize, Violation)> = Vec::new();
        let mut count = 0;
        loop {
            let place = at.element(count);
            let noted = violations.count();
            match list.next_element_seed(Slot::<T>::at(&place, violations))? {
                None => break,
                Some(Taken::Value(value)) => values.push(value),
                Some(Taken::Null) => violations.note(&place, || Shown::Null, Constraint::NotNull),
                Some(Taken::Refused) if is_simple(T::schema()) => {
                    refused.extend(violations.take_back(noted).map(|violation| (count, violation)));
                }
                Some(Taken::Refused) => {}
            }
            count += 1;
        }
        let show = || bracketed("[", "]", |shown| show_list(count, &values, &refused, shown));
        if let Some((_, first)) = refused.first() {
            with_constraints(at.rules().member, T::schema(), first, |all| {
                violations.note(at, show, Constraint::EachElement(all));
            });
        }
        if let Some(end) = at.rules().length.broken_by(as_i64(count)) {
            violations.note(at, show, Constraint::Length(end));
        }
        Ok((violations.count() == before).then_some(values))
    }
}

/// All elements in their order, the refused ones at their places.
fn show_list<T: Shape>(
    count: usize,
    values: &[T],
    refused: &[(usize, Violation)],
    shown: &mut String,
) -> bool {
    let mut values = values.iter();
    let mut refused = refused.iter().peekable();
    (0..count).all(|index| {
        if index > 0 {
            push_cut(shown, ", ");
        }
        match refused.next_if(|(place, _)| *place == index) {
            Some((_, violation)) => show_refused(violation, shown),
            None => values.next().is_none_or(|value| value.show(shown)),
        }
    })
}

impl<T: Shape> Shape for Vec<T> {
    const FORM: &'static Form = &Form::list(T::FORM);

    fn schema() -> &'static Schema {
        const { &Schema::new("List", Kind::List(T::schema)) }
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Vec<T>>, D::Error> {
        let shape = PhantomData;
        take(
            source,
            Elements {
                at,
                violations,
                shape,
            },
        )
    }

    fn encode<S: Serializer>(&self, target: S, view: View) -> Result<S::Ok, S::Error> {
        let mut out = target.serialize_seq(Some(self.len()))?;
        for value in self {
            out.serialize_element(&Encoded { value, view })?;
        }
        out.end()
    }

    fn condition(&self, name: Option<&str>) -> Condition<'_> {
        let mut values = Vec::with_capacity(self.len());
        for value in self {
            match value.condition(name) {
                Condition::One(value) => values.push(value),
                Condition::Many(several) => values.extend(several),
                Condition::Absent => {}
                Condition::Ambiguous => return Condition::Ambiguous,
            }
        }
        Condition::Many(values)
    }

    fn room(&self) -> usize {
        self.iter().fold(2, |room, value| room + value.room() + 1)
    }

    fn is_vacant(&self) -> bool {
        self.is_empty()
    }

    fn show(&self, shown: &mut String) -> bool {
        push_cut(shown, "[");
        let whole = show_list(self.len(), self, &[], shown);
        push_cut(shown, "]");
        whole
    }
}
