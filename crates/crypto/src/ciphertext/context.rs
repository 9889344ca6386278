//! The encryption context in the one form that is hashed.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

/// SHA-256 of the canonical form: the count of pairs, then for each pair, in the order of the keys' bytes,
/// the key's length, the key, the value's length, the value. Counts and lengths are 32 bits, big-endian;
/// texts are UTF-8 as they came, not normalised.
pub(super) fn hash(context: &BTreeMap<String, String>) -> [u8; 32] {
    let mut hash = digest::Context::new(&digest::SHA256);
    // A `BTreeMap` of strings is in the order of their bytes, and holds a key once.
    hash.update(&length(context.len()));
    for text in context.iter().flat_map(|(key, value)| [key, value]) {
        hash.update(&length(text.len()));
        hash.update(text.as_bytes());
    }
    let mut bytes = [0; 32];
    // INVARIANT: SHA-256 has 32 bytes.
    bytes.copy_from_slice(hash.finish().as_ref());
    bytes
}

fn length(length: usize) -> [u8; 4] {
    // INVARIANT: a context is a part of one request, which is far below 4 GiB.
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}
