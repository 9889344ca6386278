//! Decrypt.

use std::collections::BTreeMap;

use arn::Arn;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::cipher::{self, Subject};
use crate::context::EncryptionContext;
use crate::recipient::{self, Reader, RecipientInfo};
use crate::target::KeyTarget;
use crate::wire::{Algorithm, DryRunModifier, GrantTokens, KeyReference, MaterialIdText};
use crate::{KmsError, action, conditions};

/// Decrypts what Encrypt, GenerateDataKey or ReEncrypt made. A ciphertext of a symmetric key names its key.
///
/// Source: KMS API Reference, `Decrypt`.
pub struct Decrypt;

/// The request.
#[derive(Debug, Shape)]
pub struct DecryptInput {
    /// The ciphertext, 1 to 6144 bytes; needed unless a dry run ignores it.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_blob: Option<Blob>,
    /// The pairs it was encrypted with.
    #[shape(default, audit = log)]
    pub encryption_context: EncryptionContext,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// Any form of a key's name; then only that key is tried.
    #[shape(audit = log)]
    pub key_id: Option<KeyReference>,
    /// `SYMMETRIC_DEFAULT` unless given.
    #[shape(default, audit = log, condition = "kms:EncryptionAlgorithm")]
    pub encryption_algorithm: Algorithm,
    /// Whom to encrypt the answer for.
    #[shape(audit = omit)]
    pub recipient: Option<RecipientInfo>,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
    /// What a dry run leaves unchecked.
    #[shape(default, audit = log)]
    pub dry_run_modifiers: Vec<DryRunModifier>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct DecryptOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The plaintext.
    #[shape(sensitive, length = 1..=4096)]
    pub plaintext: Option<SecretBytes>,
    /// The algorithm that was used.
    #[shape(audit = omit)]
    pub encryption_algorithm: Algorithm,
    /// The plaintext for a recipient.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_for_recipient: Option<Blob>,
    /// Which of the key's materials decrypted.
    #[shape(audit = omit)]
    pub key_material_id: Option<MaterialIdText>,
}

impl DecryptInput {
    fn subject(&self) -> Subject<'_> {
        Subject {
            key: self.key_id.as_deref(),
            ciphertext: self.ciphertext_blob.as_ref().map(|blob| blob.0.as_slice()),
            context: &self.encryption_context,
            algorithm: self.encryption_algorithm,
            dry_run: self.dry_run == Some(true),
            modifiers: &self.dry_run_modifiers,
            names: ["keyId", "ciphertextBlob"],
        }
    }
}

impl Operation for Decrypt {
    const SPEC: OperationSpec = OperationSpec::uses("Decrypt");
    type Input = DecryptInput;
    type Output = DecryptOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &DecryptInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        recipient::check(input.recipient.as_ref())?;
        input.encryption_context.check()?;
        input.subject().locate::<action::Decrypt>(view)
    }

    fn demands(_: &DecryptInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::Decrypt>())
    }

    fn condition<'c>(input: &'c DecryptInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(input.key_id.as_deref(), key)
            .or_else(|| conditions::of_recipient(input.recipient.is_some(), key))
    }

    fn encryption_context<'c>(input: &'c DecryptInput, _: &str) -> Option<&'c BTreeMap<String, String>> {
        Some(input.encryption_context.as_map())
    }

    fn hides_denial(input: &DecryptInput, _: &str) -> Option<KmsError> {
        input.subject().hides_denial()
    }

    fn check(input: &DecryptInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        input.subject().check(permit.targets(), "Decrypt")
    }

    fn is_dry_run(input: &DecryptInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(input: &DecryptInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let reader = Reader::of(input.recipient.as_ref(), world)?;
        let key = permit.targets();
        let ciphertext = input.subject().ciphertext.ok_or(KmsError::InvalidCiphertext)?;
        let context = &input.encryption_context;
        let how = input.encryption_algorithm;
        let opened = cipher::open::<action::Decrypt>(world, permit, key, how, context, ciphertext).await?;
        cipher::note(world, "keyMaterialId", opened.material);
        let (plaintext, ciphertext_for_recipient) = reader.gets(opened.plaintext, world)?.split();
        Ok(DecryptOutput {
            key_id: key.arn.clone(),
            plaintext,
            encryption_algorithm: input.encryption_algorithm,
            ciphertext_for_recipient,
            key_material_id: reader.beside(opened.material).map(Into::into),
        })
    }
}
