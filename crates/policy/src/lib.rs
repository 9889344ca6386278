//! The policy language: parse, evaluate, explain. Pure, total and bounded on any input.
//!
//! What is evaluated today: `Effect`, `Principal`, `Action`, `Resource`. Every other element (`Condition`,
//! `NotPrincipal`, `NotAction`, `NotResource`, policy variables) is read and checked for its form, and then
//! fails closed: it makes an `Allow` not match and a `Deny` match.
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language" and "Policy evaluation logic".

mod document;
mod evaluate;
mod glob;
pub mod limits;
mod parse;

pub use document::{
    Actions, AwsPrincipal, Effect, Policy, Principals, Resources, Statement, Unresolved, Version,
};
pub use evaluate::{Caller, Decision, Question, Site};
pub use parse::Malformed;

#[cfg(test)]
mod tests;
