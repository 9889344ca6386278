//! Key specs, ciphertext format, seals.
