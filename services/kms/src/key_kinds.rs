//! What kinds of key there are: specs, usages, origins and algorithms, by the names that AWS gives them.
//!
//! All of them are read, so that what this server does not make is refused by name.
//! Source: KMS API Reference, `CreateKey` and `KeyMetadata`.

use model::Shape;

use crate::KmsError;
use crate::records::Origin;

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum KeySpec {
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
    /// AES-256.
    SymmetricDefault,
    /// HMAC with SHA-224.
    Hmac224,
    /// HMAC with SHA-256.
    Hmac256,
    /// HMAC with SHA-384.
    Hmac384,
    /// HMAC with SHA-512.
    Hmac512,
    /// SM2, in China Regions.
    #[shape(rename = "SM2")]
    Sm2,
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
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

/// The deprecated name of [`KeySpec`], which newer specs are missing from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum CustomerMasterKeySpec {
    /// As [`KeySpec::Rsa2048`].
    Rsa2048,
    /// As [`KeySpec::Rsa3072`].
    Rsa3072,
    /// As [`KeySpec::Rsa4096`].
    Rsa4096,
    /// As [`KeySpec::EccNistP256`].
    EccNistP256,
    /// As [`KeySpec::EccNistP384`].
    EccNistP384,
    /// As [`KeySpec::EccNistP521`].
    EccNistP521,
    /// As [`KeySpec::EccSecgP256k1`].
    #[shape(rename = "ECC_SECG_P256K1")]
    EccSecgP256k1,
    /// As [`KeySpec::SymmetricDefault`].
    SymmetricDefault,
    /// As [`KeySpec::Hmac224`].
    Hmac224,
    /// As [`KeySpec::Hmac256`].
    Hmac256,
    /// As [`KeySpec::Hmac384`].
    Hmac384,
    /// As [`KeySpec::Hmac512`].
    Hmac512,
    /// As [`KeySpec::Sm2`].
    #[shape(rename = "SM2")]
    Sm2,
}

/// What a key is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum KeyUsage {
    /// Signing and verifying.
    SignVerify,
    /// Encrypting and decrypting.
    EncryptDecrypt,
    /// Making and verifying MACs.
    GenerateVerifyMac,
    /// Deriving shared secrets.
    KeyAgreement,
    /// Encapsulating and decapsulating shared secrets.
    EncapsulateDecapsulate,
}

impl KeySpec {
    /// Its line in the table of what can be made.
    pub fn table(self) -> Result<&'static crypto::specs::KeySpec, KmsError> {
        // INVARIANT: a test holds every name against the table.
        crypto::specs::find(self.as_str()).ok_or(KmsError::Cryptography)
    }

    /// Whether keys of it can be made for a usage.
    pub fn can(self, usage: KeyUsage) -> Result<bool, KmsError> {
        let mut uses = self.table()?.uses.iter();
        Ok(uses.any(|each| each.usage().as_str() == usage.as_str()))
    }

    /// The same spec by its deprecated name; `None` for specs that are younger than it.
    pub fn deprecated(self) -> Option<CustomerMasterKeySpec> {
        self.as_str().parse().ok()
    }
}

impl From<Origin> for OriginType {
    fn from(origin: Origin) -> OriginType {
        match origin {
            Origin::AwsKms => OriginType::AwsKms,
            Origin::External => OriginType::External,
        }
    }
}

impl CustomerMasterKeySpec {
    /// The same spec by its present name.
    pub fn current(self) -> Option<KeySpec> {
        self.as_str().parse().ok()
    }
}

/// Where a key's material comes from, as requests and answers name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum OriginType {
    /// Made by KMS.
    AwsKms,
    /// Imported.
    External,
    /// Made in a CloudHSM cluster.
    #[shape(rename = "AWS_CLOUDHSM")]
    AwsCloudHsm,
    /// Kept in an external key manager.
    ExternalKeyStore,
}

/// Who manages a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum KeyManager {
    /// A service of AWS.
    Aws,
    /// The account.
    Customer,
}

/// The state of a key, as answers name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum KeyState {
    /// A replica that is being made.
    Creating,
    /// Usable.
    Enabled,
    /// Switched off.
    Disabled,
    /// Gone at a date.
    PendingDeletion,
    /// Without its imported material.
    PendingImport,
    /// A primary that waits for its replicas to go.
    PendingReplicaDeletion,
    /// In a custom key store that is not connected.
    Unavailable,
    /// Its primary Region is changing.
    Updating,
}

