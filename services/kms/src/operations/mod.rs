//! One file for each operation.

mod cancel_key_deletion;
mod connect_custom_key_store;
mod create_alias;
mod create_custom_key_store;
mod create_grant;
mod create_key;
mod decapsulate;
mod decrypt;
mod delete_alias;
mod delete_custom_key_store;
mod delete_imported_key_material;
mod derive_shared_secret;
mod describe_custom_key_stores;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
mod disconnect_custom_key_store;
mod enable_key;
mod enable_key_rotation;
mod encapsulate;
mod encrypt;
mod generate_data_key;
mod generate_data_key_pair;
mod generate_data_key_pair_without_plaintext;
mod generate_data_key_without_plaintext;
mod generate_mac;
mod generate_random;
mod get_key_last_usage;
mod get_key_policy;
mod get_key_rotation_status;
mod get_parameters_for_import;
mod get_public_key;
mod import_key_material;
mod list_aliases;
mod list_grants;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod list_retirable_grants;
mod put_key_policy;
mod re_encrypt;
mod replicate_key;
mod retire_grant;
mod revoke_grant;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod sign;
mod tag_resource;
mod untag_resource;
mod update_alias;
mod update_custom_key_store;
mod update_key_description;
mod update_primary_region;
mod verify;
mod verify_mac;

use engine::AnyOperation;

/// Every operation of KMS.
pub static OPERATIONS: &[&dyn AnyOperation] = &[
    &cancel_key_deletion::CancelKeyDeletion,
    &connect_custom_key_store::ConnectCustomKeyStore,
    &create_alias::CreateAlias,
    &create_custom_key_store::CreateCustomKeyStore,
    &create_grant::CreateGrant,
    &create_key::CreateKey,
    &decapsulate::Decapsulate,
    &decrypt::Decrypt,
    &delete_alias::DeleteAlias,
    &delete_custom_key_store::DeleteCustomKeyStore,
    &delete_imported_key_material::DeleteImportedKeyMaterial,
    &derive_shared_secret::DeriveSharedSecret,
    &describe_custom_key_stores::DescribeCustomKeyStores,
    &describe_key::DescribeKey,
    &disable_key::DisableKey,
    &disable_key_rotation::DisableKeyRotation,
    &disconnect_custom_key_store::DisconnectCustomKeyStore,
    &enable_key::EnableKey,
    &enable_key_rotation::EnableKeyRotation,
    &encapsulate::Encapsulate,
    &encrypt::Encrypt,
    &generate_data_key::GenerateDataKey,
    &generate_data_key_pair::GenerateDataKeyPair,
    &generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintext,
    &generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext,
    &generate_mac::GenerateMac,
    &generate_random::GenerateRandom,
    &get_key_last_usage::GetKeyLastUsage,
    &get_key_policy::GetKeyPolicy,
    &get_key_rotation_status::GetKeyRotationStatus,
    &get_parameters_for_import::GetParametersForImport,
    &get_public_key::GetPublicKey,
    &import_key_material::ImportKeyMaterial,
    &list_aliases::ListAliases,
    &list_grants::ListGrants,
    &list_key_policies::ListKeyPolicies,
    &list_key_rotations::ListKeyRotations,
    &list_keys::ListKeys,
    &list_resource_tags::ListResourceTags,
    &list_retirable_grants::ListRetirableGrants,
    &put_key_policy::PutKeyPolicy,
    &re_encrypt::ReEncrypt,
    &replicate_key::ReplicateKey,
    &retire_grant::RetireGrant,
    &revoke_grant::RevokeGrant,
    &rotate_key_on_demand::RotateKeyOnDemand,
    &schedule_key_deletion::ScheduleKeyDeletion,
    &sign::Sign,
    &tag_resource::TagResource,
    &untag_resource::UntagResource,
    &update_alias::UpdateAlias,
    &update_custom_key_store::UpdateCustomKeyStore,
    &update_key_description::UpdateKeyDescription,
    &update_primary_region::UpdatePrimaryRegion,
    &verify::Verify,
    &verify_mac::VerifyMac,
];
