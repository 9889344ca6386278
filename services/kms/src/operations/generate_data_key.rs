//! GenerateDataKey.

use std::collections::BTreeMap;

use arn::Arn;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::context::EncryptionContext;
use crate::data_key::{self, DataKeySpec, Length};
use crate::recipient::{self, Reader, RecipientInfo};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference, MaterialIdText};
use crate::{KmsError, action, cipher, conditions, state};

/// Makes a data key: random bytes for the caller to encrypt with, and their ciphertext to keep.
///
/// Source: KMS API Reference, `GenerateDataKey`.
pub struct GenerateDataKey;

/// The request.
#[derive(Debug, Shape)]
pub struct GenerateDataKeyInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Pairs that decryption will have to repeat.
    #[shape(default, audit = log)]
    pub encryption_context: EncryptionContext,
    /// 1 to 1024; this or `key_spec`.
    #[shape(audit = log, range = 1..=1024)]
    pub number_of_bytes: Option<i32>,
    /// The length by cipher; this or `number_of_bytes`.
    #[shape(audit = log)]
    pub key_spec: Option<DataKeySpec>,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// Whom to encrypt the answer for.
    #[shape(audit = omit)]
    pub recipient: Option<RecipientInfo>,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GenerateDataKeyOutput {
    /// The data key's ciphertext.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_blob: Blob,
    /// The data key.
    #[shape(sensitive, length = 1..=4096)]
    pub plaintext: Option<SecretBytes>,
    /// The ARN of the key that encrypted it.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The data key for a recipient.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_for_recipient: Option<Blob>,
    /// Which of the key's materials encrypted it.
    #[shape(audit = omit)]
    pub key_material_id: Option<MaterialIdText>,
}

impl Operation for GenerateDataKey {
    const SPEC: OperationSpec = OperationSpec::uses("GenerateDataKey");
    type Input = GenerateDataKeyInput;
    type Output = GenerateDataKeyOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &GenerateDataKeyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        Length::asked(input.key_spec, input.number_of_bytes)?;
        recipient::check(input.recipient.as_ref())?;
        input.encryption_context.check()?;
        view.keys().find::<action::GenerateDataKey>(&input.key_id)
    }

    fn demands(_: &GenerateDataKeyInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GenerateDataKey>())
    }

    fn condition<'c>(input: &'c GenerateDataKeyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
            .or_else(|| conditions::default_of("kms:encryptionalgorithm", "SYMMETRIC_DEFAULT", false, key))
            .or_else(|| conditions::of_recipient(input.recipient.is_some(), key))
    }

    fn encryption_context<'c>(
        input: &'c GenerateDataKeyInput,
        _: &str,
    ) -> Option<&'c BTreeMap<String, String>> {
        Some(input.encryption_context.as_map())
    }

    fn check(input: &GenerateDataKeyInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        cipher::check_symmetric(key, "GenerateDataKey")
    }

    fn is_dry_run(input: &GenerateDataKeyInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &GenerateDataKeyInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let reader = Reader::of(input.recipient.as_ref(), world)?;
        let length = Length::asked(input.key_spec, input.number_of_bytes)?;
        let context = &input.encryption_context;
        let (plaintext, sealed) =
            data_key::generate::<action::GenerateDataKey>(world, permit, context, length).await?;
        let (plaintext, ciphertext_for_recipient) = reader.gets(plaintext, world)?.split();
        Ok(GenerateDataKeyOutput {
            ciphertext_blob: sealed.blob,
            plaintext,
            key_id: permit.targets().arn.clone(),
            ciphertext_for_recipient,
            key_material_id: reader.beside(sealed.material).map(Into::into),
        })
    }
}
