//! One file for each operation.

mod cancel_key_deletion;
mod create_alias;
mod create_key;
mod decrypt;
mod delete_alias;
mod delete_imported_key_material;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
mod enable_key;
mod enable_key_rotation;
mod encrypt;
mod generate_data_key;
mod generate_data_key_without_plaintext;
mod generate_random;
mod get_key_policy;
mod get_key_rotation_status;
mod get_parameters_for_import;
mod import_key_material;
mod list_aliases;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod put_key_policy;
mod re_encrypt;
mod replicate_key;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod tag_resource;
mod untag_resource;
mod update_alias;
mod update_key_description;
mod update_primary_region;

use engine::AnyOperation;

/// Every operation of KMS.
pub static OPERATIONS: &[&dyn AnyOperation] = &[
    &cancel_key_deletion::CancelKeyDeletion,
    &create_alias::CreateAlias,
    &create_key::CreateKey,
    &decrypt::Decrypt,
    &delete_alias::DeleteAlias,
    &delete_imported_key_material::DeleteImportedKeyMaterial,
    &describe_key::DescribeKey,
    &disable_key::DisableKey,
    &disable_key_rotation::DisableKeyRotation,
    &enable_key::EnableKey,
    &enable_key_rotation::EnableKeyRotation,
    &encrypt::Encrypt,
    &generate_data_key::GenerateDataKey,
    &generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext,
    &generate_random::GenerateRandom,
    &get_key_policy::GetKeyPolicy,
    &get_key_rotation_status::GetKeyRotationStatus,
    &get_parameters_for_import::GetParametersForImport,
    &import_key_material::ImportKeyMaterial,
    &list_aliases::ListAliases,
    &list_key_policies::ListKeyPolicies,
    &list_key_rotations::ListKeyRotations,
    &list_keys::ListKeys,
    &list_resource_tags::ListResourceTags,
    &put_key_policy::PutKeyPolicy,
    &re_encrypt::ReEncrypt,
    &replicate_key::ReplicateKey,
    &rotate_key_on_demand::RotateKeyOnDemand,
    &schedule_key_deletion::ScheduleKeyDeletion,
    &tag_resource::TagResource,
    &untag_resource::UntagResource,
    &update_alias::UpdateAlias,
    &update_key_description::UpdateKeyDescription,
    &update_primary_region::UpdatePrimaryRegion,
];
