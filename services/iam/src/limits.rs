//! What bounds the entities of an account. Source: IAM User Guide, "IAM and AWS STS quotas".

/// Users of an account.
pub const USERS: usize = 5000;
/// Access keys of a user.
pub const ACCESS_KEYS_PER_USER: usize = 2;
/// Tags of an entity.
pub const TAGS: usize = 50;
/// Characters of all inline policies of a user together, white space not counted.
pub const INLINE_POLICIES_OF_USER: usize = 2048;
