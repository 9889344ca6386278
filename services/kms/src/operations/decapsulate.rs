//! Decapsulate.

use arn::Arn;
use crypto::Backing;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::cipher::encapsulation_algorithm;
use crate::key_kinds::EncapsulationAlgorithm;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference};
use crate::{KmsError, action, conditions, state};

/// Gets a secret out of its ciphertext. A ciphertext that was altered, or made for another key, gives another secret: that there is an answer proves nothing.
///
/// Source: KMS API Reference, `Decapsulate`. Known differences: none.
pub struct Decapsulate;

/// The request.
#[derive(Debug, Shape)]
pub struct DecapsulateInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The ciphertext.
    #[shape(audit = omit, length = 1..=6144)]
    pub shared_secret_ciphertext_blob: Blob,
    /// How.
    #[shape(audit = log)]
    pub encapsulation_algorithm: EncapsulationAlgorithm,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct DecapsulateOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The secret, 32 bytes.
    #[shape(sensitive, length = 1..=4096)]
    pub shared_secret: SecretBytes,
    /// How.
    #[shape(audit = omit)]
    pub encapsulation_algorithm: EncapsulationAlgorithm,
}

impl Operation for Decapsulate {
    const SPEC: OperationSpec = OperationSpec::uses("Decapsulate");
    type Input = DecapsulateInput;
    type Output = DecapsulateOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &DecapsulateInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find::<action::Decapsulate>(&input.key_id)
    }

    fn demands(_: &DecapsulateInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::Decapsulate>())
    }

    fn condition<'c>(input: &'c DecapsulateInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn check(input: &DecapsulateInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        encapsulation_algorithm(key, input.encapsulation_algorithm, "Decapsulate")?;
        match key
            .spec()?
            .fits_ciphertext(input.shared_secret_ciphertext_blob.0.len())
        {
            true => Ok(()),
            false => Err(KmsError::InvalidCiphertext),
        }
    }

    fn is_dry_run(input: &DecapsulateInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &DecapsulateInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let algorithm = encapsulation_algorithm(key, input.encapsulation_algorithm, "Decapsulate")?;
        let held = key.unseal::<action::Decapsulate>(world, permit)?;
        let ciphertext = &input.shared_secret_ciphertext_blob.0;
        Ok(DecapsulateOutput {
            key_id: key.arn.clone(),
            shared_secret: world.backing().decapsulate(&held, algorithm, ciphertext).await?,
            encapsulation_algorithm: input.encapsulation_algorithm,
        })
    }
}
