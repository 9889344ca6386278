//! The actions of KMS, one type each, so that a permit's use is checked by name at compile time.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS KMS".

use engine::Action;

macro_rules! actions {
    ($($name:ident),* $(,)?) => {$(
        #[doc = concat!("`kms:", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl Action for $name {
            const NAME: &'static str = concat!("kms:", stringify!($name));
        }
    )*};
}

actions! {
    CancelKeyDeletion, CreateAlias, CreateKey, Decrypt, DeleteAlias, DeleteImportedKeyMaterial, DescribeKey,
    DisableKey, DisableKeyRotation, EnableKey, EnableKeyRotation, Encrypt, GenerateDataKey,
    GenerateDataKeyWithoutPlaintext, GenerateRandom, GetKeyPolicy, GetKeyRotationStatus,
    GetParametersForImport, ImportKeyMaterial, ListAliases, ListKeyPolicies, ListKeyRotations, ListKeys,
    ListResourceTags, PutKeyPolicy, ReEncryptFrom, ReEncryptTo, ReplicateKey, RotateKeyOnDemand,
    ScheduleKeyDeletion, TagResource, UntagResource, UpdateAlias, UpdateKeyDescription, UpdatePrimaryRegion,
}
