//! Wire protocols: bytes to typed shapes and back.
