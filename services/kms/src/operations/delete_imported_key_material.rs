//! DeleteImportedKeyMaterial.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::imports;
use crate::records::{Key, Version};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{KeyReference, MaterialIdText};
use crate::{KmsError, action, state};

/// Destroys imported material now; the key is of no use until the same material is imported again.
///
/// Source: KMS API Reference, `DeleteImportedKeyMaterial`. Known differences: none.
pub struct DeleteImportedKeyMaterial;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteImportedKeyMaterialInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Which material: the current one unless given.
    #[shape(audit = log)]
    pub key_material_id: Option<MaterialIdText>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct DeleteImportedKeyMaterialOutput {
    /// The key's ARN.
    #[shape(audit = log, length = 1..=2048)]
    pub key_id: Arn,
    /// The material's id; of symmetric encryption keys alone.
    #[shape(audit = log, length = 0..=64, pattern = "^[a-f0-9]+$")]
    pub key_material_id: Option<String>,
}

impl DeleteImportedKeyMaterialInput {
    /// The material that is to go; `None` where the key was never given any.
    fn subject<'k>(&self, key: &'k KeyTarget, view: &View) -> Result<Option<&'k Version>, KmsError> {
        let Some(id) = &self.key_material_id else {
            return Ok(key.key.current());
        };
        let id = id.id()?;
        let mut all = key.key.versions.iter().chain(imports::waiting(key, view.now()));
        match all.find(|version| version.id() == id) {
            Some(version) => Ok(Some(version)),
            None => Err(KmsError::NoMaterial(key.arn.clone(), id)),
        }
    }
}

impl Operation for DeleteImportedKeyMaterial {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteImportedKeyMaterial");
    type Input = DeleteImportedKeyMaterialInput;
    type Output = DeleteImportedKeyMaterialOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &DeleteImportedKeyMaterialInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys()
            .find_by_id::<action::DeleteImportedKeyMaterial>(&input.key_id)
    }

    fn demands(_: &DeleteImportedKeyMaterialInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::DeleteImportedKeyMaterial>())
    }

    fn check(
        input: &DeleteImportedKeyMaterialInput,
        permit: &Permit<KeyTarget>,
        view: &View,
    ) -> Result<(), KmsError> {
        let key = permit.targets();
        imports::check_origin(key)?;
        key.state.require(state::LOSING_IMPORT, &key.arn)?;
        input.subject(key, view).map(drop)
    }

    async fn act(
        input: &DeleteImportedKeyMaterialInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let subject = input.subject(target, world.view())?;
        // What is away already stays away, but a rotation is no longer waited for.
        let waits = |version: &Version| imports::waiting(target, world.now()) == Some(version);
        let goes = |version: &&Version| version.is_held() || waits(version) && !target.is_replica();
        if let Some(version) = subject.filter(goes) {
            let key = Key::clone(&target.key);
            imports::remove(world, target.domain, target.id, key, version)?;
        }
        Ok(DeleteImportedKeyMaterialOutput {
            key_id: target.arn.clone(),
            key_material_id: subject
                .filter(|_| target.key.is_symmetric())
                .map(|version| version.id().to_string()),
        })
    }
}
