//! What bounds the entities of an account. Source: IAM User Guide, "IAM and AWS STS quotas".

/// Users of an account.
pub const USERS: usize = 5000;
/// Access keys of a user.
pub const ACCESS_KEYS_PER_USER: usize = 2;
/// Groups of an account.
pub const GROUPS: usize = 300;
/// Groups of a user.
pub const GROUPS_PER_USER: usize = 10;
/// Managed policies of an account.
pub const POLICIES: usize = 1500;
/// Versions of a managed policy.
pub const VERSIONS: usize = 5;
/// Characters of a managed policy, white space not counted.
pub const MANAGED_POLICY: usize = 6144;
/// Managed policies that are attached to one entity.
pub const ATTACHED_POLICIES: usize = 10;
/// Characters of all inline policies of a group together, white space not counted.
pub const INLINE_POLICIES_OF_GROUP: usize = 5120;
/// Roles of an account.
pub const ROLES: usize = 1000;
/// OpenID Connect providers of an account.
pub const OIDC_PROVIDERS: usize = 100;
/// Client ids of an OpenID Connect provider.
pub const CLIENT_IDS: usize = 100;
/// Thumbprints of an OpenID Connect provider.
pub const THUMBPRINTS: usize = 5;
/// Characters of a role's trust policy, white space not counted.
pub const TRUST_POLICY: usize = 2048;
/// Characters of all inline policies of a role together, white space not counted.
pub const INLINE_POLICIES_OF_ROLE: usize = 10_240;
/// Tags of an entity.
pub const TAGS: usize = 50;
/// Characters of all inline policies of a user together, white space not counted.
pub const INLINE_POLICIES_OF_USER: usize = 2048;
/// MFA devices of a user.
pub const MFA_DEVICES_PER_USER: usize = 8;
/// Virtual MFA devices of an account, whether they are somebody's or not.
pub const MFA_DEVICES: usize = 5000;
/// Characters of the name of a virtual MFA device.
pub const MFA_DEVICE_NAME: usize = 128;
/// Characters of a serial number that the model admits.
pub const SERIAL_NUMBER: usize = 256;
/// Bytes of policies that a page of a simulation looks through: those of all policies, for each result.
pub const SIMULATED_BYTES: usize = 32 * 1024 * 1024;
/// Condition keys without a value that simulated policies may look at; each result names them.
pub const SIMULATED_KEYS: usize = 1_000;
