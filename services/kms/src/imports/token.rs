//! The token that goes with a wrapping key.
//!
//! It is the wrapping key's private half with all that is to be known of it, sealed for one key and one Region. So nothing
//! is kept here, and a token outlives a restart. It proves nothing and allows nothing: whoever brings it still has to be
//! allowed to import.
//!
//! ```text
//! format 1 │ algorithm │ valid to, milliseconds since 1970 │ private key, PKCS #8
//!  1 byte  │  1 byte   │       8 bytes, big-endian         │    the rest
//! ```

use std::time::Duration;

use ambient::Timestamp;
use crypto::wrapping::{OaepHash, WrappingAlgorithm};
use engine::View;
use model::Blob;
use secret::{SecretBuffer, SecretBytes};
use store::Purpose;

use crate::KmsError;
use crate::target::KeyTarget;

/// How long a token and its wrapping key are good for. Source: KMS API Reference, `GetParametersForImport`.
pub const LIFETIME: Duration = Duration::from_secs(24 * 3600);

const FORMAT: u8 = 1;
/// What tells an import token from any other.
const BOUND_TO: &[u8] = b"ImportKeyMaterial";

/// A token, open.
#[derive(Debug)]
pub struct ImportToken {
    /// How material is to be wrapped.
    pub algorithm: WrappingAlgorithm,
    /// From when on it is good for nothing.
    pub valid_to: Timestamp,
    /// The wrapping key's private half, PKCS #8.
    pub private_key: SecretBytes,
}

impl ImportToken {
    /// Seals it for `key`.
    pub fn seal(&self, key: &KeyTarget, view: &View) -> Result<Blob, KmsError> {
        let mut text = SecretBuffer::with_capacity(10 + self.private_key.len());
        text.extend(&[FORMAT, number_of(self.algorithm)]);
        text.extend(&self.valid_to.milliseconds().to_be_bytes());
        text.extend(self.private_key.expose());
        let snapshot = view.store().snapshot();
        let bound_to = [BOUND_TO, &key.id.to_bytes()];
        let sealed = snapshot.seal(key.domain, Purpose::Token, &bound_to, text.expose())?;
        Ok(Blob(sealed))
    }

    /// Opens a token of `key`; refused where it is another's, or none, or too old.
    pub fn open(token: &Blob, key: &KeyTarget, view: &View) -> Result<ImportToken, KmsError> {
        let snapshot = view.store().snapshot();
        let bound_to = [BOUND_TO, &key.id.to_bytes()];
        let text = snapshot
            .open(key.domain, Purpose::Token, &bound_to, &token.0)
            .map_err(|_| KmsError::InvalidImportToken)?;
        let token = ImportToken::read(text.expose()).ok_or(KmsError::InvalidImportToken)?;
        match view.now() < token.valid_to {
            true => Ok(token),
            false => Err(KmsError::ExpiredImportToken),
        }
    }

    fn read(text: &[u8]) -> Option<ImportToken> {
        let (&[FORMAT, number], rest) = text.split_first_chunk()? else {
            return None;
        };
        let (valid_to, private_key) = rest.split_first_chunk()?;
        Some(ImportToken {
            algorithm: algorithm_of(number)?,
            valid_to: Timestamp::from_milliseconds(i64::from_be_bytes(*valid_to)),
            private_key: SecretBytes::copied_from(private_key),
        })
    }
}

fn number_of(algorithm: WrappingAlgorithm) -> u8 {
    match algorithm {
        WrappingAlgorithm::Oaep(OaepHash::Sha1) => 1,
        WrappingAlgorithm::Oaep(OaepHash::Sha256) => 2,
        WrappingAlgorithm::AesKeyWrap(OaepHash::Sha1) => 3,
        WrappingAlgorithm::AesKeyWrap(OaepHash::Sha256) => 4,
    }
}

fn algorithm_of(number: u8) -> Option<WrappingAlgorithm> {
    Some(match number {
        1 => WrappingAlgorithm::Oaep(OaepHash::Sha1),
        2 => WrappingAlgorithm::Oaep(OaepHash::Sha256),
        3 => WrappingAlgorithm::AesKeyWrap(OaepHash::Sha1),
        4 => WrappingAlgorithm::AesKeyWrap(OaepHash::Sha256),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_algorithm_has_its_number() {
        for number in 1..=4 {
            assert_eq!(algorithm_of(number).map(number_of), Some(number));
        }
        assert_eq!(algorithm_of(0), None);
        assert_eq!(algorithm_of(5), None);
    }

    #[test]
    fn what_is_no_token_of_this_format_is_not_read() {
        let text = [&[FORMAT, 2][..], &7_i64.to_be_bytes(), b"key"].concat();
        let token = ImportToken::read(&text).unwrap();
        assert_eq!(token.valid_to, Timestamp::from_milliseconds(7));
        assert_eq!(token.private_key.expose(), b"key");
        for cut in 0..10 {
            assert!(ImportToken::read(&text[..cut]).is_none());
        }
        for (at, byte) in [(0, 2), (1, 9)] {
            let mut other = text.clone();
            other[at] = byte;
            assert!(ImportToken::read(&other).is_none());
        }
    }
}
