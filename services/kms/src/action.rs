//! The actions of KMS, one type each, so that a permit's use is checked by name at compile time.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS KMS".

use engine::Action;

macro_rules! actions {
    ($($name:ident),* $(,)?) => {
        /// The names of all of them, sorted.
        pub const ALL: &[&str] = &[$($name::NAME),*];

        $(
        #[doc = concat!("`kms:", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl Action for $name {
            const NAME: &'static str = concat!("kms:", stringify!($name));
        }
        )*
    };
}

actions! {
    CancelKeyDeletion, ConnectCustomKeyStore, CreateAlias, CreateCustomKeyStore, CreateGrant, CreateKey, Decapsulate,
    Decrypt, DeleteAlias, DeleteCustomKeyStore, DeleteImportedKeyMaterial, DeriveSharedSecret,
    DescribeCustomKeyStores, DescribeKey, DisableKey, DisableKeyRotation, DisconnectCustomKeyStore, EnableKey,
    EnableKeyRotation, Encapsulate, Encrypt, GenerateDataKey, GenerateDataKeyPair,
    GenerateDataKeyPairWithoutPlaintext, GenerateDataKeyWithoutPlaintext, GenerateMac, GenerateRandom,
    GetKeyLastUsage, GetKeyPolicy, GetKeyRotationStatus, GetParametersForImport, GetPublicKey,
    ImportKeyMaterial, ListAliases, ListGrants, ListKeyPolicies, ListKeyRotations, ListKeys, ListResourceTags, ListRetirableGrants,
    PutKeyPolicy, ReEncryptFrom, ReEncryptTo, ReplicateKey, RetireGrant, RevokeGrant, RotateKeyOnDemand, ScheduleKeyDeletion, Sign,
    TagResource, UntagResource, UpdateAlias, UpdateCustomKeyStore, UpdateKeyDescription, UpdatePrimaryRegion,
    Verify, VerifyMac,
}
