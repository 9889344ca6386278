//! The ways to wrap material, by the names that AWS gives them.
//!
//! Source: KMS API Reference, `GetParametersForImport`.

use crypto::specs::KeySpec;
use crypto::wrapping::{OaepHash, WrappingAlgorithm, WrappingSpec};
use model::Shape;

use crate::KmsError;

/// A way to wrap material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum WrappingAlgorithmName {
    /// RSAES-PKCS1-v1_5, which KMS takes no more.
    #[shape(rename = "RSAES_PKCS1_V1_5")]
    RsaesPkcs1V15,
    /// RSAES-OAEP with SHA-1.
    #[shape(rename = "RSAES_OAEP_SHA_1")]
    RsaesOaepSha1,
    /// RSAES-OAEP with SHA-256.
    #[shape(rename = "RSAES_OAEP_SHA_256")]
    RsaesOaepSha256,
    /// An AES key under RSAES-OAEP with SHA-1, and the material under that.
    #[shape(rename = "RSA_AES_KEY_WRAP_SHA_1")]
    RsaAesKeyWrapSha1,
    /// An AES key under RSAES-OAEP with SHA-256, and the material under that.
    #[shape(rename = "RSA_AES_KEY_WRAP_SHA_256")]
    RsaAesKeyWrapSha256,
    /// SM2 public key encryption, in China Regions.
    #[shape(rename = "SM2PKE")]
    Sm2Pke,
}

/// A kind of wrapping key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum WrappingKeySpecName {
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// SM2, in China Regions.
    #[shape(rename = "SM2")]
    Sm2,
}

/// What these names stand for; refused where material is not wrapped so here.
pub fn of_names(
    algorithm: WrappingAlgorithmName,
    spec: WrappingKeySpecName,
) -> Result<(WrappingAlgorithm, WrappingSpec), KmsError> {
    let spec = match spec {
        WrappingKeySpecName::Rsa2048 => WrappingSpec::Rsa2048,
        WrappingKeySpecName::Rsa3072 => WrappingSpec::Rsa3072,
        WrappingKeySpecName::Rsa4096 => WrappingSpec::Rsa4096,
        WrappingKeySpecName::Sm2 => return refused(format!("WrappingKeySpec {spec} is not supported.")),
    };
    let algorithm = match algorithm {
        WrappingAlgorithmName::RsaesOaepSha1 => WrappingAlgorithm::Oaep(OaepHash::Sha1),
        WrappingAlgorithmName::RsaesOaepSha256 => WrappingAlgorithm::Oaep(OaepHash::Sha256),
        WrappingAlgorithmName::RsaAesKeyWrapSha1 => WrappingAlgorithm::AesKeyWrap(OaepHash::Sha1),
        WrappingAlgorithmName::RsaAesKeyWrapSha256 => WrappingAlgorithm::AesKeyWrap(OaepHash::Sha256),
        WrappingAlgorithmName::RsaesPkcs1V15 | WrappingAlgorithmName::Sm2Pke => {
            return refused(format!("WrappingAlgorithm {algorithm} is not supported."));
        }
    };
    Ok((algorithm, spec))
}

/// Refuses a way in which material of a key of this spec is too long to be wrapped.
pub fn check_fit(
    algorithm: WrappingAlgorithmName,
    wrapping: WrappingKeySpecName,
    spec: &KeySpec,
) -> Result<(), KmsError> {
    let directly = matches!(
        algorithm,
        WrappingAlgorithmName::RsaesOaepSha1 | WrappingAlgorithmName::RsaesOaepSha256
    );
    let too_long = match spec.name {
        "RSA_2048" | "RSA_3072" | "RSA_4096" => true,
        "ECC_NIST_P521" => wrapping == WrappingKeySpecName::Rsa2048,
        _ => false,
    };
    match directly && too_long {
        true => refused(format!(
            "WrappingAlgorithm {algorithm} with WrappingKeySpec {wrapping} is not supported for KeySpec {}.",
            spec.name
        )),
        false => Ok(()),
    }
}

fn refused<T>(text: String) -> Result<T, KmsError> {
    Err(KmsError::Unsupported(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wrapped_here_is_refused() {
        let mut admitted = 0;
        for algorithm in WrappingAlgorithmName::ALL {
            for spec in WrappingKeySpecName::ALL {
                match of_names(*algorithm, *spec) {
                    Ok(_) => admitted += 1,
                    Err(refused) => assert!(matches!(refused, KmsError::Unsupported(_))),
                }
            }
        }
        assert_eq!(admitted, 4 * 3);
    }

    #[test]
    fn long_private_keys_are_not_wrapped_directly() {
        use WrappingAlgorithmName::{RsaAesKeyWrapSha256, RsaesOaepSha256};
        use WrappingKeySpecName::{Rsa2048, Rsa3072, Rsa4096};
        for (name, algorithm, wrapping, admitted) in [
            ("RSA_2048", RsaesOaepSha256, Rsa4096, false),
            ("RSA_2048", RsaAesKeyWrapSha256, Rsa2048, true),
            ("ECC_NIST_P521", RsaesOaepSha256, Rsa2048, false),
            ("ECC_NIST_P521", RsaesOaepSha256, Rsa3072, true),
            ("ECC_NIST_P384", RsaesOaepSha256, Rsa2048, true),
            ("SYMMETRIC_DEFAULT", RsaAesKeyWrapSha256, Rsa2048, true),
        ] {
            let spec = crypto::specs::find(name).unwrap();
            assert_eq!(check_fit(algorithm, wrapping, spec).is_ok(), admitted, "{name}");
        }
    }
}
