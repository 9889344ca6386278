//! What the derive's code stands on; not meant to be used by hand.

pub use serde;
use serde::de::{DeserializeSeed, Error, MapAccess};
use serde::ser::SerializeStruct;
use serde::{Deserializer, Serialize, Serializer};

use crate::contents::{Slot, Taken, check_depth};
use crate::incoming::{Accept, take};
use crate::scalars::read_text;
use crate::skip::Skip;
use crate::violations::{Constraint, Fault, Shown, push_cut};
use crate::{AuditMark, Form, Member, Path, Rules, Shape, View, Violations};

/// The members of a structure while they are being read.
pub trait Gather: Default {
    /// The structure.
    type Whole;

    /// Reads the value of the member called `name`; `false`, with the value left unread, when there is no such member.
    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        member: usize,
        map: &mut A,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<bool, A::Error>;

    /// Which member has this name.
    fn member(name: &str) -> Option<usize>;

    /// The structure, when nothing is missing or was refused; what is missing is noted.
    fn whole(self, at: &Path<'_>, violations: &mut Violations) -> Option<Self::Whole>;
}

/// A member while its structure is being read.
#[derive(Default)]
pub enum Gathered<T> {
    /// It has not occurred.
    #[default]
    Absent,
    /// It was `null`.
    Null,
    /// Its value broke constraints.
    Refused,
    /// It has a value.
    Value(T),
}

// The bound is on the method, so that a type that is no shape is told once, not at each of its uses.
impl<T> Gathered<T> {
    /// Reads the next value as this member's.
    pub fn fill<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        member: &'static Member,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<bool, A::Error>
    where
        T: Shape,
    {
        if !matches!(self, Gathered::Absent) {
            return Err(violations.fault(Fault::Repeated));
        }
        let at = at.member(member);
        *self = match map.next_value_seed(Slot::at(&at, violations))? {
            Taken::Null => Gathered::Null,
            Taken::Refused => Gathered::Refused,
            Taken::Value(value) => Gathered::Value(value),
        };
        Ok(true)
    }

    /// The value of a member that must be there.
    pub fn required(self, member: &'static Member, at: &Path<'_>, violations: &mut Violations) -> Option<T> {
        match self {
            Gathered::Value(value) => Some(value),
            Gathered::Refused => None,
            Gathered::Absent | Gathered::Null => {
                violations.note(&at.member(member), || Shown::Null, Constraint::NotNull);
                None
            }
        }
    }

    /// The value of a member that may be absent.
    pub fn optional(self) -> Option<Option<T>> {
        match self {
            Gathered::Value(value) => Some(Some(value)),
            Gathered::Refused => None,
            Gathered::Absent | Gathered::Null => Some(None),
        }
    }

    /// The value of a member that has a default.
    pub fn or_default(self) -> Option<T>
    where
        T: Default,
    {
        self.optional().map(Option::unwrap_or_default)
    }
}

struct Structure<'a, 'p, G> {
    at: &'a Path<'p>,
    violations: &'a mut Violations,
    gathered: G,
}

struct Name<'a, G> {
    violations: &'a mut Violations,
    structure: std::marker::PhantomData<G>,
}

impl<'a, G> Name<'a, G> {
    fn new(violations: &'a mut Violations) -> Name<'a, G> {
        Name {
            violations,
            structure: std::marker::PhantomData,
        }
    }
}

impl<G: Gather> Accept<'_> for Name<'_, G> {
    type Value = Option<usize>;
    const WANTED: &'static str = "String";

    fn violations(&mut self) -> &mut Violations {
        self.violations
    }

    fn text<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(G::member(name))
    }
}

impl<'de, G: Gather> DeserializeSeed<'de> for Name<'_, G> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Option<usize>, D::Error> {
        take(source, self)
    }
}

impl<'de, G: Gather> Accept<'de> for Structure<'_, '_, G> {
    type Value = Option<G::Whole>;
    const WANTED: &'static str = "Structure";

