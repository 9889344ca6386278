//! Key specs, key material and the formats that seal it.
//!
//! Two families of formats live here, and both freeze at the first release: the ciphertext that customers
//! keep ([`ciphertext`], written down in `docs/ciphertext-format.md`), and what the store keeps ([`seal`] for
//! its rows, [`root`] for the keys above them). Every one of them derives a key for each single message with
//! [SP 800-108](kdf) and uses it once, so none ever comes near the limit of random nonces.
//!
//! [`specs::KEY_SPECS`] says which keys can be made, [`Backing`] who holds them and works with them, [`wrapping`] how
//! material comes in that its owner made.

mod aead;
pub mod backing;
pub mod ciphertext;
mod der;
mod ffi;
pub mod kdf;
pub mod limits;
pub mod material;
pub mod password;
pub mod root;
pub mod seal;
pub mod specs;
pub mod subkey;
pub mod totp;
pub mod wrapping;

pub use backing::{Backing, InProcess};
pub use material::{KeyKind, KeyName, Material, MaterialId};

use ambient::EntropyFailed;

/// Why something could not be sealed. None of these depends on a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealFailed {
    /// No random bytes; nothing was sealed.
    #[error("the system's source of random bytes failed")]
    Entropy,
    /// The plaintext is longer than the format carries.
    #[error("the plaintext is too long to be sealed")]
    TooLong,
    /// The cryptographic library refused a call that it never should.
    #[error("the cryptographic library failed")]
    Library,
}

impl From<EntropyFailed> for SealFailed {
    fn from(_: EntropyFailed) -> SealFailed {
        SealFailed::Entropy
    }
}

/// What was sealed can't be opened: it was changed, cut, or belongs to another key, place or context. Which
/// of these is not told, to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open under this key and in this place")]
pub struct Unopenable;
