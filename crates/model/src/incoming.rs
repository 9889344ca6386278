//! One visitor for all shapes: it lets a shape take the kinds it knows, and refuses the others without a copy of
//! the refused value.

use serde::Deserializer;
use serde::de::{EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use crate::Violations;
use crate::violations::Fault;

/// What a shape does with a value of each kind; whatever it does not override is refused.
pub(crate) trait Accept<'de>: Sized {
    type Value;

    /// The kind that is wanted: the hint given to the format, and the word in the refusal.
    const WANTED: &'static str;

    fn violations(&mut self) -> &mut Violations;

    fn refuse<E: Error>(mut self, found: &'static str) -> Result<Self::Value, E> {
        let wanted = Self::WANTED;
        Err(self.violations().fault(Fault::Kind { found, wanted }))
    }

    fn null<E: Error>(self) -> Result<Self::Value, E> {
        self.refuse("NULL_VALUE")
    }

    fn boolean<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.refuse(if value { "TRUE_VALUE" } else { "FALSE_VALUE" })
    }

    fn integer<E: Error>(self, _value: i64) -> Result<Self::Value, E> {
        self.refuse("NUMBER_VALUE")
    }

    fn float<E: Error>(self, _value: f64) -> Result<Self::Value, E> {
        self.refuse("DECIMAL_VALUE")
    }

    fn text<E: Error>(self, _value: &str) -> Result<Self::Value, E> {
        self.refuse("STRING_VALUE")
    }

    fn list<A: SeqAccess<'de>>(self, _list: A) -> Result<Self::Value, A::Error> {
        self.refuse("START_ARRAY")
    }

    fn map<A: MapAccess<'de>>(self, _map: A) -> Result<Self::Value, A::Error> {
        self.refuse("START_OBJECT")
    }
}

/// Lets `accept` take the next value of `source`.
pub(crate) fn take<'de, A: Accept<'de>, D: Deserializer<'de>>(
    source: D,
    accept: A,
) -> Result<A::Value, D::Error> {
    source.deserialize_newtype_struct(A::WANTED, Incoming(accept))
}

struct Incoming<A>(A);

impl<'de, A: Accept<'de>> Visitor<'de> for Incoming<A> {
    type Value = A::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(A::WANTED)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, source: D) -> Result<A::Value, D::Error> {
        source.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<A::Value, E> {
        self.0.boolean(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<A::Value, E> {
        self.0.integer(value)
    }

    fn visit_u64<E: Error>(mut self, value: u64) -> Result<A::Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.0.integer(value),
            Err(_) => Err(self.0.violations().fault(Fault::Number { wanted: A::WANTED })),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<A::Value, E> {
        self.0.float(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<A::Value, E> {
        self.0.text(value)
    }

    fn visit_bytes<E: Error>(self, _value: &[u8]) -> Result<A::Value, E> {
        self.0.refuse("BYTES_VALUE")
    }

    fn visit_none<E: Error>(self) -> Result<A::Value, E> {
        self.0.null()
    }

    fn visit_unit<E: Error>(self) -> Result<A::Value, E> {
        self.0.null()
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<A::Value, D::Error> {
        source.deserialize_any(self)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<A::Value, S::Error> {
        self.0.list(list)
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<A::Value, M::Error> {
        self.0.map(map)
    }

    fn visit_enum<N: EnumAccess<'de>>(self, _value: N) -> Result<A::Value, N::Error> {
        self.0.refuse("ENUM_VALUE")
    }
}