    fn violations(&mut self) -> &mut Violations {
        self.violations
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Option<G::Whole>, A::Error> {
        let (at, violations) = (self.at, self.violations);
        check_depth(at, violations)?;
        while let Some(member) = map.next_key_seed(Name::<G>::new(violations))? {
            let known = match member {
                Some(member) => self.gathered.take(member, &mut map, at, violations)?,
                None => false,
            };
            if !known {
                violations.member_unknown();
                let depth = at.depth().saturating_add(1);
                map.next_value_seed(Skip { depth, violations })?;
            }
        }
        Ok(self.gathered.whole(at, violations))
    }
}

/// Reads a structure.
pub fn decode_structure<'de, G: Gather, D: Deserializer<'de>>(
    source: D,
    at: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<G::Whole>, D::Error> {
    let gathered = G::default();
    take(
        source,
        Structure {
            at,
            violations,
            gathered,
        },
    )
}

/// Reads one of an enumeration's texts.
pub fn decode_enumeration<'de, T, D: Deserializer<'de>>(
    source: D,
    at: &Path<'_>,
    violations: &mut Violations,
    of: fn(&str) -> Option<T>,
    all: &'static [&'static str],
) -> Result<Option<T>, D::Error> {
    read_text(source, at, violations, |text, at, violations| {
        let value = of(text);
        if value.is_none() {
            violations.note(at, || Shown::text(text), Constraint::OneOf(all));
        }
        value
    })
}

/// Reads a newtype, whose own rules hold where the place has none.
pub fn decode_newtype<'de, T: Shape, D: Deserializer<'de>>(
    source: D,
    at: &Path<'_>,
    violations: &mut Violations,
    own: &Rules,
) -> Result<Option<T>, D::Error> {
    let rules = at.rules().over(own);
    T::decode(source, &at.under(&rules), violations)
}

/// A value with the view it is to be written in.
pub(crate) struct Encoded<'a, T> {
    pub(crate) value: &'a T,
    pub(crate) view: View,
}

impl<T: Shape> Serialize for Encoded<'_, T> {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        self.value.encode(target, self.view)
    }
}

/// Writes a member.
pub fn encode_member<T: Shape, S: SerializeStruct>(
    out: &mut S,
    member: &'static Member,
    value: &T,
    view: View,
) -> Result<(), S::Error> {
    match view {
        View::Wire => out.serialize_field(member.name, &Encoded { value, view }),
        View::Audit if member.audit == AuditMark::Log => {
            out.serialize_field(member.audit_name, &Encoded { value, view })
        }
        View::Audit => Ok(()),
    }
}

/// Writes a member that may be absent.
pub fn encode_optional<T: Shape, S: SerializeStruct>(
    out: &mut S,
    member: &'static Member,
    value: Option<&T>,
    view: View,
) -> Result<(), S::Error> {
    match value {
        Some(value) => encode_member(out, member, value, view),
        None => Ok(()),
    }
}

/// Writes a member with a default, unless it is vacant.
pub fn encode_defaulted<T: Shape, S: SerializeStruct>(
    out: &mut S,
    member: &'static Member,
    value: &T,
    view: View,
) -> Result<(), S::Error> {
    encode_optional(out, member, (!value.is_vacant()).then_some(value), view)
}

/// The form of a list's elements or a map's values.
pub const fn member_form(form: Option<&'static Form>) -> Option<&'static Form> {
    match form {
        Some(form) => form.member,
        None => None,
    }
}

/// The form of a map's keys.
pub const fn key_form(form: Option<&'static Form>) -> Option<&'static Form> {
    match form {
        Some(form) => form.key,
        None => None,
    }
}

/// Whether there is a value that has the form asked for.
pub const fn length_fits(form: Option<&'static Form>) -> bool {
    matches!(form, Some(Form { length: true, .. }))
}

/// Whether there is a value that has the form asked for.
pub const fn range_fits(form: Option<&'static Form>) -> bool {
    matches!(form, Some(Form { range: true, .. }))
}

/// Whether there is a value that has the form asked for.
pub const fn pattern_fits(form: Option<&'static Form>) -> bool {
    matches!(form, Some(Form { pattern: true, .. }))
}

/// Appends a text to a value that a violation shows.
pub fn push_shown(shown: &mut String, text: &str) {
    push_cut(shown, text);
}
