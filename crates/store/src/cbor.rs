//! Records as CBOR, written straight into memory that erases itself.

use minicbor::encode::write::Writer;
use minicbor::{Decode, Encode};
use secret::SecretBuffer;

use crate::table::Unreadable;

/// Appends `record`.
pub fn encode<R: Encode<()>>(record: &R, out: &mut SecretBuffer) {
    // INVARIANT: the buffer takes every write, and derived encoders fail for no other reason.
    let written = minicbor::encode(record, Writer::new(out));
    debug_assert!(written.is_ok());
}

/// Reads a record that fills `bytes` wholly.
pub fn decode<'a, R: Decode<'a, ()>>(bytes: &'a [u8]) -> Result<R, Unreadable> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let record = decoder
        .decode()
        .map_err(|_| Unreadable("not the CBOR that it should be"))?;
    if decoder.position() != bytes.len() {
        return Err(Unreadable("more than one record"));
    }
    Ok(record)
}
