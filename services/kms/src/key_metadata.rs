//! What DescribeKey and CreateKey tell of a key.
//!
//! Source: KMS API Reference, `KeyMetadata`.

use std::str::FromStr;

use ambient::Timestamp;
use arn::{AccountId, Arn, Place};
use crypto::specs::Use;
use model::Shape;
use store::{StoreError, Table};

use crate::KmsError;
use crate::key_id::KeyId;
use crate::key_kinds::{
    CustomerMasterKeySpec, EncapsulationAlgorithm, ExpirationModel, KeyAgreementAlgorithm, KeyManager,
    KeySpec, KeyState, KeyUsage, MacAlgorithm, MultiRegionKeyType, OriginType, SigningAlgorithm,
};
use crate::records::{Import, Key, Keys, Relatives, Version};
use crate::state::State;
use crate::wire::{Algorithm, MaterialIdText};

/// What a key's owner says of it; may be empty.
#[derive(Debug, Clone, Default, Shape)]
#[shape(transparent, length = 0..=8192)]
pub struct Description(pub String);

/// All about a key but its material, policy, aliases, tags and rotation.
#[derive(Debug, Shape)]
pub struct KeyMetadata {
    /// The account.
    #[shape(rename = "AWSAccountId", audit = log)]
    pub account: AccountId,
    /// The id.
    #[shape(audit = log, length = 1..=2048)]
    pub key_id: String,
    /// The ARN.
    #[shape(audit = log, length = 20..=2048)]
    pub arn: Arn,
    /// When it was made.
    #[shape(audit = log)]
    pub creation_date: Timestamp,
    /// Whether its state is `Enabled`.
    #[shape(audit = log)]
    pub enabled: bool,
    /// The description, empty where there is none.
    #[shape(audit = log)]
    pub description: Description,
    /// What it is for.
    #[shape(audit = log)]
    pub key_usage: KeyUsage,
    /// The state.
    #[shape(audit = log)]
    pub key_state: KeyState,
    /// From when on it is gone, where its deletion is scheduled.
    #[shape(audit = log)]
    pub deletion_date: Option<Timestamp>,
    /// When imported material expires.
    #[shape(audit = log)]
    pub valid_to: Option<Timestamp>,
    /// Where the material comes from.
    #[shape(audit = log)]
    pub origin: OriginType,
    /// The custom key store that it is in.
    #[shape(audit = log, length = 1..=64)]
    pub custom_key_store_id: Option<String>,
    /// The cluster of that store.
    #[shape(audit = log, length = 19..=24, pattern = "cluster-[2-7a-zA-Z]{11,16}")]
    pub cloud_hsm_cluster_id: Option<String>,
    /// Whether imported material expires.
    #[shape(audit = log)]
    pub expiration_model: Option<ExpirationModel>,
    /// Who manages it.
    #[shape(audit = log)]
    pub key_manager: KeyManager,
    /// The spec by its deprecated name.
    #[shape(audit = log)]
    pub customer_master_key_spec: Option<CustomerMasterKeySpec>,
    /// The spec.
    #[shape(audit = log)]
    pub key_spec: KeySpec,
    /// How it encrypts, where it does.
    #[shape(audit = log)]
    pub encryption_algorithms: Option<Vec<Algorithm>>,
    /// How it signs, where it does.
    #[shape(audit = log)]
    pub signing_algorithms: Option<Vec<SigningAlgorithm>>,
    /// How it agrees on secrets, where it does.
    #[shape(audit = log)]
    pub key_agreement_algorithms: Option<Vec<KeyAgreementAlgorithm>>,
    /// How it encapsulates secrets, where it does.
    #[shape(audit = log)]
    pub encapsulation_algorithms: Option<Vec<EncapsulationAlgorithm>>,
    /// Whether it is a multi-Region key.
    #[shape(audit = log)]
    pub multi_region: bool,
    /// Its relatives in other Regions.
    #[shape(audit = log)]
    pub multi_region_configuration: Option<MultiRegionConfiguration>,
    /// The waiting period of a primary that waits for its replicas.
    #[shape(audit = log, range = 1..=365)]
    pub pending_deletion_window_in_days: Option<i32>,
    /// How it makes MACs, where it does.
    #[shape(audit = log)]
    pub mac_algorithms: Option<Vec<MacAlgorithm>>,
    /// The external key behind it.
    #[shape(audit = log)]
    pub xks_key_configuration: Option<XksKeyConfiguration>,
    /// The material that encrypts now.
    #[shape(audit = log)]
    pub current_key_material_id: Option<MaterialIdText>,
}

/// A multi-Region key's relatives.
#[derive(Debug, Shape)]
pub struct MultiRegionConfiguration {
    /// What this key is.
    #[shape(audit = log)]
    pub multi_region_key_type: Option<MultiRegionKeyType>,
    /// The primary.
    #[shape(audit = log)]
    pub primary_key: Option<MultiRegionKey>,
    /// The replicas.
    #[shape(audit = log)]
    pub replica_keys: Option<Vec<MultiRegionKey>>,
}

/// One of a multi-Region key's relatives.
#[derive(Debug, Shape)]
pub struct MultiRegionKey {
    /// Its ARN.
    #[shape(audit = log, length = 20..=2048)]
    pub arn: Option<Arn>,
    /// Its Region.
    #[shape(audit = log, length = 1..=32, pattern = "^([a-z]+-){2,3}\\d+$")]
    pub region: Option<String>,
}

