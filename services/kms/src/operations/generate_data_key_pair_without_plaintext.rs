//! GenerateDataKeyPairWithoutPlaintext.

use std::collections::BTreeMap;

use arn::Arn;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};

use crate::context::EncryptionContext;
use crate::data_key::{self, DataKeyPairSpec};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference, MaterialIdText};
use crate::{KmsError, action, cipher, conditions, state};

/// Makes a key pair for the caller: its public key, and its private key encrypted to keep.
///
/// Source: KMS API Reference, `GenerateDataKeyPairWithoutPlaintext`. Known differences: none.
pub struct GenerateDataKeyPairWithoutPlaintext;

/// The request.
#[derive(Debug, Shape)]
pub struct GenerateDataKeyPairWithoutPlaintextInput {
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
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GenerateDataKeyPairWithoutPlaintextOutput {
    /// The private key, encrypted.
    #[shape(audit = omit, length = 1..=6144)]
    pub private_key_ciphertext_blob: Blob,
    /// The public key: a SubjectPublicKeyInfo in DER.
    #[shape(audit = omit, length = 1..=8192)]
    pub public_key: Blob,
    /// The ARN of the key that encrypted it.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// What kind of key pair it is.
    #[shape(audit = omit)]
    pub key_pair_spec: DataKeyPairSpec,
    /// Which of the key's materials encrypted it.
    #[shape(audit = omit)]
    pub key_material_id: Option<MaterialIdText>,
}

impl Operation for GenerateDataKeyPairWithoutPlaintext {
    const SPEC: OperationSpec = OperationSpec::uses("GenerateDataKeyPairWithoutPlaintext");
    type Input = GenerateDataKeyPairWithoutPlaintextInput;
    type Output = GenerateDataKeyPairWithoutPlaintextOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(
        input: &GenerateDataKeyPairWithoutPlaintextInput,
        view: &View,
    ) -> Result<KeyTarget, Miss<KmsError>> {
        input.encryption_context.check()?;
        view.keys()
            .find::<action::GenerateDataKeyPairWithoutPlaintext>(&input.key_id)
    }

    fn demands(_: &GenerateDataKeyPairWithoutPlaintextInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GenerateDataKeyPairWithoutPlaintext>())
    }

    fn condition<'c>(
        input: &'c GenerateDataKeyPairWithoutPlaintextInput,
        _: &str,
        key: &ConditionKey,
    ) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
            .or_else(|| conditions::default_of("kms:encryptionalgorithm", "SYMMETRIC_DEFAULT", false, key))
    }

    fn encryption_context<'c>(
        input: &'c GenerateDataKeyPairWithoutPlaintextInput,
        _: &str,
    ) -> Option<&'c BTreeMap<String, String>> {
        Some(input.encryption_context.as_map())
    }

    fn check(
        input: &GenerateDataKeyPairWithoutPlaintextInput,
        permit: &Permit<KeyTarget>,
        view: &View,
    ) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        cipher::check_symmetric(key, "GenerateDataKeyPairWithoutPlaintext")
    }

    fn is_dry_run(input: &GenerateDataKeyPairWithoutPlaintextInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &GenerateDataKeyPairWithoutPlaintextInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (spec, context) = (input.key_pair_spec, &input.encryption_context);
        let (pair, sealed) = data_key::generate_pair::<action::GenerateDataKeyPairWithoutPlaintext>(
            world, permit, context, spec,
        )
        .await?;
        Ok(GenerateDataKeyPairWithoutPlaintextOutput {
            private_key_ciphertext_blob: sealed.blob,
            public_key: Blob(pair.public_key),
            key_id: permit.targets().arn.clone(),
            key_pair_spec: spec,
            key_material_id: sealed.material.map(Into::into),
        })
    }
}
