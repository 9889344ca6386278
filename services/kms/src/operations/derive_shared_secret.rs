//! DeriveSharedSecret.

use arn::Arn;
use crypto::Backing;
use crypto::backing::BackingFailed;
use crypto::specs::{AgreementAlgorithm, KeyUsage};
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::cipher::incompatible;
use crate::key_kinds::{KeyAgreementAlgorithm, OriginType};
use crate::recipient::{self, Reader, RecipientInfo};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference};
use crate::{KmsError, action, conditions, state};

/// Derives the secret that a key shares with the holder of another key on the same curve: the X coordinate of their common point, as long as the field.
///
/// Source: KMS API Reference, `DeriveSharedSecret`.
pub struct DeriveSharedSecret;

/// The request.
#[derive(Debug, Shape)]
pub struct DeriveSharedSecretInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// How.
    #[shape(audit = log, condition = "kms:KeyAgreementAlgorithm")]
    pub key_agreement_algorithm: KeyAgreementAlgorithm,
    /// The other side's public key: a SubjectPublicKeyInfo in DER.
    #[shape(audit = omit, length = 1..=8192)]
    pub public_key: Blob,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
    /// Whom to encrypt the answer for.
    #[shape(audit = omit)]
    pub recipient: Option<RecipientInfo>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct DeriveSharedSecretOutput {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The secret, which is not uniform: a key derivation function makes keys of it.
    #[shape(sensitive, length = 1..=4096)]
    pub shared_secret: Option<SecretBytes>,
    /// The secret for a recipient.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_for_recipient: Option<Blob>,
    /// How.
    #[shape(audit = omit)]
    pub key_agreement_algorithm: KeyAgreementAlgorithm,
    /// Where the key's material comes from.
    #[shape(audit = omit)]
    pub key_origin: OriginType,
}

impl DeriveSharedSecretInput {
    fn algorithm_of(&self, key: &KeyTarget) -> Result<&'static AgreementAlgorithm, KmsError> {
        let spec = key.made_for(KeyUsage::KeyAgreement, "DeriveSharedSecret")?;
        let name = self.key_agreement_algorithm.as_str();
        spec.agreement(name).ok_or_else(|| incompatible(name, spec))
    }
}

impl Operation for DeriveSharedSecret {
    const SPEC: OperationSpec = OperationSpec::uses("DeriveSharedSecret");
    type Input = DeriveSharedSecretInput;
    type Output = DeriveSharedSecretOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &DeriveSharedSecretInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        recipient::check(input.recipient.as_ref())?;
        view.keys().find::<action::DeriveSharedSecret>(&input.key_id)
    }

    fn demands(_: &DeriveSharedSecretInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::DeriveSharedSecret>())
    }

    fn condition<'c>(input: &'c DeriveSharedSecretInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
            .or_else(|| conditions::of_recipient(input.recipient.is_some(), key))
    }

    fn check(
        input: &DeriveSharedSecretInput,
        permit: &Permit<KeyTarget>,
        view: &View,
    ) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        input.algorithm_of(key)?;
        match key.spec()?.is_peer(&input.public_key.0) {
            true => Ok(()),
            false => Err(KmsError::UnfitPublicKey),
        }
    }

    fn is_dry_run(input: &DeriveSharedSecretInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &DeriveSharedSecretInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let reader = Reader::of(input.recipient.as_ref(), world)?;
        let key = permit.targets();
        let algorithm = input.algorithm_of(key)?;
        let held = key.unseal::<action::DeriveSharedSecret>(world, permit)?;
        match world.backing().agree(&held, algorithm, &input.public_key.0).await {
            Ok(secret) => {
                let (shared_secret, ciphertext_for_recipient) = reader.gets(secret, world)?.split();
                Ok(DeriveSharedSecretOutput {
                    key_id: key.arn.clone(),
                    shared_secret,
                    ciphertext_for_recipient,
                    key_agreement_algorithm: input.key_agreement_algorithm,
                    key_origin: key.key.origin.into(),
                })
            }
            Err(BackingFailed::UnfitKey) => Err(KmsError::UnfitPublicKey),
            Err(failed) => Err(failed.into()),
        }
    }
}
