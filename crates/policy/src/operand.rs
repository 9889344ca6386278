//! The values of a policy's conditions, read once and compared often.

use crate::arn_pattern::ArnPattern;
use crate::context::Asked;
use crate::glob::Part;
use crate::pattern::{Pattern, filled_in};
use crate::template::{Piece, Template, Variables, Wildcards};
use crate::value::{self, Date, Network, Number};
use crate::{Operator, Test, Truth, Version};

/// A value to compare with, in the form that its operator needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Text(Pattern),
    AnyCase(Template),
    Number(Number),
    Date(Date),
    Bool(bool),
    /// A boolean that a variable is to bring.
    BoolText(Template),
    Bytes(Box<[u8]>),
    Network(Network),
    Arn(ArnPattern),
    /// Whether the key has to be absent.
    Null(bool),
    /// What its operator can't read. It fails closed.
    Unreadable,
}

/// A value that its operator can't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoOperand;

impl Operand {
    /// Reads a value of a policy of this version for this operator.
    pub(crate) fn read(text: &str, operator: Operator, version: Version) -> Result<Operand, NoOperand> {
        let variables = Variables::of(version);
        let template = |wildcards| Template::read(text, wildcards, variables).map_err(|_| NoOperand);
        let pattern = |wildcards| Pattern::read(text, wildcards, variables).map_err(|_| NoOperand);
        let read = match operator.test {
            Test::StringEquals => Some(Operand::Text(pattern(Wildcards::No)?)),
            Test::StringLike => Some(Operand::Text(pattern(Wildcards::Yes)?)),
            Test::StringEqualsIgnoreCase => Some(Operand::AnyCase(template(Wildcards::No)?)),
            Test::Numeric(_) => Number::read(text).map(Operand::Number),
            Test::Date(_) => Date::read(text).map(Operand::Date),
            Test::Bool => {
                let template = template(Wildcards::No)?;
                match template.0.iter().any(|piece| matches!(piece, Piece::Variable(_))) {
                    true => Some(Operand::BoolText(template)),
                    false => value::boolean(text).map(Operand::Bool),
                }
            }
            Test::Binary => value::bytes(text).map(|bytes| Operand::Bytes(bytes.into())),
            Test::IpAddress => Network::read(text).map(Operand::Network),
            Test::Arn => ArnPattern::of(template(Wildcards::Yes)?).map(Operand::Arn),
            Test::Null => value::boolean(text).map(Operand::Null),
        };
        read.ok_or(NoOperand)
    }

    /// Whether [`Operand::read`] succeeds.
    pub(crate) fn check(text: &str, operator: Operator, version: Version) -> Result<(), NoOperand> {
        match operator.test {
            Test::StringEquals | Test::StringLike | Test::StringEqualsIgnoreCase => {
                Template::check(text, Variables::of(version)).map_err(|_| NoOperand)
            }
            _ => Operand::read(text, operator, version).map(drop),
        }
    }

    /// Whether a value of the request passes `test` against this one; `None` when the request's value is nothing that
    /// the test can read.
    pub(crate) fn compare(&self, test: Test, value: &str, asked: &Asked<'_>) -> Option<Truth> {
        if asked.work.spend(0).is_err() {
            return Some(Truth::Unknown);
        }
        match (self, test) {
            (Operand::Text(pattern), _) => Some(pattern.matches(value, asked)),
            (Operand::AnyCase(template), _) => Some(filled_in(template, asked, |parts| {
                match asked.work.spend(value.len() * 8) {
                    Ok(()) => Truth::from(same_but_for_case(parts, value)),
                    Err(_) => Truth::Unknown,
                }
            })),
            (Operand::Number(number), Test::Numeric(order)) => {
                Number::read(value).map(|value| Truth::from(order.holds(&value, number)))
            }
            (Operand::Date(date), Test::Date(order)) => {
                Date::read(value).map(|value| Truth::from(order.holds(&value, date)))
            }
            (Operand::Bool(bool), _) => value::boolean(value).map(|value| Truth::from(value == *bool)),
            (Operand::BoolText(template), _) => {
                let value = value::boolean(value)?;
                Some(filled_in(template, asked, |parts| {
                    let truths = [true, false].map(|bool| same_but_for_case(parts, &bool.to_string()));
                    match truths {
                        [true, _] => Truth::from(value),
                        [_, true] => Truth::from(!value),
                        [false, false] => Truth::No,
                    }
                }))
            }
            (Operand::Bytes(bytes), _) => value::bytes(value).map(|value| Truth::from(value == **bytes)),
            (Operand::Network(network), _) => {
                value::address(value).map(|address| Truth::from(network.contains(&address)))
            }
            (Operand::Arn(pattern), _) => pattern.matches(value, asked),
            // `Null` looks at no value, and `read` gives each test its own operand.
            (Operand::Null(_) | Operand::Unreadable | Operand::Number(_) | Operand::Date(_), _) => {
                Some(Truth::Unknown)
            }
        }
    }
}

fn same_but_for_case(parts: &[Part<'_>], value: &str) -> bool {
    let ours = parts.iter().flat_map(|part| match part {
        Part::Text(text) => text.chars(),
        // There are no wildcards where case doesn't count.
        Part::One | Part::Run => "".chars(),
    });
    ours.flat_map(char::to_lowercase)
        .eq(value.chars().flat_map(char::to_lowercase))
}
