//! Bounds of tokens, key sets and fetches.

use std::time::Duration;

/// Bytes of a token. Source: STS API Reference, `AssumeRoleWithWebIdentity`, `WebIdentityToken`.
pub const TOKEN_BYTES: usize = 20_000;
/// Bytes of a discovery document or a key set.
pub const DOCUMENT_BYTES: usize = 256 * 1024;
/// Keys of a set that are looked at.
pub const KEYS: usize = 200;
/// Bytes of an RSA key's modulus.
pub const MODULUS_BYTES: usize = 1024;
/// Bytes of an RSA key's exponent: larger ones only make the work longer.
pub const EXPONENT_BYTES: usize = 4;
/// Characters of a key's id.
pub const KEY_ID: usize = 1024;
/// Characters of a URL.
pub const URL: usize = 2048;
/// Characters of a subject or an audience. Source: STS API Reference, `SubjectFromWebIdentityToken`.
pub const SUBJECT: usize = 255;
/// How far clocks may differ. Source: IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM".
pub const LEEWAY: Duration = Duration::from_secs(300);
/// Providers whose keys are held.
pub const PROVIDERS: usize = 1000;
/// How long keys are used until they are fetched again.
pub const KEYS_AGE: Duration = Duration::from_secs(3600);
/// How long a provider is left alone after a fetch, whatever came of it.
pub const FETCH_PAUSE: Duration = Duration::from_secs(10);
/// Fetches under way at a time.
pub const FETCHES: usize = 16;
/// How long one document may take.
pub const FETCH_TIME: Duration = Duration::from_secs(5);
