//! Tokens of OpenID Connect providers, and the keys that verify them.
//!
//! A token is a signed JWT. [`Unverified::parse`] takes it apart and believes none of it; [`Issuers::verify`] has its signature
//! checked by a key of its issuer's, and [`Claims::check`] what it says. Keys are fetched through [`Fetch`], which is handed in,
//! and held for a while; or an operator gives them.
//!
//! Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518 (JWA), RFC 7519 (JWT), RFC 8037 (EdDSA), RFC 8725 (best practices); OpenID
//! Connect Core 1.0 and Discovery 1.0; IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM".

mod algorithm;
mod aws;
mod claims;
mod discovery;
mod issuers;
mod json;
mod keys;
pub mod limits;
#[cfg(test)]
mod tests;
mod thumbprint;
mod token;
mod url;

pub use aws::{Misshapen, SessionTags};
pub use claims::{Ambiguous, Claims, Rejected, Subject};
pub use discovery::jwks_uri;
pub use issuers::{Fetch, FetchFailed, Fetching, Issuers, Refused};
pub use keys::{KeySet, NoKeySet};
/// What a claim says.
pub use serde_json::Value;
pub use thumbprint::thumbprint;
pub use token::{NotVerified, Unverified};
pub use url::HttpsUrl;
