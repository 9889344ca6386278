//! Forms as inputs.

use model::{Read, Shape, Unreadable};
use serde::Deserializer;
use serde::de::value::{BorrowedStrDeserializer, Error};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::form::{Form, Node};

/// Reads an operation's input.
///
/// A form that can't be read, or a text where the model has a number, is malformed; what breaks constraints of the model is
/// invalid, with all that it breaks. Parameters that the model does not know are ignored and counted.
pub fn decode<T: Shape>(parameters: &[u8]) -> Result<Read<T>, Unreadable> {
    let malformed = || Unreadable::Malformed(None);
    let form = Form::read(parameters).map_err(|_| malformed())?;
    let tree = form.tree(is_of_the_protocol).map_err(|_| malformed())?;
    model::read(Value {
        node: &tree,
        kind: "",
    })
}

/// Whether a parameter belongs to the protocol, or to a signature in the query, and not to the input.
fn is_of_the_protocol(name: &str) -> bool {
    let starts = |prefix: &str| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    name == "Action" || name == "Version" || starts("X-Amz-")
}

/// What stands under a name, and of which kind the shape that asks for it is.
#[derive(Clone, Copy)]
struct Value<'f, 'n> {
    node: &'n Node<'f>,
    kind: &'static str,
}

impl<'f: 'n, 'n> Value<'f, 'n> {
    fn member(&self, name: &str) -> Option<&'n Node<'f>> {
        let (_, node) = self.node.members.iter().find(|(member, _)| *member == name)?;
        Some(node)
    }

    /// What stands under `1`, `2` and so on, in this order.
    fn numbered(&self, name: &str) -> Vec<&'n Node<'f>> {
        let under = self.member(name).map_or(&[][..], |node| &node.members);
        let mut numbered: Vec<(u32, &Node<'f>)> = under
            .iter()
            .filter_map(|(number, node)| Some((number.parse().ok()?, node)))
            .collect();
        numbered.sort_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, node)| node).collect()
    }
}

impl<'de, 'f: 'de, 'n: 'de> Deserializer<'de> for Value<'f, 'n> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.node.text.unwrap_or_default();
        match self.kind {
            "List" => visitor.visit_seq(Elements(self.numbered("member").into_iter())),
            "Map" => visitor.visit_map(Entries(self.numbered("entry").into_iter(), None)),
            "Structure" | "" => visitor.visit_map(Members(self.node.members.iter(), None)),
            // A text was wanted, and there is none.
            _ if !self.node.members.is_empty() => visitor.visit_map(Members(self.node.members.iter(), None)),
            "Boolean" => match text {
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                other => visitor.visit_borrowed_str(other),
            },
            "Integer" | "Long" => match text.parse() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_borrowed_str(text),
            },
            "Timestamp" => match moment(text) {
                Some(seconds) => visitor.visit_f64(seconds),
                None => visitor.visit_borrowed_str(text),
            },
            _ => visitor.visit_borrowed_str(text),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        kind: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(Value { kind, ..self })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// Seconds since 1970 of a moment in ISO 8601, or given as such.
fn moment(text: &str) -> Option<f64> {
    match text.parse::<ambient::Timestamp>() {
        Ok(moment) => Some(moment.milliseconds() as f64 / 1000.0),
        Err(_) => text.parse().ok().filter(|seconds: &f64| seconds.is_finite()),
    }
}

struct Members<'f, 'n>(std::slice::Iter<'n, (&'f str, Node<'f>)>, Option<&'n Node<'f>>);

impl<'de, 'f: 'de, 'n: 'de> MapAccess<'de> for Members<'f, 'n> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, node)) = self.0.next() else {
            return Ok(None);
        };
        self.1 = Some(node);
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        value(self.1.take(), seed)
    }
}

struct Elements<'f, 'n>(std::vec::IntoIter<&'n Node<'f>>);

impl<'de, 'f: 'de, 'n: 'de> SeqAccess<'de> for Elements<'f, 'n> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.next().map(|node| value(Some(node), seed)).transpose()
    }
}

struct Entries<'f, 'n>(std::vec::IntoIter<&'n Node<'f>>, Option<&'n Node<'f>>);

impl<'de, 'f: 'de, 'n: 'de> MapAccess<'de> for Entries<'f, 'n> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(node) = self.0.next() else {
            return Ok(None);
        };
        let entry = Value { node, kind: "" };
        self.1 = entry.member("value");
        let key = entry.member("key").and_then(|key| key.text).unwrap_or_default();
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        value(self.1.take(), seed)
    }
}

static NOTHING: Node<'static> = Node {
    text: None,
    members: Vec::new(),
};

fn value<'de, 'f: 'de, 'n: 'de, S: DeserializeSeed<'de>>(
    node: Option<&'n Node<'f>>,
    seed: S,
) -> Result<S::Value, Error> {
    match node {
        Some(node) => seed.deserialize(Value { node, kind: "" }),
        None => seed.deserialize(Value {
            node: &NOTHING,
            kind: "",
        }),
    }
}
