//! How the parts of an entry are written in CBOR, and cut to their limits.

use ambient::Timestamp;
use arn::AccountId;
use minicbor::decode::{self, Decoder};
use minicbor::encode::{Encoder, Error, Write};
use uuid::Uuid;

use crate::entry::{EventType, IdentityKind, Resource};
use crate::limits;

type Written<W> = Result<(), Error<<W as Write>::Error>>;

/// Text of at most [`limits::TEXT`] bytes.
pub(crate) fn short<C, W: Write>(text: &&str, e: &mut Encoder<W>, _: &mut C) -> Written<W> {
    e.str(cut(text, limits::TEXT))?.ok()
}

/// Text of at most twice [`limits::TEXT`] bytes: what an ARN may have.
pub(crate) fn long<C, W: Write>(text: &&str, e: &mut Encoder<W>, _: &mut C) -> Written<W> {
    e.str(cut(text, 2 * limits::TEXT))?.ok()
}

/// The same where it may be absent.
pub(crate) fn maybe_short<C, W: Write>(text: &Option<&str>, e: &mut Encoder<W>, c: &mut C) -> Written<W> {
    match text {
        Some(text) => short(text, e, c),
        None => e.null()?.ok(),
    }
}

/// The text of a JSON value, or in place of one past [`limits::JSON`] bytes a note that it was too long.
pub(crate) fn json<C, W: Write>(text: &Option<&str>, e: &mut Encoder<W>, _: &mut C) -> Written<W> {
    match text {
        Some(text) if text.len() <= limits::JSON => e.str(text)?.ok(),
        Some(text) => {
            let note = format!("{{\"omitted\":true,\"originalSize\":{}}}", text.len());
            e.str(&note)?.ok()
        }
        None => e.null()?.ok(),
    }
}

/// The first [`limits::RESOURCES`] resources.
pub(crate) fn resources<C, W: Write>(all: &[Resource<'_>], e: &mut Encoder<W>, c: &mut C) -> Written<W> {
    let kept = all.get(..limits::RESOURCES).unwrap_or(all);
    e.array(kept.len() as u64)?;
    kept.iter()
        .try_for_each(|resource| e.encode_with(resource, c)?.ok())
}

/// Whether there are no resources, so that the member is left out.
pub(crate) fn none(all: &[Resource<'_>]) -> bool {
    all.is_empty()
}

/// The longest beginning of `text` that has at most `limit` bytes and ends between two characters.
fn cut(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}

/// A value that is one CBOR item.
pub(crate) trait Scalar: Sized {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Written<W>;
    fn read(d: &mut Decoder<'_>) -> Result<Self, decode::Error>;
}

impl Scalar for Uuid {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Written<W> {
        e.bytes(self.as_bytes())?.ok()
    }

    fn read(d: &mut Decoder<'_>) -> Result<Uuid, decode::Error> {
        let at = d.position();
        Uuid::from_slice(d.bytes()?).map_err(|_| decode::Error::message("not a UUID").at(at))
    }
}

impl Scalar for Timestamp {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Written<W> {
        e.i64(self.milliseconds())?.ok()
    }

    fn read(d: &mut Decoder<'_>) -> Result<Timestamp, decode::Error> {
        d.i64().map(Timestamp::from_milliseconds)
    }
}

impl Scalar for AccountId {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Written<W> {
        e.u64(self.number())?.ok()
    }

    fn read(d: &mut Decoder<'_>) -> Result<AccountId, decode::Error> {
        let at = d.position();
        AccountId::from_number(d.u64()?).ok_or_else(|| decode::Error::message("not an account number").at(at))
    }
}

impl Scalar for EventType {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Written<W> {
        e.u32(self.code())?.ok()
    }

    fn read(d: &mut Decoder<'_>) -> Result<EventType, decode::Error> {
        d.u32().map(EventType::of_code)
    }
}

impl Scalar for IdentityKind {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Written<W> {
        e.u32(self.code())?.ok()
    }

    fn read(d: &mut Decoder<'_>) -> Result<IdentityKind, decode::Error> {
        d.u32().map(IdentityKind::of_code)
    }
}

/// For members that are always there.
pub(crate) mod scalar {
    use super::*;

    pub(crate) fn encode<C, T: Scalar, W: Write>(value: &T, e: &mut Encoder<W>, _: &mut C) -> Written<W> {
        value.write(e)
    }

    pub(crate) fn decode<C, T: Scalar>(d: &mut Decoder<'_>, _: &mut C) -> Result<T, decode::Error> {
        T::read(d)
    }
}

/// For members that may be absent.
pub(crate) mod maybe {
    use super::*;

    pub(crate) fn encode<C, T: Scalar, W: Write>(
        value: &Option<T>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Written<W> {
        match value {
            Some(value) => value.write(e),
            None => e.null()?.ok(),
        }
    }

    pub(crate) fn decode<C, T: Scalar>(d: &mut Decoder<'_>, _: &mut C) -> Result<Option<T>, decode::Error> {
        T::read(d).map(Some)
    }

    pub(crate) fn nil<T>() -> Option<Option<T>> {
        Some(None)
    }

    pub(crate) fn is_nil<T>(value: &Option<T>) -> bool {
        value.is_none()
    }
}
