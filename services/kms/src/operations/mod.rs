//! One file for each operation.

mod decrypt;
mod disable_key_rotation;
mod enable_key_rotation;
mod encrypt;
mod generate_data_key;
mod generate_data_key_without_plaintext;
mod generate_random;
mod get_key_rotation_status;
mod list_key_rotations;
mod re_encrypt;
mod rotate_key_on_demand;

use engine::AnyOperation;

/// Every operation of KMS.
pub static OPERATIONS: &[&dyn AnyOperation] = &[
    &encrypt::Encrypt,
    &rotate_key_on_demand::RotateKeyOnDemand,
    &re_encrypt::ReEncrypt,
    &get_key_rotation_status::GetKeyRotationStatus,
    &generate_random::GenerateRandom,
    &generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext,
    &generate_data_key::GenerateDataKey,
    &enable_key_rotation::EnableKeyRotation,
    &disable_key_rotation::DisableKeyRotation,
    &decrypt::Decrypt,
    &list_key_rotations::ListKeyRotations,
];
