//! ListKeyRotations.

use ambient::Timestamp;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::key_kinds::ExpirationModel;
use crate::paging::{Limit, Markers, Page, PageSize};
use crate::records::{Import, Key, RotationKind, Version};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{KeyReference, Marker, MaterialIdText};
use crate::{KmsError, action, imports, rotation};

/// Lists the rotations of a key, oldest first, and its first material where all material is asked for.
///
/// Source: KMS API Reference, `ListKeyRotations`. Known differences: none.
pub struct ListKeyRotations;

/// The request.
#[derive(Debug, Shape)]
pub struct ListKeyRotationsInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Whether the first material is listed too; it is not unless asked for.
    #[shape(audit = log)]
    pub include_key_material: Option<IncludeKeyMaterial>,
    /// Entries a page: 1 to 1000, 100 unless given.
    #[shape(audit = log)]
    pub limit: Option<Limit>,
    /// Where the page before ended.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

/// Which material is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum IncludeKeyMaterial {
    /// All of it.
    AllKeyMaterial,
    /// What a rotation made.
    RotationsOnly,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListKeyRotationsOutput {
    /// The entries.
    #[shape(audit = omit)]
    pub rotations: Vec<RotationsListEntry>,
    /// Where to go on.
    #[shape(audit = omit)]
    pub next_marker: Option<Marker>,
    /// Whether there is more.
    #[shape(audit = omit)]
    pub truncated: bool,
}

/// One material.
#[derive(Debug, Shape)]
pub struct RotationsListEntry {
    /// The key's id.
    #[shape(audit = omit)]
    pub key_id: KeyReference,
    /// The material's id.
    #[shape(audit = omit)]
    pub key_material_id: MaterialIdText,
    /// What the importer calls it; imported material alone.
    #[shape(audit = omit, length = 0..=256, pattern = "^[a-zA-Z0-9:/_\\s.-]+$")]
    pub key_material_description: Option<String>,
    /// Whether it is imported now; imported material alone.
    #[shape(audit = omit)]
    pub import_state: Option<ImportState>,
    /// Whether it encrypts, or only decrypts.
    #[shape(audit = omit)]
    pub key_material_state: KeyMaterialState,
    /// Whether it expires; imported material alone.
    #[shape(audit = omit)]
    pub expiration_model: Option<ExpirationModel>,
    /// When it expires; imported material alone.
    #[shape(audit = omit)]
    pub valid_to: Option<Timestamp>,
    /// When it became current; not of a key's first material.
    #[shape(audit = omit)]
    pub rotation_date: Option<Timestamp>,
    /// What made it current; not of a key's first material.
    #[shape(audit = omit)]
    pub rotation_type: Option<RotationType>,
}

/// Whether material is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum ImportState {
    /// It is.
    Imported,
    /// It is not.
    PendingImport,
}

/// What a material is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum KeyMaterialState {
    /// It decrypts.
    NonCurrent,
    /// It encrypts and decrypts.
    Current,
    /// It waits for a rotation.
    PendingRotation,
    /// It waits for its import in other Regions.
    PendingMultiRegionImportAndRotation,
}

/// What made a material current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum RotationType {
    /// Automatic rotation.
    Automatic,
    /// RotateKeyOnDemand.
    OnDemand,
}

const PAGE: PageSize = PageSize {
    usual: 100,
    most: 1000,
};

impl ListKeyRotationsInput {
    fn markers<'v>(&'v self, key: &'v KeyTarget, view: &'v View) -> Markers<'v> {
        let all: &[u8] = if self.lists_all() { b"all" } else { b"rotations" };
        Markers::of(view, "ListKeyRotations", &[key.arn.as_str().as_bytes(), all])
    }

    fn lists_all(&self) -> bool {
        self.include_key_material == Some(IncludeKeyMaterial::AllKeyMaterial)
    }
}

impl RotationsListEntry {
    fn of(key: &KeyTarget, version: &Version, now: Timestamp) -> RotationsListEntry {
        let rotation_type = match version.by {
            RotationKind::Creation => None,
            RotationKind::Automatic => Some(RotationType::Automatic),
            RotationKind::OnDemand => Some(RotationType::OnDemand),
        };
        let is = |other: Option<&Version>| other.is_some_and(|other| other.id() == version.id());
        let (current, pending) = (is(key.key.current()), is(imports::waiting(key, now)));
        let import = version.import.as_ref();
        let usable = import.filter(|import| import.is_usable(now));
        RotationsListEntry {
            key_id: KeyReference(key.id.to_string()),
            key_material_id: version.id().into(),
            key_material_description: import.and_then(|import| import.description.clone()),
            import_state: import.map(|import| match import.is_usable(now) {
                true => ImportState::Imported,
                false => ImportState::PendingImport,
            }),
            key_material_state: match (import, pending) {
                (
                    Some(Import {
                        lacks_replicas: true, ..
                    }),
                    true,
                ) => KeyMaterialState::PendingMultiRegionImportAndRotation,
                (_, true) => KeyMaterialState::PendingRotation,
                (_, false) if current => KeyMaterialState::Current,
                (_, false) => KeyMaterialState::NonCurrent,
            },
            expiration_model: usable.map(|import| match import.valid_to_ms {
                Some(_) => ExpirationModel::KeyMaterialExpires,
                None => ExpirationModel::KeyMaterialDoesNotExpire,
            }),
            valid_to: usable.and_then(Import::valid_to),
            rotation_date: rotation_type.filter(|_| !pending).map(|_| version.since()),
            rotation_type: rotation_type.filter(|_| !pending),
        }
    }
}

impl Operation for ListKeyRotations {
    const SPEC: OperationSpec = OperationSpec::reads("ListKeyRotations");
    type Input = ListKeyRotationsInput;
    type Output = ListKeyRotationsOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &ListKeyRotationsInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        PAGE.of(input.limit)?;
        view.keys().find_by_id::<action::ListKeyRotations>(&input.key_id)
    }

    fn demands(_: &ListKeyRotationsInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::ListKeyRotations>())
    }

    fn check(input: &ListKeyRotationsInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        rotation::check_spec(permit.targets())?;
        input
            .markers(permit.targets(), view)
            .open(input.marker.as_ref())
            .map(drop)
    }

    async fn act(
        input: &ListKeyRotationsInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let record: &Key = &key.key;
        let markers = input.markers(key, world.view());
        let size = PAGE.of(input.limit)?;
        let after = markers.open(input.marker.as_ref())?;
        let listed = record
            .versions
            .iter()
            .chain(imports::waiting(key, world.now()))
            .filter(|version| input.lists_all() || version.by != RotationKind::Creation);
        // A material is never taken off the list while its key lives, so the one that a marker names is there.
        let passed = |version: &&Version| {
            after
                .as_ref()
                .is_some_and(|after| version.id().as_bytes() != &after[..])
        };
        let skipped = if after.is_some() {
            listed.clone().take_while(passed).count() + 1
        } else {
            0
        };
        let entries: Vec<&Version> = listed.skip(skipped).take(size + 1).collect();
        let page = Page::cut(entries, size, &markers, |version| {
            version.id().as_bytes().to_vec()
        })?;
        Ok(ListKeyRotationsOutput {
            rotations: page
                .entries
                .into_iter()
                .map(|version| RotationsListEntry::of(key, version, world.now()))
                .collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}
