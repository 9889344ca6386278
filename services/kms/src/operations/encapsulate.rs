//! Encapsulate.

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

/// Makes a secret, and its ciphertext for whoever may decapsulate under the key.
///
/// Source: KMS API Reference, `Encapsulate`. Known differences: none.
pub struct Encapsulate;

/// The request.
#[derive(Debug, Shape)]
pub struct EncapsulateInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
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
pub struct EncapsulateOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The secret, 32 bytes.
    #[shape(sensitive, length = 1..=4096)]
    pub shared_secret: SecretBytes,
    /// The secret's ciphertext.
    #[shape(audit = omit, length = 1..=6144)]
    pub shared_secret_ciphertext_blob: Blob,
    /// How.
    #[shape(audit = omit)]
    pub encapsulation_algorithm: EncapsulationAlgorithm,
}

impl Operation for Encapsulate {
    const SPEC: OperationSpec = OperationSpec::uses("Encapsulate");
    type Input = EncapsulateInput;
    type Output = EncapsulateOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &EncapsulateInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find::<action::Encapsulate>(&input.key_id)
    }

    fn demands(_: &EncapsulateInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::Encapsulate>())
    }

    fn condition<'c>(input: &'c EncapsulateInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn check(input: &EncapsulateInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        encapsulation_algorithm(key, input.encapsulation_algorithm, "Encapsulate").map(|_| ())
    }

    fn is_dry_run(input: &EncapsulateInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &EncapsulateInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let algorithm = encapsulation_algorithm(key, input.encapsulation_algorithm, "Encapsulate")?;
        let held = key.unseal::<action::Encapsulate>(world, permit)?;
        let made = world.backing().encapsulate(&held, algorithm).await?;
        Ok(EncapsulateOutput {
            key_id: key.arn.clone(),
            shared_secret: made.secret,
            shared_secret_ciphertext_blob: Blob(made.ciphertext),
            encapsulation_algorithm: input.encapsulation_algorithm,
        })
    }
}
