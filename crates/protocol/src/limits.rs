//! What bounds one request.

/// The longest body that is read, in bytes. Source: the KMS reference, the longest input of a KMS operation, a policy of
/// 131,072 characters or an attestation document, fits several times.
pub const BODY: usize = 1024 * 1024;

/// The longest `X-Amz-Target` that is looked at, in bytes.
pub const TARGET: usize = 256;

/// The most parameters of a form that are read. Source: the longest input of IAM and STS, 50 tags beside lists of 1,000
/// names, fits several times.
pub const PARAMETERS: usize = 4096;

/// What is set aside for the text of an answer around its members, in bytes.
pub(crate) const AROUND_MEMBERS: usize = 16;
