//! What AWS-LC does and its safe Rust interface does not offer.
//!
//! Each function here takes slices and arrays whose lengths are in their types or handed on, keeps no pointer beyond its
//! call, and frees what it made. Nothing else in this crate is unsafe.
#![allow(
    unsafe_code,
    reason = "the library is C; each block states the fact it rests on"
)]

use std::ptr;

use aws_lc_sys::{
    CBS, CBS_init, EVP_PKEY, EVP_PKEY_CTX, EVP_PKEY_CTX_free, EVP_PKEY_CTX_kem_set_params, EVP_PKEY_CTX_new,
    EVP_PKEY_CTX_new_id, EVP_PKEY_KEM, EVP_PKEY_free, EVP_PKEY_get_raw_private_key,
    EVP_PKEY_get_raw_public_key, EVP_PKEY_keygen_deterministic, EVP_PKEY_keygen_init, EVP_PKEY_sign,
    EVP_PKEY_sign_init, EVP_PKEY_verify, EVP_PKEY_verify_init, EVP_parse_private_key, EVP_parse_public_key,
    NID_MLKEM512, NID_MLKEM768, NID_MLKEM1024,
};
use secret::{SecretBuffer, SecretBytes};

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
            ptr::null(),
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
            ptr::null(),
            0,
        )
    };
    fits == 1
}

/// The parameter sets of ML-KEM, FIPS 203.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MlKem {
    Kem512,
    Kem768,
    Kem1024,
}

impl MlKem {
    /// The library's number, and the lengths of the secret and the public key in bytes.
    fn sizes(self) -> (i32, usize, usize) {
        match self {
            MlKem::Kem512 => (NID_MLKEM512, 1632, 800),
            MlKem::Kem768 => (NID_MLKEM768, 2400, 1184),
            MlKem::Kem1024 => (NID_MLKEM1024, 3168, 1568),
        }
    }
}

/// The expanded secret key and the public key that come of a seed, which is d and z of FIPS 203.
pub(crate) fn ml_kem_of_seed(set: MlKem, seed: &[u8; 64]) -> Option<(SecretBytes, Vec<u8>)> {
    let (nid, secret_length, public_length) = set.sizes();
    // SAFETY: no engine is named by a null pointer; what is returned is null or ours to free, which `Context` does.
    let context = Context::of(unsafe { EVP_PKEY_CTX_new_id(EVP_PKEY_KEM, ptr::null_mut()) })?;
    // SAFETY: the context is live, and was made for a KEM.
    let ready =
        unsafe { EVP_PKEY_keygen_init(context.0) == 1 && EVP_PKEY_CTX_kem_set_params(context.0, nid) == 1 };
    if !ready {
        return None;
    }
    let mut made = ptr::null_mut();
    let mut seed_length = seed.len();
    // SAFETY: the context is live and set up for key generation; the library reads `seed_length` bytes of the seed, which
    // it has, and writes a key to `made` that is ours to free, which `Key` does.
    let done =
        unsafe { EVP_PKEY_keygen_deterministic(context.0, &mut made, seed.as_ptr(), &mut seed_length) };
    let key = Key::of(made).filter(|_| done == 1)?;
    let mut secret = SecretBuffer::with_capacity(secret_length);
    let mut written = secret_length;
    // SAFETY: the key is live; the library writes at most `written` bytes, which the buffer has, and says how many.
    let done =
        unsafe { EVP_PKEY_get_raw_private_key(key.0, secret.grow(secret_length).as_mut_ptr(), &mut written) };
    if done != 1 || written != secret_length {
        return None;
    }
    let (mut public, mut written) = (vec![0; public_length], public_length);
    // SAFETY: as above.
    let done = unsafe { EVP_PKEY_get_raw_public_key(key.0, public.as_mut_ptr(), &mut written) };
    (done == 1 && written == public_length).then(|| (secret.into_secret(), public))
}

/// Signs a message representative with ML-DSA, FIPS 204, algorithm 7. The signature has `length` bytes.
pub(crate) fn ml_dsa_sign_mu(pkcs8: &[u8], mu: &[u8; 64], length: usize) -> Option<Vec<u8>> {
    let key = Key::parsed(pkcs8, EVP_parse_private_key)?;
    let context = key.context()?;
    let (mut signature, mut written) = (vec![0; length], length);
    // SAFETY: the context is live, and its key with it. The library takes 64 bytes, which `mu` has, for a representative,
    // and writes at most `written` bytes, which the vector has.
    let done = unsafe {
        EVP_PKEY_sign_init(context.0) == 1
            && EVP_PKEY_sign(
                context.0,
                signature.as_mut_ptr(),
                &mut written,
                mu.as_ptr(),
                mu.len(),
            ) == 1
    };
    (done && written == length).then_some(signature)
}

/// Whether the signature is that of ML-DSA of a message with this representative.
pub(crate) fn ml_dsa_verify_mu(public_key: &[u8], mu: &[u8; 64], signature: &[u8]) -> bool {
    let Some(key) = Key::parsed(public_key, EVP_parse_public_key) else {
        return false;
    };
    let Some(context) = key.context() else {
        return false;
    };
    // SAFETY: the context is live, and its key with it; the library reads `signature.len()` bytes of the signature and 64
    // of the representative.
    unsafe {
        EVP_PKEY_verify_init(context.0) == 1
            && EVP_PKEY_verify(
                context.0,
                signature.as_ptr(),
                signature.len(),
                mu.as_ptr(),
                mu.len(),
            ) == 1
    }
}

/// A key of the library's, freed when it goes.
struct Key(*mut EVP_PKEY);

/// How the library parses a key.
type Parse = unsafe extern "C" fn(*mut CBS) -> *mut EVP_PKEY;

impl Key {
    fn of(key: *mut EVP_PKEY) -> Option<Key> {
        (!key.is_null()).then_some(Key(key))
    }

    fn parsed(der: &[u8], parse: Parse) -> Option<Key> {
        let mut cursor = CBS {
            data: ptr::null(),
            len: 0,
        };
        // SAFETY: the cursor is ours, and is used within this function alone, while `der` lives.
        unsafe { CBS_init(&mut cursor, der.as_ptr(), der.len()) };
        // SAFETY: the cursor was set up just now; what is returned is null or ours to free.
        Key::of(unsafe { parse(&mut cursor) })
    }

    /// A context for work with the key.
    fn context(&self) -> Option<Context> {
        // SAFETY: the key is live, and the context keeps a reference of its own to it; no engine is named.
        Context::of(unsafe { EVP_PKEY_CTX_new(self.0, ptr::null_mut()) })
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key came from the library, and is freed here alone.
        unsafe { EVP_PKEY_free(self.0) }
    }
}

/// A context of the library's, freed when it goes.
struct Context(*mut EVP_PKEY_CTX);

impl Context {
    fn of(context: *mut EVP_PKEY_CTX) -> Option<Context> {
        (!context.is_null()).then_some(Context(context))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context came from the library, and is freed here alone.
        unsafe { EVP_PKEY_CTX_free(self.0) }
    }
}
