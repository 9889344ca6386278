//! What travels, and what makes it legal.
//!
//! # Declaring a shape
//!
//! `#[derive(Shape)]` on a structure is the one declaration of it. It is read by decoding, by the texts of
//! violations, by policy conditions, by the audit log, and by the test that compares us with the published model.
//!
//! ```
//! use model::{Blob, Shape};
//! use secret::SecretBytes;
//! use std::collections::BTreeMap;
//!
//! #[derive(Shape)]
//! #[shape(transparent, length = 1..=2048)]
//! pub struct KeyReference(pub String);
//!
//! #[derive(Shape, Clone, Copy, PartialEq, Eq, Debug)]
//! pub enum Algorithm {
//!     SymmetricDefault,    // SYMMETRIC_DEFAULT
//!     RsaesOaepSha256,     // RSAES_OAEP_SHA_256
//!     #[shape(rename = "SM2PKE")]
//!     Sm2Pke,
//! }
//!
//! #[derive(Shape)]
//! pub struct EncryptInput {
//!     #[shape(audit = log)]
//!     pub key_id: KeyReference,
//!     #[shape(length = 1..=4096, sensitive)]
//!     pub plaintext: SecretBytes,
//!     #[shape(default, audit = log, condition = "kms:EncryptionContext")]
//!     pub encryption_context: BTreeMap<String, String>,
//!     #[shape(default, audit = omit, length = 0..=10, member(length = 1..=8192))]
//!     pub grant_tokens: Vec<String>,
//!     #[shape(audit = log, condition = "kms:EncryptionAlgorithm")]
//!     pub encryption_algorithm: Option<Algorithm>,
//!     #[shape(default, audit = log)]
//!     pub dry_run: bool,
//! }
//!
//! #[derive(Shape)]
//! pub struct EncryptOutput {
//!     #[shape(audit = omit)]
//!     pub ciphertext_blob: Blob,
//!     #[shape(audit = log)]
//!     pub key_id: arn::Arn,
//!     #[shape(audit = log)]
//!     pub encryption_algorithm: Algorithm,
//! }
//! ```
//!
//! ## Members
//!
//! | a field of type | is |
//! |---|---|
//! | `Option<T>` | optional; absent and `null` are `None`, and `None` is not written |
//! | any other, with `default` | optional; absent and `null` are `T::default()`; not written while empty, zero or `false` |
//! | any other | required; always written |
//!
//! | attribute of a field | meaning |
//! |---|---|
//! | `audit = log` or `audit = omit` | whether it is recorded; without it, or `sensitive`, the structure does not compile |
//! | `sensitive` | kept out of the audit log and out of the texts of violations; a must for `SecretBytes` and `SecretString` |
//! | `length = 1..=10`, `1..`, `..=10` | characters of a text, bytes of a blob, elements of a list, entries of a map |
//! | `range = 1..=10` and so on | the value of an `i32` or `i64` |
//! | `pattern = "[a-z]+"` | the whole text must match; the attribute's text is what the violation shows |
//! | `member(…)` | `length`, `range`, `pattern`, `member(…)`, `key(…)` for the elements of a list or the values of a map |
//! | `key(…)` | `length` and `pattern` for the keys of a map |
//! | `condition = "kms:…"` | the condition key that policies see it under |
//! | `rename = "AWSAccountId"` | its name on the wire; otherwise the field's name in upper camel case |
//!
//! The name in the audit log and in violations is the wire's with its first letter made small.
//!
//! A constraint that the type can't carry does not compile, and neither does a secret that is not marked:
//!
//! ```compile_fail
//! #[derive(model::Shape)]
//! struct Input {
//!     #[shape(audit = log, length = 1..=2)]
//!     dry_run: bool, // `length` is for texts, blobs, lists and maps
//! }
//! ```
//!
//! ```compile_fail
//! #[derive(model::Shape)]
//! struct Input {
//!     #[shape(audit = log, member(range = 1..=2))]
//!     tokens: Vec<String>, // `range` is for i32 and i64
//! }
//! ```
//!
//! ```compile_fail
//! #[derive(model::Shape)]
//! struct Input {
//!     #[shape(audit = omit)]
//!     plaintext: Option<secret::SecretBytes>, // a member made for secrets must be marked `sensitive`
//! }
//! ```
//!
//! ## Enumerations
//!
//! On the wire a variant is its name in `SCREAMING_SNAKE` case, where digits after a small letter begin a word: `Rsa2048` is
//! `RSA_2048`, `EccNistP256` is `ECC_NIST_P256`. `#[shape(rename_all = "UpperCamel")]` on the enumeration takes the
//! variants' names as they are; `#[shape(rename = "…")]` on a variant names that one. The derive adds `ALL`, `as_str`,
//! `FromStr` and `Display`.
//!
//! ## Newtypes
//!
//! `#[shape(transparent)]` on a structure of one unnamed field travels as that field does. It may carry `length`,
//! `range`, `pattern`, `member(…)` and `key(…)` for all its uses; those of a field come first.
//!
//! ## Simple kinds
//!
//! `String`, `Arc<str>`, `Box<str>`, `Cow<'static, str>`, `bool`, `i32`, `i64`, `ambient::Timestamp`, [`Blob`],
//! `secret::SecretBytes`, `secret::SecretString`, `arn::Arn`, `arn::AccountId`, `arn::Region`, `Vec<T>`, `BTreeMap<String, T>`,
//! `Box<T>`, `Arc<T>`.

// The code that the derive writes says `::model`, in this crate's own tests too.
#[cfg(test)]
extern crate self as model;

mod base64_text;
mod contents;
mod incoming;
pub mod limits;
mod operation;
mod path;
mod pattern;
mod read;
mod rules;
mod scalars;
mod schema;
mod shape;
mod skip;
#[doc(hidden)]
pub mod support;
mod violations;

pub use model_derive::Shape;
pub use operation::OperationSpec;
pub use path::Path;
pub use pattern::Pattern;
pub use read::{Read, Unreadable, read};
pub use rules::{Bounds, End, Rules};
pub use scalars::Blob;
pub use schema::{Kind, Member, Schema};
pub use shape::{AuditMark, Condition, Form, Shape, View};
pub use violations::{Constraint, Fault, Shown, Violation, Violations};

/// A text that is none of an enumeration's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the values of {0}")]
pub struct UnknownValue(pub &'static str);

#[cfg(test)]
mod tests;
