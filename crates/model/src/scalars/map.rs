//! Maps from texts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error, MapAccess};
use serde::ser::SerializeMap;
use serde::{Deserializer, Serializer};

use super::text::{as_i64, check_text};
use crate::contents::{Slot, Taken, bracketed, check_depth, is_simple, show_refused, with_constraints};
use crate::incoming::{Accept, take};
use crate::support::Encoded;
use crate::violations::{Constraint, Fault, Shown, Violation, push_cut};
use crate::{Condition, Form, Kind, Path, Rules, Schema, Shape, View, Violations};

struct Entries<'a, 'p, T> {
    at: &'a Path<'p>,
    violations: &'a mut Violations,
    shape: PhantomData<T>,
}

/// A key, as it is; what it must keep to is checked once for the whole map.
struct Key<'a>(&'a mut Violations);

impl Accept<'_> for Key<'_> {
    type Value = String;
    const WANTED: &'static str = "String";

    fn violations(&mut self) -> &mut Violations {
        self.0
    }

    fn text<E: Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<String, D::Error> {
        take(source, self)
    }
}

/// What stands under a key.
enum Held<T> {
    Value(T),
    Refused(Option<Violation>),
}

impl<'de, T: Shape> Accept<'de> for Entries<'_, '_, T> {
    type Value = Option<BTreeMap<String, T>>;
    const WANTED: &'static str = "Map";

    fn violations(&mut self) -> &mut Violations {
        self.violations
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<BTreeMap<String, T>>, A::Error> {
        let Entries { at, violations, .. } = self;
        check_depth(at, violations)?;
        let before = violations.count();
        let mut values: BTreeMap<String, T> = BTreeMap::new();
        // Filled only once something was refused.
        let mut refused: BTreeMap<String, Option<Violation>> = BTreeMap::new();
        while let Some(key) = map.next_key_seed(Key(violations))? {
            if refused.contains_key(&key) {
                return Err(violations.fault(Fault::Repeated));
            }
            let vacant = match values.entry(key) {
                Entry::Vacant(vacant) => vacant,
                Entry::Occupied(_) => return Err(violations.fault(Fault::Repeated)),
            };
            let place = at.entry(vacant.key());
            let noted = violations.count();
            let held = match map.next_value_seed(Slot::<T>::at(&place, violations))? {
                Taken::Value(value) => Held::Value(value),
                Taken::Null => {
                    violations.note(&place, || Shown::Null, Constraint::NotNull);
                    Held::Refused(None)
                }
                Taken::Refused if is_simple(T::schema()) => Held::Refused(violations.take_back(noted)),
                Taken::Refused => Held::Refused(None),
            };
            match held {
                Held::Value(value) => drop(vacant.insert(value)),
                Held::Refused(violation) => drop(refused.insert(vacant.into_key(), violation)),
            }
        }
        let show = || bracketed("{", "}", |shown| show_map(&values, &refused, shown));
        if let Some(first) = refused.values().flatten().next() {
            with_constraints(at.rules().member, T::schema(), first, |all| {
                violations.note(at, show, Constraint::EachValue(all));
            });
        }
        let keys = values.keys().chain(refused.keys());
        if let Some(first) = at.rules().key.and_then(|rules| refused_key(keys, rules)) {
            with_constraints(at.rules().key, String::schema(), &first, |all| {
                violations.note(at, show, Constraint::EachKey(all));
            });
        }
        if let Some(end) = at.rules().length.broken_by(as_i64(values.len() + refused.len())) {
            violations.note(at, show, Constraint::Length(end));
        }
        Ok((violations.count() == before).then_some(values))
    }
}

/// What the first key that does not keep to `rules` breaks.
fn refused_key<'a>(mut keys: impl Iterator<Item = &'a String>, rules: &Rules) -> Option<Violation> {
    let at = Path::OUTERMOST.under(rules);
    let mut violations = Violations::default();
    keys.find(|key| !check_text(key, &at, &mut violations))?;
    violations.take_back(0)
}

/// `{a=b, c=d}`, in the order of the keys; the refused values at their places.
fn show_map<T: Shape>(
    values: &BTreeMap<String, T>,
    refused: &BTreeMap<String, Option<Violation>>,
    shown: &mut String,
) -> bool {
    let mut values = values.iter().peekable();
    let mut refused = refused.iter().peekable();
    let mut first = true;
    loop {
        let take_value = match (values.peek(), refused.peek()) {
            (None, None) => return true,
            (Some((value, _)), Some((refused, _))) => value < refused,
            (value, _) => value.is_some(),
        };
        if !std::mem::take(&mut first) {
            push_cut(shown, ", ");
        }
        let entry = if take_value {
            values.next().is_none_or(|(key, value)| {
                push_cut(shown, key);
                push_cut(shown, "=");
                value.show(shown)
            })
        } else {
            refused.next().is_none_or(|(key, violation)| {
                push_cut(shown, key);
                push_cut(shown, "=");
                match violation {
                    Some(violation) => show_refused(violation, shown),
                    None => {
                        push_cut(shown, "null");
                        true
                    }
                }
            })
        };
        if !entry {
            return false;
        }
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    const FORM: &'static Form = &Form::map(T::FORM);

    fn schema() -> &'static Schema {
        const { &Schema::new("Map", Kind::Map(T::schema)) }
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<BTreeMap<String, T>>, D::Error> {
        let shape = PhantomData;
        take(
            source,
            Entries {
                at,
                violations,
                shape,
            },
        )
    }

    fn encode<S: Serializer>(&self, target: S, view: View) -> Result<S::Ok, S::Error> {
        let mut out = target.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            out.serialize_entry(key, &Encoded { value, view })?;
        }
        out.end()
    }

    fn condition(&self, name: Option<&str>) -> Condition<'_> {
        let Some(name) = name else {
            return Condition::Absent;
        };
        let mut named = self
            .iter()
            .filter(|(key, _)| key.to_lowercase() == name.to_lowercase());
        match (named.next(), named.next()) {
            (None, _) => Condition::Absent,
            (Some((_, value)), None) => value.condition(None),
            (Some(_), Some(_)) => Condition::Ambiguous,
        }
    }

    fn room(&self) -> usize {
        self.iter()
            .fold(2, |room, (key, value)| room + key.len() + value.room() + 4)
    }

    fn is_vacant(&self) -> bool {
        self.is_empty()
    }

    fn show(&self, shown: &mut String) -> bool {
        push_cut(shown, "{");
        let whole = show_map(self, &BTreeMap::new(), shown);
        push_cut(shown, "}");
        whole
    }
}
