//! The policy language: parse, compile, evaluate, explain. Pure, total and bounded on any input.
//!
//! [`Policy::parse`] reads a document of a given [`Kind`] and refuses what that kind may not hold, in AWS's words.
//! [`Policy::compile`] makes of it what decides: [`Compiled::decide`] says what the policy says to a [`Question`], and
//! which statement says it. The request's values come from the [`Context`] that the question brings.
//!
//! What can't be evaluated fails closed: it makes an `Allow` not match and a `Deny` match. That is a value this product
//! doesn't supply ([`Found::Unknown`]), a text too long to be compared, or work beyond [`limits::WORK`].
//!
//! How the decisions of several policies come together is the gate's.
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language" and "Policy evaluation logic".

mod action;
mod arn_pattern;
mod caller;
mod compile;
mod condition;
mod context;
mod decide;
mod document;
mod glob;
mod json;
mod key;
mod kind;
pub mod limits;
mod malformed;
mod operand;
mod operator;
mod parse;
mod pattern;
mod principal;
mod rule;
mod template;
mod truth;
mod value;
mod work;

pub use caller::{Caller, Entity, Strength};
pub use compile::Compiled;
pub use context::{Context, Found, Nothing, Question};
pub use decide::{Decision, Matched};
pub use document::{
    Condition, Effect, Element, Policy, Position, Statement, UNREADABLE, Unresolved, Version,
};
pub use key::ConditionKey;
pub use kind::Kind;
pub use malformed::Malformed;
pub use operator::{Operator, Order, Set, Test};
pub use parse::significant_length;
pub use principal::Principal;
pub use rule::Source;

use truth::Truth;

#[cfg(test)]
mod tests;
