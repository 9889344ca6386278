//! GenerateDataKeyWithoutPlaintext.

use std::collections::BTreeMap;

use arn::Arn;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};

use crate::context::EncryptionContext;
use crate::data_key::{self, DataKeySpec, Length};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference, MaterialIdText};
use crate::{KmsError, action, cipher, conditions, state};

/// Makes a data key and gives its ciphertext alone, for whoever is to encrypt later.
///
/// Source: KMS API Reference, `GenerateDataKeyWithoutPlaintext`. Known differences: none.
pub struct GenerateDataKeyWithoutPlaintext;

/// The request.
#[derive(Debug, Shape)]
pub struct GenerateDataKeyWithoutPlaintextInput {
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
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GenerateDataKeyWithoutPlaintextOutput {
    /// The data key's ciphertext.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_blob: Blob,
    /// The ARN of the key that encrypted it.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// Which of the key's materials encrypted it.
    #[shape(audit = omit)]
    pub key_material_id: Option<MaterialIdText>,
}

impl Operation for GenerateDataKeyWithoutPlaintext {
    const SPEC: OperationSpec = OperationSpec::uses("GenerateDataKeyWithoutPlaintext");
    type Input = GenerateDataKeyWithoutPlaintextInput;
    type Output = GenerateDataKeyWithoutPlaintextOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(
        input: &GenerateDataKeyWithoutPlaintextInput,
        view: &View,
    ) -> Result<KeyTarget, Miss<KmsError>> {
        Length::asked(input.key_spec, input.number_of_bytes)?;
        input.encryption_context.check()?;
        view.keys()
            .find::<action::GenerateDataKeyWithoutPlaintext>(&input.key_id)
    }

    fn demands(_: &GenerateDataKeyWithoutPlaintextInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GenerateDataKeyWithoutPlaintext>())
    }

    fn condition<'c>(
        input: &'c GenerateDataKeyWithoutPlaintextInput,
        _: &str,
        key: &ConditionKey,
    ) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
            .or_else(|| conditions::default_of("kms:encryptionalgorithm", "SYMMETRIC_DEFAULT", false, key))
    }

    fn encryption_context<'c>(
        input: &'c GenerateDataKeyWithoutPlaintextInput,
        _: &str,
    ) -> Option<&'c BTreeMap<String, String>> {
        Some(input.encryption_context.as_map())
    }

    fn check(
        input: &GenerateDataKeyWithoutPlaintextInput,
        permit: &Permit<KeyTarget>,
        view: &View,
    ) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        cipher::check_symmetric(key, "GenerateDataKeyWithoutPlaintext")
    }

    fn is_dry_run(input: &GenerateDataKeyWithoutPlaintextInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &GenerateDataKeyWithoutPlaintextInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let length = Length::asked(input.key_spec, input.number_of_bytes)?;
        let context = &input.encryption_context;
        let (_, sealed) =
            data_key::generate::<action::GenerateDataKeyWithoutPlaintext>(world, permit, context, length)
                .await?;
        Ok(GenerateDataKeyWithoutPlaintextOutput {
            ciphertext_blob: sealed.blob,
            key_id: permit.targets().arn.clone(),
            key_material_id: sealed.material.map(Into::into),
        })
    }
}
