//! Signature Version 4: canonical requests, signing, verifying.
