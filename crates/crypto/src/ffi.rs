//! What AWS-LC does and its safe Rust interface does not offer.
//!
//! Each function here takes slices and arrays whose lengths are in their types or handed on, keeps no pointer beyond its
//! call, and frees what it made. Nothing else in this crate is unsafe.
#![allow(
    unsafe_code,
    reason = "the library is C; each block states the fact it rests on"
)]

use secret::SecretBuffer;

/// Signs with Ed25519ph, RFC 8032, section 5.1, with an empty context: the message is hashed with SHA-512 here.
pub(crate) fn ed25519ph_sign(seed: &[u8; 32], public_key: &[u8; 32], message: &[u8]) -> Option<[u8; 64]> {
    let mut key = SecretBuffer::with_capacity(64);
    key.extend(seed);
    key.extend(public_key);
    let mut signature = [0; 64];
    // SAFETY: the library reads 64 bytes of the key, which `key` has, `message.len()` bytes of the message, and no context
    // where its length is 0; it writes 64 bytes of the signature, which `signature` has.
    let done = unsafe {
        aws_lc_sys::ED25519ph_sign(
            signature.as_mut_ptr(),
            message.as_ptr(),
            message.len(),
            key.expose().as_ptr(),
            std::ptr::null(),
            0,
        )
    };
    (done == 1).then_some(signature)
}

/// Whether the signature is that of Ed25519ph, with an empty context, of this message.
pub(crate) fn ed25519ph_verify(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    // SAFETY: the library reads 32 bytes of the public key and 64 of the signature, which the arrays have,
    // `message.len()` bytes of the message, and no context where its length is 0.
    let fits = unsafe {
        aws_lc_sys::ED25519ph_verify(
            message.as_ptr(),
            message.len(),
            signature.as_ptr(),
            public_key.as_ptr(),
            std::ptr::null(),
            0,
        )
    };
    fits == 1
}
