//! Data keys: random bytes for the caller, and their ciphertext under a KMS key.

use crypto::backing::DataKeyPair;
use engine::{Action, Permit, World};
use model::Shape;
use secret::{SecretBuffer, SecretBytes};

use crate::KmsError;
use crate::cipher::{self, Sealed};
use crate::context::EncryptionContext;
use crate::target::KeyTarget;
use crate::wire::Algorithm;

/// The length of a data key, by the cipher that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum DataKeySpec {
    /// 32 bytes.
    #[shape(rename = "AES_256")]
    Aes256,
    /// 16 bytes.
    #[shape(rename = "AES_128")]
    Aes128,
}

/// The length of a data key in bytes: 1 to 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length(usize);

impl Length {
    /// The length that a caller asks for: by a spec or a number, not both.
    pub fn asked(spec: Option<DataKeySpec>, number_of_bytes: Option<i32>) -> Result<Length, KmsError> {
        let ambiguous =
            || KmsError::Validation("Please specify either number of bytes or key spec.".to_owned());
        match (spec, number_of_bytes) {
            (Some(DataKeySpec::Aes256), None) => Ok(Length(32)),
            (Some(DataKeySpec::Aes128), None) => Ok(Length(16)),
            (None, Some(number)) => usize::try_from(number).map(Length).map_err(|_| ambiguous()),
            (None, None) | (Some(_), Some(_)) => Err(ambiguous()),
        }
    }
}

/// Draws random bytes.
pub fn random(world: &World<'_>, Length(length): Length) -> Result<SecretBytes, KmsError> {
    let mut bytes = SecretBuffer::with_capacity(length);
    world.random(bytes.grow(length))?;
    Ok(bytes.into_secret())
}

/// Draws a data key, and encrypts it with a permit for action `A` on the key; notes the material for the record.
pub async fn generate<A: Action>(
    world: &mut World<'_>,
    permit: &Permit<KeyTarget>,
    context: &EncryptionContext,
    length: Length,
) -> Result<(SecretBytes, Sealed), KmsError> {
    let plaintext = random(world, length)?;
    let how = Algorithm::SymmetricDefault;
    let sealed = cipher::seal::<A>(world, permit, permit.targets(), how, context, plaintext.expose()).await?;
    cipher::note(world, "keyMaterialId", sealed.material);
    Ok((plaintext, sealed))
}

/// What kind of key pair a data key pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum DataKeyPairSpec {
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// The curve NIST P-256.
    EccNistP256,
    /// The curve NIST P-384.
    EccNistP384,
    /// The curve NIST P-521.
    EccNistP521,
    /// The curve secp256k1.
    #[shape(rename = "ECC_SECG_P256K1")]
    EccSecgP256k1,
    /// SM2, in China Regions.
    #[shape(rename = "SM2")]
    Sm2,
    /// The curve edwards25519.
    #[shape(rename = "ECC_NIST_EDWARDS25519")]
    EccNistEdwards25519,
    /// ML-KEM-512.
    MlKem512,
    /// ML-KEM-768.
    MlKem768,
    /// ML-KEM-1024.
    MlKem1024,
}

/// Makes a key pair, and encrypts its private key with a permit for action `A` on the key; notes the material for the
/// record.
pub async fn generate_pair<A: Action>(
    world: &mut World<'_>,
    permit: &Permit<KeyTarget>,
    context: &EncryptionContext,
    spec: DataKeyPairSpec,
) -> Result<(DataKeyPair, Sealed), KmsError> {
    let spec = crypto::specs::find(spec.as_str()).ok_or(KmsError::Cryptography)?;
    let pair = world.backing().generate_pair(spec).await?;
    let (key, how) = (permit.targets(), Algorithm::SymmetricDefault);
    let sealed = cipher::seal::<A>(world, permit, key, how, context, pair.private_key.expose()).await?;
    cipher::note(world, "keyMaterialId", sealed.material);
    Ok((pair, sealed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_pairs_are_those_that_the_table_has() {
        for spec in crypto::specs::KEY_SPECS {
            let named = spec.name.parse::<DataKeyPairSpec>().is_ok();
            assert_eq!(named, spec.data_key_pairs, "{}", spec.name);
        }
    }

    #[test]
    fn a_length_is_asked_for_in_one_way() {
        assert_eq!(
            Length::asked(Some(DataKeySpec::Aes128), None).unwrap(),
            Length(16)
        );
        assert_eq!(
            Length::asked(Some(DataKeySpec::Aes256), None).unwrap(),
            Length(32)
        );
        assert_eq!(Length::asked(None, Some(64)).unwrap(), Length(64));
        assert!(Length::asked(None, None).is_err());
        assert!(Length::asked(Some(DataKeySpec::Aes256), Some(32)).is_err());
    }
}
