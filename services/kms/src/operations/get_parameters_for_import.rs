//! GetParametersForImport.

use ambient::Timestamp;
use arn::Arn;
use crypto::wrapping::WrappingKey;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::imports::{self, ImportToken, WrappingAlgorithmName, WrappingKeySpecName};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, state};

/// Gives a public key to wrap key material under, and the token to bring it with. Both are good for 24 hours, and for this
/// key alone.
///
/// Source: KMS API Reference, `GetParametersForImport`. Known differences: material is not wrapped with SM2.
pub struct GetParametersForImport;

/// The request.
#[derive(Debug, Shape)]
pub struct GetParametersForImportInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// How the material will be wrapped.
    #[shape(audit = log, condition = "kms:WrappingAlgorithm")]
    pub wrapping_algorithm: WrappingAlgorithmName,
    /// What kind of public key it will be wrapped under.
    #[shape(audit = log, condition = "kms:WrappingKeySpec")]
    pub wrapping_key_spec: WrappingKeySpecName,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetParametersForImportOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The token.
    #[shape(audit = omit, length = 1..=6144)]
    pub import_token: Blob,
    /// The public key: SubjectPublicKeyInfo in DER. The model calls it sensitive.
    #[shape(sensitive, length = 1..=4096)]
    pub public_key: SecretBytes,
    /// From when on neither is good any more.
    #[shape(audit = omit)]
    pub parameters_valid_to: Timestamp,
}

impl Operation for GetParametersForImport {
    const SPEC: OperationSpec = OperationSpec::reads("GetParametersForImport");
    type Input = GetParametersForImportInput;
    type Output = GetParametersForImportOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &GetParametersForImportInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys()
            .find_by_id::<action::GetParametersForImport>(&input.key_id)
    }

    fn demands(_: &GetParametersForImportInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GetParametersForImport>())
    }

    fn check(
        input: &GetParametersForImportInput,
        permit: &Permit<KeyTarget>,
        _: &View,
    ) -> Result<(), KmsError> {
        let key = permit.targets();
        imports::check_origin(key)?;
        key.state.require(state::AWAITING_IMPORT, &key.arn)?;
        imports::of_names(input.wrapping_algorithm, input.wrapping_key_spec)?;
        imports::check_fit(input.wrapping_algorithm, input.wrapping_key_spec, key.spec()?)
    }

    async fn act(
        input: &GetParametersForImportInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let (algorithm, spec) = imports::of_names(input.wrapping_algorithm, input.wrapping_key_spec)?;
        let WrappingKey {
            private_key,
            public_key,
        } = world.wrapping_keys().take(spec).await?;
        let token = ImportToken {
            algorithm,
            valid_to: world.now().after(imports::LIFETIME),
            private_key,
        };
        Ok(GetParametersForImportOutput {
            key_id: key.arn.clone(),
            import_token: token.seal(key, world.view())?,
            public_key: SecretBytes::new(public_key),
            parameters_valid_to: token.valid_to,
        })
    }
}
