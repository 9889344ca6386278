//! awsQuery, the protocol of IAM and STS: parameters of a form name the operation and hold its input, answers are XML.
//!
//! `Action=CreateUser&Version=2010-05-08&UserName=ada&Tags.member.1.Key=team&Tags.member.1.Value=payroll`
//!
//! Source: Smithy, "AWS Query protocol"; what that leaves open is decided by the IAM reference.

mod form;
mod input;
mod request;
mod response;
mod xml;

pub use input::decode;
pub use request::{Target, is_query, parameters};
pub use response::{failure, success};
pub use xml::encode;

#[cfg(test)]
mod tests;
