//! GetPublicKey.

use arn::Arn;
use crypto::Backing;
use crypto::specs::Family;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use store::{StoreError, Table};

use crate::key_kinds::{
    CustomerMasterKeySpec, EncapsulationAlgorithm, KeyAgreementAlgorithm, KeySpec, KeyUsage, SigningAlgorithm,
};
use crate::key_metadata::Algorithms;
use crate::records::Keys;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{Algorithm, GrantTokens, KeyReference};
use crate::{KmsError, action, conditions, state};

/// Gives the public key of an asymmetric key.
///
/// Source: KMS API Reference, `GetPublicKey`. Known differences: none.
pub struct GetPublicKey;

/// The request.
#[derive(Debug, Shape)]
pub struct GetPublicKeyInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetPublicKeyOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// A SubjectPublicKeyInfo in DER.
    #[shape(audit = omit, length = 1..=8192)]
    pub public_key: Blob,
    /// The spec by its deprecated name.
    #[shape(audit = omit)]
    pub customer_master_key_spec: Option<CustomerMasterKeySpec>,
    /// The spec.
    #[shape(audit = omit)]
    pub key_spec: KeySpec,
    /// What it is for.
    #[shape(audit = omit)]
    pub key_usage: KeyUsage,
    /// How it encrypts, where it does.
    #[shape(audit = omit)]
    pub encryption_algorithms: Option<Vec<Algorithm>>,
    /// How it signs, where it does.
    #[shape(audit = omit)]
    pub signing_algorithms: Option<Vec<SigningAlgorithm>>,
    /// How it agrees on secrets, where it does.
    #[shape(audit = omit)]
    pub key_agreement_algorithms: Option<Vec<KeyAgreementAlgorithm>>,
    /// How it encapsulates secrets, where it does.
    #[shape(audit = omit)]
    pub encapsulation_algorithms: Option<Vec<EncapsulationAlgorithm>>,
}

impl Operation for GetPublicKey {
    const SPEC: OperationSpec = OperationSpec::reads("GetPublicKey");
    type Input = GetPublicKeyInput;
    type Output = GetPublicKeyOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &GetPublicKeyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find::<action::GetPublicKey>(&input.key_id)
    }

    fn demands(_: &GetPublicKeyInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GetPublicKey>())
    }

    fn condition<'c>(input: &'c GetPublicKeyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn check(input: &GetPublicKeyInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        match key.spec()?.family {
            Family::Asymmetric => Ok(()),
            Family::Symmetric | Family::Hmac => Err(KmsError::Unsupported(format!(
                "{} has no public key: its key spec is {}.",
                key.arn, key.key.spec
            ))),
        }
    }

    async fn act(_: &GetPublicKeyInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        let held = key.unseal::<action::GetPublicKey>(world, permit)?;
        let damaged = || KmsError::Store(StoreError::Damaged(Keys::NAME));
        let spec: KeySpec = key.key.spec.parse().map_err(|_| damaged())?;
        let algorithms = Algorithms::of(&key.key).ok_or_else(damaged)?;
        Ok(GetPublicKeyOutput {
            key_id: key.arn.clone(),
            public_key: Blob(world.backing().public_key(&held).await?),
            customer_master_key_spec: spec.deprecated(),
            key_spec: spec,
            key_usage: key.key.usage.parse().map_err(|_| damaged())?,
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            key_agreement_algorithms: algorithms.agreement,
            encapsulation_algorithms: algorithms.encapsulation,
        })
    }
}
