//! Signature Version 4: canonical requests, signing, verifying.
//!
//! A request proves who sent it by an HMAC over its canonical form, in an `Authorization` header or in its
//! query. [`presented`] reads what a request claims, the caller looks the access key up and checks its
//! session token, and [`verify`] tests time, scope and signature, in this order. [`sign::Signer`] makes
//! such requests.
//!
//! Source: AWS General Reference, "Signing AWS API requests".

mod canonical;
mod encode;
mod error;
mod keys;
pub mod limits;
mod path;
mod presented;
mod query;
mod request;
mod service;
pub mod sign;
mod stamp;
mod verify;

pub use canonical::{canonical_request, string_to_sign};
pub use encode::percent_encoded;
pub use error::{SignatureError, Skewed};
pub use keys::{KnownSecret, SigningKeys};
pub use presented::{Form, Presented, Scope, presented};
pub use request::SignedRequest;
pub use service::{PathForm, PayloadForm, Service};
pub use verify::{Expected, verify};

/// The one algorithm: HMAC with SHA-256.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What ends every credential scope.
pub(crate) const TERMINATOR: &str = "aws4_request";
