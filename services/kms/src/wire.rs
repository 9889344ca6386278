//! Shapes that many operations share.
//!
//! Source: KMS API Reference, "Data Types".

use crypto::MaterialId;
use engine::View;
use model::Shape;

use crate::KmsError;
use crate::grants::GrantToken;

/// The name of a key in any form that its operation takes.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=2048)]
pub struct KeyReference(pub String);

impl std::ops::Deref for KeyReference {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Tokens of grants that the caller was just given.
#[derive(Debug, Clone, Default, Shape)]
#[shape(transparent, length = 0..=10, member(length = 1..=8192))]
pub struct GrantTokens(Vec<String>);

impl GrantTokens {
    /// Refuses what is no token; one that is needs not be looked up, since grants are in force at once. To be asked once the
    /// caller is known to be allowed: before that, the answer would tell whether a key of another account exists.
    pub fn check(&self, view: &View) -> Result<(), KmsError> {
        self.0
            .iter()
            .try_for_each(|token| GrantToken::open(token, view).map(drop))
    }
}

/// An encryption algorithm, as KMS's model lists them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Shape)]
pub enum Algorithm {
    /// AES-256-GCM, of symmetric keys.
    #[default]
    SymmetricDefault,
    /// RSA with OAEP and SHA-1.
    #[shape(rename = "RSAES_OAEP_SHA_1")]
    RsaesOaepSha1,
    /// RSA with OAEP and SHA-256.
    #[shape(rename = "RSAES_OAEP_SHA_256")]
    RsaesOaepSha256,
    /// SM2 public key encryption.
    #[shape(rename = "SM2PKE")]
    Sm2Pke,
}

/// Where the page before ended.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=1024, pattern = "[\\u0020-\\u00FF]*")]
pub struct Marker(pub String);

/// The id of key material: 64 hex digits.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 64..=64, pattern = "^[a-f0-9]+$")]
pub struct MaterialIdText(String);

impl MaterialIdText {
    /// The id.
    pub fn id(&self) -> Result<MaterialId, KmsError> {
        // INVARIANT: the pattern admits what parses alone.
        self.0.parse().map_err(|_| KmsError::Cryptography)
    }
}

impl From<MaterialId> for MaterialIdText {
    fn from(id: MaterialId) -> MaterialIdText {
        MaterialIdText(id.to_string())
    }
}

/// What a dry run leaves unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum DryRunModifier {
    /// The ciphertext: only the authorization is tested.
    IgnoreCiphertext,
}
