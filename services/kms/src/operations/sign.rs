//! Sign.

use arn::Arn;
use crypto::Backing;
use crypto::backing::Signing;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::key_kinds::SigningAlgorithm;
use crate::signing::{MessageType, Signed};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference};
use crate::{KmsError, action, conditions};

/// Signs a message, or what stands for it, with a private key.
///
/// Source: KMS API Reference, `Sign`. Known differences: none.
pub struct Sign;

/// The request.
#[derive(Debug, Shape)]
pub struct SignInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The message, or what stands for it; 1 to 4096 bytes.
    #[shape(length = 1..=4096, sensitive)]
    pub message: SecretBytes,
    /// Whether it is the message, its digest, or its representative: the message unless given.
    #[shape(default, audit = log, condition = "kms:MessageType")]
    pub message_type: MessageType,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// How.
    #[shape(audit = log, condition = "kms:SigningAlgorithm")]
    pub signing_algorithm: SigningAlgorithm,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct SignOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The signature.
    #[shape(audit = omit, length = 1..=6144)]
    pub signature: Blob,
    /// How it was made.
    #[shape(audit = omit)]
    pub signing_algorithm: SigningAlgorithm,
}

impl SignInput {
    fn signed(&self) -> Signed<'_> {
        Signed {
            message: self.message.expose(),
            form: self.message_type,
            algorithm: self.signing_algorithm,
        }
    }
}

impl Operation for Sign {
    const SPEC: OperationSpec = OperationSpec::uses("Sign");
    type Input = SignInput;
    type Output = SignOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &SignInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find::<action::Sign>(&input.key_id)
    }

    fn demands(_: &SignInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::Sign>())
    }

    fn condition<'c>(input: &'c SignInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn check(input: &SignInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        input.signed().check(permit.targets(), "Sign").map(|_| ())
    }

    fn is_dry_run(input: &SignInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(input: &SignInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        let (algorithm, message) = input.signed().check(key, "Sign")?;
        let held = key.unseal::<action::Sign>(world, permit)?;
        let signature = world
            .backing()
            .sign(&held, Signing { algorithm, message })
            .await?;
        Ok(SignOutput {
            key_id: key.arn.clone(),
            signature: Blob(signature),
            signing_algorithm: input.signing_algorithm,
        })
    }
}
