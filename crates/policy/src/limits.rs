//! What a policy may be made of before it is refused unread.

/// Bytes of a key policy, white space counted. Source: KMS Developer Guide, "Resource quotas".
pub const KEY_POLICY_BYTES: usize = 32_768;
/// Nested JSON values; a legal policy has six.
pub const DEPTH: usize = 16;
