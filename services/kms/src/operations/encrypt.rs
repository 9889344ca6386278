//! Encrypt.

use std::collections::BTreeMap;

use arn::Arn;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::context::EncryptionContext;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{Algorithm, GrantTokens, KeyReference};
use crate::{KmsError, action, cipher, conditions, state};

/// Encrypts up to 4096 bytes under a symmetric key, or less under the public key of an RSA or SM2 key.
///
/// Source: KMS API Reference, `Encrypt`. Known differences: none.
pub struct Encrypt;

/// The request.
#[derive(Debug, Shape)]
pub struct EncryptInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// 1 to 4096 bytes.
    #[shape(length = 1..=4096, sensitive)]
    pub plaintext: SecretBytes,
    /// Pairs that decryption will have to repeat.
    #[shape(default, audit = log)]
    pub encryption_context: EncryptionContext,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// `SYMMETRIC_DEFAULT` unless given.
    #[shape(default, audit = log, condition = "kms:EncryptionAlgorithm")]
    pub encryption_algorithm: Algorithm,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct EncryptOutput {
    /// The ciphertext.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_blob: Blob,
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The algorithm that was used.
    #[shape(audit = omit)]
    pub encryption_algorithm: Algorithm,
}

impl Operation for Encrypt {
    const SPEC: OperationSpec = OperationSpec::uses("Encrypt");
    type Input = EncryptInput;
    type Output = EncryptOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &EncryptInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        input.encryption_context.check()?;
        view.keys().find::<action::Encrypt>(&input.key_id)
    }

    fn demands(_: &EncryptInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::Encrypt>())
    }

    fn condition<'c>(input: &'c EncryptInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn encryption_context<'c>(input: &'c EncryptInput, _: &str) -> Option<&'c BTreeMap<String, String>> {
        Some(input.encryption_context.as_map())
    }

    fn check(input: &EncryptInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        let algorithm = cipher::check_algorithm(key, input.encryption_algorithm, "Encrypt")?;
        let context = &input.encryption_context;
        cipher::check_plaintext(key, algorithm, context, input.plaintext.expose())
    }

    fn is_dry_run(input: &EncryptInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(input: &EncryptInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        let (how, context) = (input.encryption_algorithm, &input.encryption_context);
        let plaintext = input.plaintext.expose();
        let sealed = cipher::seal::<action::Encrypt>(world, permit, key, how, context, plaintext).await?;
        cipher::note(world, "keyMaterialId", sealed.material);
        Ok(EncryptOutput {
            ciphertext_blob: sealed.blob,
            key_id: key.arn.clone(),
            encryption_algorithm: input.encryption_algorithm,
        })
    }
}
