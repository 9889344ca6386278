//! Verify.

use arn::Arn;
use crypto::Backing;
use crypto::backing::{BackingFailed, VerificationOfSignature};
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::key_kinds::SigningAlgorithm;
use crate::signing::{MessageType, Signed};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference};
use crate::{KmsError, action, conditions};

/// Verifies a signature of a message, or of what stands for it. What is no such signature is refused, so an answer is always yes.
///
/// Source: KMS API Reference, `Verify`. Known differences: none.
pub struct Verify;

/// The request.
#[derive(Debug, Shape)]
pub struct VerifyInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The message, or what stands for it; 1 to 4096 bytes.
    #[shape(length = 1..=4096, sensitive)]
    pub message: SecretBytes,
    /// Whether it is the message, its digest, or its representative: the message unless given.
    #[shape(default, audit = log, condition = "kms:MessageType")]
    pub message_type: MessageType,
    /// The signature.
    #[shape(audit = omit, length = 1..=6144)]
    pub signature: Blob,
    /// How.
    #[shape(audit = log, condition = "kms:SigningAlgorithm")]
    pub signing_algorithm: SigningAlgorithm,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct VerifyOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// That the signature is valid.
    #[shape(audit = omit)]
    pub signature_valid: bool,
    /// How it was made.
    #[shape(audit = omit)]
    pub signing_algorithm: SigningAlgorithm,
}

impl VerifyInput {
    fn signed(&self) -> Signed<'_> {
        Signed {
            message: self.message.expose(),
            form: self.message_type,
            algorithm: self.signing_algorithm,
        }
    }
}

impl Operation for Verify {
    const SPEC: OperationSpec = OperationSpec::uses("Verify");
    type Input = VerifyInput;
    type Output = VerifyOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &VerifyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find::<action::Verify>(&input.key_id)
    }

    fn demands(_: &VerifyInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::Verify>())
    }

    fn condition<'c>(input: &'c VerifyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn check(input: &VerifyInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        input.signed().check(permit.targets(), "Verify").map(|_| ())
    }

    fn is_dry_run(input: &VerifyInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(input: &VerifyInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        let (algorithm, message) = input.signed().check(key, "Verify")?;
        let held = key.unseal::<action::Verify>(world, permit)?;
        let request = VerificationOfSignature {
            algorithm,
            message,
            signature: &input.signature.0,
        };
        match world.backing().verify(&held, request).await {
            Ok(()) => Ok(VerifyOutput {
                key_id: key.arn.clone(),
                signature_valid: true,
                signing_algorithm: input.signing_algorithm,
            }),
            Err(BackingFailed::Mismatch) => Err(KmsError::InvalidSignature),
            Err(failed) => Err(failed.into()),
        }
    }
}
