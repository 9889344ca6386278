//! ImportKeyMaterial.

use std::sync::Arc;

use ambient::Timestamp;
use arn::Arn;
use crypto::MaterialId;
use crypto::backing::BackingFailed;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};

use crate::imports::{self, Brought, Claim, ImportToken, ImportType, Terms};
use crate::key_kinds::ExpirationModel;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{KeyReference, MaterialIdText};
use crate::{KmsError, action, state};

/// Takes in key material that its owner made, for good or until a date; again, where it was there before.
///
/// Source: KMS API Reference, `ImportKeyMaterial`. Known differences: a disabled key takes material too, and stays
/// disabled.
pub struct ImportKeyMaterial;

/// The request.
#[derive(Debug, Shape)]
pub struct ImportKeyMaterialInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The token that came with the wrapping key.
    #[shape(audit = omit, length = 1..=6144)]
    pub import_token: Blob,
    /// The material, wrapped.
    #[shape(audit = omit, length = 1..=6144)]
    pub encrypted_key_material: Blob,
    /// When the material expires: in the future, at most 365 days ahead.
    #[shape(audit = log, condition = "kms:ValidTo")]
    pub valid_to: Option<Timestamp>,
    /// Whether it expires; it does unless this says otherwise.
    #[shape(audit = log, condition = "kms:ExpirationModel")]
    pub expiration_model: Option<ExpirationModel>,
    /// Whether it is new to the key: the first is unless this says otherwise, all others are not.
    #[shape(audit = log)]
    pub import_type: Option<ImportType>,
    /// What the caller says of it.
    #[shape(audit = log, length = 0..=256, pattern = "^[a-zA-Z0-9:/_\\s.-]+$")]
    pub key_material_description: Option<String>,
    /// Which of the key's materials it is, where it is one.
    #[shape(audit = log)]
    pub key_material_id: Option<MaterialIdText>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ImportKeyMaterialOutput {
    /// The key's ARN.
    #[shape(audit = log, length = 1..=2048)]
    pub key_id: Arn,
    /// The material's id; of symmetric encryption keys alone.
    #[shape(audit = log)]
    pub key_material_id: Option<MaterialIdText>,
}

impl ImportKeyMaterialInput {
    fn terms(&self, now: Timestamp) -> Result<Terms, KmsError> {
        Terms::of(self.expiration_model, self.valid_to, now)
    }

    fn claim(&self) -> Result<Claim, KmsError> {
        Ok(Claim {
            kind: self.import_type,
            id: self
                .key_material_id
                .as_ref()
                .map(MaterialIdText::id)
                .transpose()?,
        })
    }
}

impl Operation for ImportKeyMaterial {
    const SPEC: OperationSpec = OperationSpec::writes("ImportKeyMaterial");
    type Input = ImportKeyMaterialInput;
    type Output = ImportKeyMaterialOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &ImportKeyMaterialInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        input.terms(view.now())?;
        input.claim()?.check_alone()?;
        view.keys().find_by_id::<action::ImportKeyMaterial>(&input.key_id)
    }

    fn demands(_: &ImportKeyMaterialInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::ImportKeyMaterial>())
    }

    fn check(
        input: &ImportKeyMaterialInput,
        permit: &Permit<KeyTarget>,
        view: &View,
    ) -> Result<(), KmsError> {
        let key = permit.targets();
        imports::check_origin(key)?;
        key.state.require(state::IMPORTING, &key.arn)?;
        if input.key_material_description.is_some() && !key.key.is_symmetric() {
            return Err(imports::symmetric_alone("KeyMaterialDescription"));
        }
        input.claim()?.check(key)?;
        ImportToken::open(&input.import_token, key, view).map(drop)
    }

    async fn act(
        input: &ImportKeyMaterialInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let token = ImportToken::open(&input.import_token, key, world.view())?;
        let wrapped = input.encrypted_key_material.0.clone();
        let unwrapped = world
            .wrapping_keys()
            .unwrap(token.private_key, token.algorithm, wrapped)
            .await?;
        let imported = world.backing().import(key.spec()?, Arc::new(unwrapped)).await;
        let material = match imported {
            Ok(held) => held.material,
            Err(BackingFailed::UnfitKey) => {
                return Err(KmsError::IncorrectKeyMaterial(
                    "The key material is not a key of the KMS key's key spec.",
                ));
            }
            Err(failed) => return Err(failed.into()),
        };
        let id = MaterialId::of_imported(&key.id.0, &material);
        let slot = input.claim()?.slot_of(key, id, world.now())?;
        let brought = Brought {
            material,
            id,
            terms: input.terms(world.now())?,
            description: input.key_material_description.clone(),
        };
        imports::take_in(world, key, slot, brought)?;
        Ok(ImportKeyMaterialOutput {
            key_id: key.arn.clone(),
            key_material_id: key.key.is_symmetric().then(|| id.into()),
        })
    }
}
