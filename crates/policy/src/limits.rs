//! What a policy may be made of, and what one decision may cost.
//!
//! AWS's quotas by kind of policy are for whoever stores one, since each has an error of its own; see
//! [`crate::significant_length`] for how IAM counts. The bounds of this crate hold for every kind.

/// Bytes of a key policy, white space counted. Source: KMS Developer Guide, "Resource quotas".
pub const KEY_POLICY_BYTES: usize = 32_768;
/// Characters of a managed policy, white space not counted. Source: IAM User Guide, "IAM and STS quotas", as are
/// the following.
pub const MANAGED_POLICY: usize = 6_144;
/// Characters of all inline policies of a user together, white space not counted.
pub const INLINE_POLICIES_OF_USER: usize = 2_048;
/// Characters of all inline policies of a role together, white space not counted.
pub const INLINE_POLICIES_OF_ROLE: usize = 10_240;
/// Characters of all inline policies of a group together, white space not counted.
pub const INLINE_POLICIES_OF_GROUP: usize = 5_120;
/// Characters of a role's trust policy, white space not counted.
pub const TRUST_POLICY: usize = 2_048;
/// Characters of a session's inline policy and the ARNs passed with it.
pub const SESSION_POLICY: usize = 2_048;

/// Bytes of any document that is read at all: what IAM's and KMS's service models let through.
pub const DOCUMENT_BYTES: usize = 131_072;
/// Nested JSON values; a legal policy has six.
pub const DEPTH: usize = 16;
/// Statements of one policy.
pub const STATEMENTS: usize = 4_096;
/// Values of one element, and of one key of a condition.
pub const VALUES: usize = 8_192;

/// Bytes of a resource, or of one condition value of a request, that a policy is compared with. What is longer is
/// not compared, and fails closed. The longest that is of use is an encryption context's, 8,192 bytes.
pub const TEXT_BYTES: usize = 16_384;
/// What one decision by one policy may cost, in steps of about one comparison or eight bytes. The costliest honest
/// policies take some thousand. What is not reached fails closed: the statements that are left don't allow, and deny.
/// Beside this work, a decision passes over each value of the document and of the request once at most.
pub const WORK: u32 = 1 << 20;
