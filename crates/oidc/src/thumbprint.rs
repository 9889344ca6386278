//! The names that certificates have in thumbprint lists.

use aws_lc_rs::digest;

/// SHA-1 of a certificate in DER, in small hexadecimal digits: AWS's way to name one. Source: IAM User Guide, "Obtain the
/// thumbprint for an OpenID Connect identity provider".
pub fn thumbprint(certificate: &[u8]) -> String {
    use std::fmt::Write;
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate);
    let mut text = String::with_capacity(40);
    for byte in digest.as_ref() {
        // INVARIANT: writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
