//! awsJson 1.1, the protocol of KMS: every operation is a `POST /` whose `X-Amz-Target` names it, with a JSON object as
//! body.
//!
//! Source: Smithy, "AWS JSON 1.1 protocol"; what that leaves open is decided by the KMS reference.

mod body;
mod plain_letters;
mod request;
mod response;

pub use body::{decode, encode};
pub use request::{Target, route};
pub use response::{failure, success};

#[cfg(test)]
mod tests;
