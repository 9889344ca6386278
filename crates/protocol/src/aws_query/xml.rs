//! Outputs as XML.
//!
//! A structure is an element for each member, a list `<member>` for each element, a map `<entry>` with `<key>` and `<value>`.

use std::fmt::{self, Display, Write as _};

use ambient::Timestamp;
use model::{Shape, View};
use secret::SecretBuffer;
use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use crate::{Unwritable, limits};

/// Writes an operation's output: the elements of its members. Secrets among them are copied nowhere else.
pub fn encode<T: Shape>(output: &T) -> Result<SecretBuffer, Unwritable> {
    let mut body = SecretBuffer::with_capacity(output.room() * 2 + limits::AROUND_MEMBERS);
    output
        .encode(Content::to(&mut body), View::Wire)
        .map_err(|error| Unwritable(error.to_string()))?;
    Ok(body)
}

/// Appends a text with what means something in XML escaped. Source: XML 1.0, section 2.4.
pub(super) fn escape(text: &str, out: &mut SecretBuffer) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'', '\r']) {
        let (plain, special) = rest.split_at(at);
        out.extend(plain.as_bytes());
        let escaped: &[u8] = match special.as_bytes().first() {
            Some(b'&') => b"&amp;",
            Some(b'<') => b"&lt;",
            Some(b'>') => b"&gt;",
            Some(b'"') => b"&quot;",
            Some(b'\'') => b"&apos;",
            // A parser would make a line feed of it.
            _ => b"&#13;",
        };
        out.extend(escaped);
        rest = special.get(1..).unwrap_or_default();
    }
    out.extend(rest.as_bytes());
}

pub(super) fn open(name: &str, out: &mut SecretBuffer) {
    for part in ["<", name, ">"] {
        out.extend(part.as_bytes());
    }
}

pub(super) fn close(name: &str, out: &mut SecretBuffer) {
    for part in ["</", name, ">"] {
        out.extend(part.as_bytes());
    }
}

/// An output that XML has no form for; no shape of ours is one.
#[derive(Debug)]
struct Formless(&'static str);

impl Display for Formless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Formless {}

impl ser::Error for Formless {
    fn custom<T: Display>(_: T) -> Formless {
        Formless("a value that can't be written")
    }
}

/// What stands between an element's tags.
struct Content<'o> {
    out: &'o mut SecretBuffer,
    /// Whether it is a moment, given in seconds.
    moment: bool,
}

impl<'o> Content<'o> {
    fn to(out: &'o mut SecretBuffer) -> Content<'o> {
        Content { out, moment: false }
    }

    fn show(self, value: impl Display) -> Result<(), Formless> {
        write!(Escaped(self.out), "{value}").map_err(|_| Formless("a value that can't be shown"))
    }

    fn element<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Formless> {
        open(name, self.out);
        value.serialize(Content::to(self.out))?;
        close(name, self.out);
        Ok(())
    }
}

/// Takes a formatted text piece by piece, and escapes each.
struct Escaped<'o>(&'o mut SecretBuffer);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(text, self.0);
        Ok(())
    }
}

/// The methods for kinds of values that no shape has.
macro_rules! formless {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(
            fn $method(self, $(_: $argument),*) -> Result<$ok, Formless> {
                Err(Formless(stringify!($method)))
            }
        )*
    };
}

impl<'o> Serializer for Content<'o> {
    type Ok = ();
    type Error = Formless;
    type SerializeSeq = Content<'o>;
    type SerializeMap = Content<'o>;
    type SerializeStruct = Content<'o>;
    type SerializeTuple = Impossible<(), Formless>;
    type SerializeTupleStruct = Impossible<(), Formless>;
    type SerializeTupleVariant = Impossible<(), Formless>;
    type SerializeStructVariant = Impossible<(), Formless>;

    fn serialize_bool(self, value: bool) -> Result<(), Formless> {
        self.show(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Formless> {
        self.show(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Formless> {
        self.show(value)
    }

    /// Of numbers with decimals there are moments alone. They have whole seconds here.
    fn serialize_f64(self, seconds: f64) -> Result<(), Formless> {
        match self.moment {
            true => {
                let whole = Timestamp::from_seconds(seconds.floor() as i64);
                self.show(whole.calendar().strftime("%Y-%m-%dT%H:%M:%SZ"))
            }
            false => Err(Formless("serialize_f64")),
        }
    }

    fn serialize_str(self, text: &str) -> Result<(), Formless> {
        escape(text, self.out);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Formless> {
        self.show(value)
    }

    fn serialize_none(self) -> Result<(), Formless> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Formless> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Formless> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Formless> {
        let moment = name == "Timestamp";
        value.serialize(Content { moment, ..self })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Formless> {
        Err(Formless("serialize_newtype_variant"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Content<'o>, Formless> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Content<'o>, Formless> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Content<'o>, Formless> {
        Ok(self)
    }

    formless! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

impl SerializeSeq for Content<'_> {
    type Ok = ();
    type Error = Formless;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Formless> {
        self.element("member", value)
    }

    fn end(self) -> Result<(), Formless> {
        Ok(())
    }
}

impl SerializeMap for Content<'_> {
    type Ok = ();
    type Error = Formless;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Formless> {
        open("entry", self.out);
        self.element("key", key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Formless> {
        self.element("value", value)?;
        close("entry", self.out);
        Ok(())
    }

    fn end(self) -> Result<(), Formless> {
        Ok(())
    }
}

impl SerializeStruct for Content<'_> {
    type Ok = ();
    type Error = Formless;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Formless> {
        self.element(name, value)
    }

    fn end(self) -> Result<(), Formless> {
        Ok(())
    }
}
