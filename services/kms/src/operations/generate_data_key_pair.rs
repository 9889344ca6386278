//! GenerateDataKeyPair.

use std::collections::BTreeMap;

use arn::Arn;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::context::EncryptionContext;
use crate::data_key::{self, DataKeyPairSpec};
use crate::recipient::{self, Reader, RecipientInfo};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference, MaterialIdText};
use crate::{KmsError, action, cipher, conditions, state};

/// Makes a key pair for the caller: its public key, its private key to use, and the private key encrypted to keep.
///
/// Source: KMS API Reference, `GenerateDataKeyPair`.
pub struct GenerateDataKeyPair;

/// The request.
#[derive(Debug, Shape)]
pub struct GenerateDataKeyPairInput {
    /// Pairs that decryption will have to repeat.
    #[shape(default, audit = log)]
    pub encryption_context: EncryptionContext,
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// What kind of key pair.
    #[shape(audit = log, condition = "kms:DataKeyPairSpec")]
    pub key_pair_spec: DataKeyPairSpec,
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
pub struct GenerateDataKeyPairOutput {
    /// The private key, encrypted.
    #[shape(audit = omit, length = 1..=6144)]
    pub private_key_ciphertext_blob: Blob,
    /// The private key: PKCS#8 in DER.
    #[shape(sensitive, length = 1..=4096)]
    pub private_key_plaintext: Option<SecretBytes>,
    /// The public key: a SubjectPublicKeyInfo in DER.
    #[shape(audit = omit, length = 1..=8192)]
    pub public_key: Blob,
    /// The ARN of the key that encrypted it.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// What kind of key pair it is.
    #[shape(audit = omit)]
    pub key_pair_spec: DataKeyPairSpec,
    /// The private key for a recipient.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_for_recipient: Option<Blob>,
    /// Which of the key's materials encrypted it.
    #[shape(audit = omit)]
    pub key_material_id: Option<MaterialIdText>,
}

impl Operation for GenerateDataKeyPair {
    const SPEC: OperationSpec = OperationSpec::uses("GenerateDataKeyPair");
    type Input = GenerateDataKeyPairInput;
    type Output = GenerateDataKeyPairOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &GenerateDataKeyPairInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        recipient::check(input.recipient.as_ref())?;
        input.encryption_context.check()?;
        view.keys().find::<action::GenerateDataKeyPair>(&input.key_id)
    }

    fn demands(_: &GenerateDataKeyPairInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GenerateDataKeyPair>())
    }

    fn condition<'c>(input: &'c GenerateDataKeyPairInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
            .or_else(|| conditions::default_of("kms:encryptionalgorithm", "SYMMETRIC_DEFAULT", false, key))
            .or_else(|| conditions::of_recipient(input.recipient.is_some(), key))
    }

    fn encryption_context<'c>(
        input: &'c GenerateDataKeyPairInput,
        _: &str,
    ) -> Option<&'c BTreeMap<String, String>> {
        Some(input.encryption_context.as_map())
    }

    fn check(
        input: &GenerateDataKeyPairInput,
        permit: &Permit<KeyTarget>,
        view: &View,
    ) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        cipher::check_symmetric(key, "GenerateDataKeyPair")
    }

    fn is_dry_run(input: &GenerateDataKeyPairInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &GenerateDataKeyPairInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let reader = Reader::of(input.recipient.as_ref(), world)?;
        let (spec, context) = (input.key_pair_spec, &input.encryption_context);
        let (pair, sealed) =
            data_key::generate_pair::<action::GenerateDataKeyPair>(world, permit, context, spec).await?;
        let (private_key_plaintext, ciphertext_for_recipient) = reader.gets(pair.private_key, world)?.split();
        Ok(GenerateDataKeyPairOutput {
            private_key_ciphertext_blob: sealed.blob,
            private_key_plaintext,
            public_key: Blob(pair.public_key),
            key_id: permit.targets().arn.clone(),
            key_pair_spec: spec,
            ciphertext_for_recipient,
            key_material_id: reader.beside(sealed.material).map(Into::into),
        })
    }
}