/// Whether imported material expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum ExpirationModel {
    /// It does.
    KeyMaterialExpires,
    /// It does not.
    KeyMaterialDoesNotExpire,
}

/// A way to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum SigningAlgorithm {
    /// RSASSA-PSS with SHA-256.
    RsassaPssSha256,
    /// RSASSA-PSS with SHA-384.
    RsassaPssSha384,
    /// RSASSA-PSS with SHA-512.
    RsassaPssSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[shape(rename = "RSASSA_PKCS1_V1_5_SHA_256")]
    RsassaPkcs1V15Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[shape(rename = "RSASSA_PKCS1_V1_5_SHA_384")]
    RsassaPkcs1V15Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[shape(rename = "RSASSA_PKCS1_V1_5_SHA_512")]
    RsassaPkcs1V15Sha512,
    /// ECDSA with SHA-256.
    EcdsaSha256,
    /// ECDSA with SHA-384.
    EcdsaSha384,
    /// ECDSA with SHA-512.
    EcdsaSha512,
    /// SM2 with SM3.
    #[shape(rename = "SM2DSA")]
    Sm2Dsa,
    /// ML-DSA.
    #[shape(rename = "ML_DSA_SHAKE_256")]
    MlDsaShake256,
    /// Ed25519.
    #[shape(rename = "ED25519_SHA_512")]
    Ed25519Sha512,
    /// Ed25519ph.
    #[shape(rename = "ED25519_PH_SHA_512")]
    Ed25519PhSha512,
}

/// A way to agree on a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum KeyAgreementAlgorithm {
    /// Elliptic curve Diffie-Hellman.
    Ecdh,
}

/// A way to encapsulate a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum EncapsulationAlgorithm {
    /// ML-KEM.
    MlKem,
}

/// A way to make MACs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum MacAlgorithm {
    /// HMAC with SHA-224.
    HmacSha224,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-384.
    HmacSha384,
    /// HMAC with SHA-512.
    HmacSha512,
}

/// What a multi-Region key is in its Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum MultiRegionKeyType {
    /// The one that the others were made from.
    Primary,
    /// Made from the primary.
    Replica,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_metadata::Algorithms;
    use crate::records::Key;
    use ambient::Timestamp;

    #[test]
    fn every_spec_is_in_the_table_and_every_usage_and_algorithm_of_it_is_known() {
        assert_eq!(KeySpec::ALL.len(), crypto::specs::KEY_SPECS.len());
        for spec in KeySpec::ALL {
            let table = spec.table().unwrap();
            for each in table.uses {
                let usage: KeyUsage = each.usage().as_str().parse().unwrap();
                assert!(spec.can(usage).unwrap(), "{spec} for {usage}");
                let key = Key::bare(
                    table.name,
                    usage.as_str(),
                    Origin::AwsKms,
                    Timestamp::from_milliseconds(0),
                );
                assert!(Algorithms::of(&key).is_some(), "{spec} for {usage}");
            }
        }
    }

    #[test]
    fn every_deprecated_name_is_a_name_still() {
        for old in CustomerMasterKeySpec::ALL {
            assert_eq!(old.current().and_then(KeySpec::deprecated), Some(*old));
        }
        assert_eq!(KeySpec::MlKem512.deprecated(), None);
    }

    #[test]
    fn names_are_those_of_the_model() {
        let specs: Vec<&str> = KeySpec::ALL.iter().map(KeySpec::as_str).collect();
        for name in [
            "ECC_NIST_P521",
            "ECC_SECG_P256K1",
            "HMAC_224",
            "SM2",
            "ML_DSA_87",
            "ECC_NIST_EDWARDS25519",
        ] {
            assert!(specs.contains(&name), "{name} in {specs:?}");
        }
        assert_eq!(OriginType::AwsCloudHsm.as_str(), "AWS_CLOUDHSM");
        assert_eq!(SigningAlgorithm::RsassaPssSha256.as_str(), "RSASSA_PSS_SHA_256");
        assert_eq!(MacAlgorithm::HmacSha512.as_str(), "HMAC_SHA_512");
    }
}
