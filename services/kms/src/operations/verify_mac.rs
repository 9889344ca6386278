//! VerifyMac.

use arn::Arn;
use crypto::Backing;
use crypto::backing::{BackingFailed, VerificationOfMac};
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::cipher::mac_algorithm;
use crate::key_kinds::MacAlgorithm;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference};
use crate::{KmsError, action, conditions, state};

/// Verifies the message authentication code of a message. What is no such code is refused, so an answer is always yes.
///
/// Source: KMS API Reference, `VerifyMac`. Known differences: none.
pub struct VerifyMac;

/// The request.
#[derive(Debug, Shape)]
pub struct VerifyMacInput {
    /// The message, 1 to 4096 bytes.
    #[shape(length = 1..=4096, sensitive)]
    pub message: SecretBytes,
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// How.
    #[shape(audit = log, condition = "kms:MacAlgorithm")]
    pub mac_algorithm: MacAlgorithm,
    /// The code.
    #[shape(audit = omit, length = 1..=6144)]
    pub mac: Blob,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct VerifyMacOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// That the code is valid.
    #[shape(audit = omit)]
    pub mac_valid: bool,
    /// How it was made.
    #[shape(audit = omit)]
    pub mac_algorithm: MacAlgorithm,
}

impl Operation for VerifyMac {
    const SPEC: OperationSpec = OperationSpec::uses("VerifyMac");
    type Input = VerifyMacInput;
    type Output = VerifyMacOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &VerifyMacInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find::<action::VerifyMac>(&input.key_id)
    }

    fn demands(_: &VerifyMacInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::VerifyMac>())
    }

    fn condition<'c>(input: &'c VerifyMacInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn check(input: &VerifyMacInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        mac_algorithm(key, input.mac_algorithm, "VerifyMac").map(|_| ())
    }

    fn is_dry_run(input: &VerifyMacInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(input: &VerifyMacInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        let request = VerificationOfMac {
            algorithm: mac_algorithm(key, input.mac_algorithm, "VerifyMac")?,
            message: input.message.expose(),
            mac: &input.mac.0,
        };
        let held = key.unseal::<action::VerifyMac>(world, permit)?;
        match world.backing().verify_mac(&held, request).await {
            Ok(()) => Ok(VerifyMacOutput {
                key_id: key.arn.clone(),
                mac_valid: true,
                mac_algorithm: input.mac_algorithm,
            }),
            Err(BackingFailed::Mismatch) => Err(KmsError::InvalidMac),
            Err(failed) => Err(failed.into()),
        }
    }
}