/// A key in an external key manager.
#[derive(Debug, Shape)]
pub struct XksKeyConfiguration {
    /// Its id there.
    #[shape(audit = log, length = 1..=128, pattern = "^[a-zA-Z0-9-_.]+$")]
    pub id: Option<String>,
}

impl KeyMetadata {
    /// What is to be told of `key`.
    pub fn of(id: KeyId, place: &Place, key: &Key, state: State) -> Result<KeyMetadata, KmsError> {
        let damaged = || KmsError::Store(StoreError::Damaged(Keys::NAME));
        let spec: KeySpec = key.spec.parse().map_err(|_| damaged())?;
        let usage: KeyUsage = key.usage.parse().map_err(|_| damaged())?;
        let algorithms = Algorithms::of(key).ok_or_else(damaged)?;
        let current = key.current();
        // Of a key that lacks some of its material nothing is told about the rest.
        let is_whole = state != State::PendingImport && key.versions.iter().all(Version::is_held);
        let imports = key.versions.iter().filter_map(|version| version.import.as_ref());
        let imported = imports.clone().next().is_some();
        let valid_to = imports.filter_map(Import::valid_to).min();
        Ok(KeyMetadata {
            account: place.account,
            key_id: id.to_string(),
            arn: id.arn(place),
            creation_date: key.created(),
            enabled: state == State::Enabled,
            description: Description(key.description.clone()),
            key_usage: usage,
            key_state: state.into(),
            deletion_date: key.deletion.map(|deletion| deletion.due()),
            valid_to: valid_to.filter(|_| is_whole),
            origin: key.origin.into(),
            custom_key_store_id: None,
            cloud_hsm_cluster_id: None,
            expiration_model: (imported && is_whole).then_some(match valid_to {
                Some(_) => ExpirationModel::KeyMaterialExpires,
                None => ExpirationModel::KeyMaterialDoesNotExpire,
            }),
            key_manager: KeyManager::Customer,
            customer_master_key_spec: spec.deprecated(),
            key_spec: spec,
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            key_agreement_algorithms: algorithms.agreement,
            encapsulation_algorithms: algorithms.encapsulation,
            multi_region: key.relatives.is_some(),
            multi_region_configuration: key
                .relatives
                .as_ref()
                .map(|relatives| MultiRegionConfiguration::of(id, place, relatives)),
            pending_deletion_window_in_days: key.deletion_after_replicas.map(i32::from),
            mac_algorithms: algorithms.macs,
            xks_key_configuration: None,
            // Only symmetric encryption keys have more than one.
            current_key_material_id: current
                .filter(|_| key.is_symmetric())
                .map(|version| version.id().into()),
        })
    }
}

impl MultiRegionConfiguration {
    /// What the key `id` at `place` tells of its relatives.
    fn of(id: KeyId, place: &Place, relatives: &Relatives) -> MultiRegionConfiguration {
        let key = |region: &String| {
            let parsed = region.parse().ok();
            let at = parsed.map(|region| Place {
                account: place.account,
                region,
            });
            MultiRegionKey {
                arn: at.map(|at| id.arn(&at)),
                region: Some(region.clone()),
            }
        };
        let is_primary = relatives.primary == place.region.as_str();
        MultiRegionConfiguration {
            multi_region_key_type: Some(match is_primary {
                true => MultiRegionKeyType::Primary,
                false => MultiRegionKeyType::Replica,
            }),
            primary_key: Some(key(&relatives.primary)),
            replica_keys: Some(relatives.replicas.iter().map(key).collect()),
        }
    }
}

/// The algorithms of a key, under the names of its usage.
#[derive(Debug, Default)]
pub struct Algorithms {
    /// How it encrypts, where it does.
    pub encryption: Option<Vec<Algorithm>>,
    /// How it signs, where it does.
    pub signing: Option<Vec<SigningAlgorithm>>,
    /// How it makes MACs, where it does.
    pub macs: Option<Vec<MacAlgorithm>>,
    /// How it agrees on secrets, where it does.
    pub agreement: Option<Vec<KeyAgreementAlgorithm>>,
    /// How it encapsulates secrets, where it does.
    pub encapsulation: Option<Vec<EncapsulationAlgorithm>>,
}

impl Algorithms {
    /// Those of `key`; `None` in a damaged record alone.
    pub fn of(key: &Key) -> Option<Algorithms> {
        let spec = crypto::specs::find(&key.spec)?;
        let of_usage = spec.uses.iter().find(|each| each.usage().as_str() == key.usage)?;
        let names = of_usage.algorithms();
        let mut algorithms = Algorithms::default();
        match of_usage {
            Use::Encryption(_) => algorithms.encryption = Some(parsed(&names)?),
            Use::Signatures(_) => algorithms.signing = Some(parsed(&names)?),
            Use::Macs(_) => algorithms.macs = Some(parsed(&names)?),
            Use::Agreement(_) => algorithms.agreement = Some(parsed(&names)?),
            Use::Encapsulation(_) => algorithms.encapsulation = Some(parsed(&names)?),
        }
        Some(algorithms)
    }
}

fn parsed<T: FromStr>(names: &[&str]) -> Option<Vec<T>> {
    names.iter().map(|name| name.parse().ok()).collect()
}
