//! GenerateMac.

use arn::Arn;
use crypto::Backing;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::cipher::mac_algorithm;
use crate::key_kinds::MacAlgorithm;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference};
use crate::{KmsError, action, conditions, state};

/// Makes the message authentication code of a message.
///
/// Source: KMS API Reference, `GenerateMac`. Known differences: none.
pub struct GenerateMac;

/// The request.
#[derive(Debug, Shape)]
pub struct GenerateMacInput {
    /// The message, 1 to 4096 bytes.
    #[shape(length = 1..=4096, sensitive)]
    pub message: SecretBytes,
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// How.
    #[shape(audit = log, condition = "kms:MacAlgorithm")]
    pub mac_algorithm: MacAlgorithm,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GenerateMacOutput {
    /// The code.
    #[shape(audit = omit, length = 1..=6144)]
    pub mac: Blob,
    /// How it was made.
    #[shape(audit = omit)]
    pub mac_algorithm: MacAlgorithm,
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
}

impl Operation for GenerateMac {
    const SPEC: OperationSpec = OperationSpec::uses("GenerateMac");
    type Input = GenerateMacInput;
    type Output = GenerateMacOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &GenerateMacInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find::<action::GenerateMac>(&input.key_id)
    }

    fn demands(_: &GenerateMacInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GenerateMac>())
    }

    fn condition<'c>(input: &'c GenerateMacInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn check(input: &GenerateMacInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        mac_algorithm(key, input.mac_algorithm, "GenerateMac").map(|_| ())
    }

    fn is_dry_run(input: &GenerateMacInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &GenerateMacInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let algorithm = mac_algorithm(key, input.mac_algorithm, "GenerateMac")?;
        let held = key.unseal::<action::GenerateMac>(world, permit)?;
        let mac = world
            .backing()
            .mac(&held, algorithm, input.message.expose())
            .await?;
        Ok(GenerateMacOutput {
            mac: Blob(mac),
            mac_algorithm: input.mac_algorithm,
            key_id: key.arn.clone(),
        })
    }
}
