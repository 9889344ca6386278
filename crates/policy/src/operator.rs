//! The operators of conditions.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".

use std::fmt;

/// An operator as it stands in a policy, such as `ForAllValues:StringLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// How it treats a key with several values.
    pub set: Set,
    /// What it tests of one value.
    pub test: Test,
    /// Whether it holds where the test fails for each of the policy's values.
    pub negated: bool,
    /// Whether it holds where the key is absent.
    pub if_exists: bool,
}

/// How an operator treats a key with several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// The key is to have one value.
    One,
    /// `ForAllValues:`: each value of the request passes; an absent key does.
    All,
    /// `ForAnyValue:`: a value of the request passes; an absent key doesn't.
    Any,
}

/// What an operator tests of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// The same text.
    StringEquals,
    /// The same text but for case.
    StringEqualsIgnoreCase,
    /// A text that the pattern matches.
    StringLike,
    /// A number, compared.
    Numeric(Order),
    /// A point in time, compared.
    Date(Order),
    /// The same of true and false.
    Bool,
    /// The same bytes.
    Binary,
    /// An IP address within the network.
    IpAddress,
    /// An ARN that the pattern matches part by part.
    Arn,
    /// Whether the key is absent.
    Null,
}

/// How two values are to stand to each other: the request's first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Equal.
    Equal,
    /// Less.
    Less,
    /// Less, or equal.
    LessOrEqual,
    /// Greater.
    Greater,
    /// Greater, or equal.
    GreaterOrEqual,
}

/// Every operator without prefix and suffix: its name, what it tests, and whether it is negated.
const OPERATORS: &[(&str, Test, bool)] = &[
    ("StringEquals", Test::StringEquals, false),
    ("StringNotEquals", Test::StringEquals, true),
    ("StringEqualsIgnoreCase", Test::StringEqualsIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Test::StringEqualsIgnoreCase, true),
    ("StringLike", Test::StringLike, false),
    ("StringNotLike", Test::StringLike, true),
    ("NumericEquals", Test::Numeric(Order::Equal), false),
    ("NumericNotEquals", Test::Numeric(Order::Equal), true),
    ("NumericLessThan", Test::Numeric(Order::Less), false),
    ("NumericLessThanEquals", Test::Numeric(Order::LessOrEqual), false),
    ("NumericGreaterThan", Test::Numeric(Order::Greater), false),
    (
        "NumericGreaterThanEquals",
        Test::Numeric(Order::GreaterOrEqual),
        false,
    ),
    ("DateEquals", Test::Date(Order::Equal), false),
    ("DateNotEquals", Test::Date(Order::Equal), true),
    ("DateLessThan", Test::Date(Order::Less), false),
    ("DateLessThanEquals", Test::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Test::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Test::Date(Order::GreaterOrEqual), false),
    ("Bool", Test::Bool, false),
    ("BinaryEquals", Test::Binary, false),
    ("IpAddress", Test::IpAddress, false),
    ("NotIpAddress", Test::IpAddress, true),
    // The first of a pair is the name that is printed.
    ("ArnLike", Test::Arn, false),
    ("ArnNotLike", Test::Arn, true),
    ("ArnEquals", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("Null", Test::Null, false),
];

impl Operator {
    /// Every operator without prefix and suffix, by name. `ArnEquals` is `ArnLike` by another name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        OPERATORS.iter().map(|(name, _, _)| *name)
    }

    /// The operator of this name, which is case-sensitive. `Null` stands alone, without prefix and suffix.
    pub fn named(name: &str) -> Option<Operator> {
        let (set, rest) = match (
            name.strip_prefix("ForAllValues:"),
            name.strip_prefix("ForAnyValue:"),
        ) {
            (Some(rest), _) => (Set::All, rest),
            (_, Some(rest)) => (Set::Any, rest),
            _ => (Set::One, name),
        };
        let (if_exists, rest) = match rest.strip_suffix("IfExists") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (_, test, negated) = OPERATORS.iter().find(|(name, _, _)| *name == rest)?;
        if *test == Test::Null && name != rest {
            return None;
        }
        Some(Operator {
            set,
            test: *test,
            negated: *negated,
            if_exists,
        })
    }

    /// Whether the policy's values may hold variables.
    ///
    /// Source: IAM User Guide, "IAM policy elements: Variables and tags", "Where you can use policy variables".
    pub fn takes_variables(self) -> bool {
        match self.test {
            Test::StringEquals | Test::StringEqualsIgnoreCase | Test::StringLike | Test::Arn | Test::Bool => {
                true
            }
            Test::Numeric(_) | Test::Date(_) | Test::Binary | Test::IpAddress | Test::Null => false,
        }
    }
}

impl Order {
    /// Whether `left` stands so to `right`.
    pub(crate) fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Order::Equal => left == right,
            Order::Less => left < right,
            Order::LessOrEqual => left <= right,
            Order::Greater => left > right,
            Order::GreaterOrEqual => left >= right,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.set {
            Set::One => "",
            Set::All => "ForAllValues:",
            Set::Any => "ForAnyValue:",
        })?;
        let row = OPERATORS
            .iter()
            .find(|(_, test, negated)| *test == self.test && *negated == self.negated);
        // INVARIANT: `named` takes test and negation from this table.
        f.write_str(row.map_or("", |(name, _, _)| *name))?;
        f.write_str(if self.if_exists { "IfExists" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_is_named_by_its_own_print() {
        for name in Operator::names() {
            let operator = Operator::named(name).unwrap();
            assert_eq!(Operator::named(&operator.to_string()), Some(operator));
            for (set, suffix) in [
                ("ForAllValues:", ""),
                ("ForAnyValue:", "IfExists"),
                ("", "IfExists"),
            ] {
                let form = format!("{set}{name}{suffix}");
                match Operator::named(&form) {
                    Some(operator) => assert_eq!(Operator::named(&operator.to_string()), Some(operator)),
                    None => assert_eq!(name, "Null", "{form}"),
                }
            }
        }
    }

    #[test]
    fn what_is_no_operator_is_none() {
        for name in [
            "",
            "IfExists",
            "NullIfExists",
            "ForAllValues:",
            "ForAllValues:Null",
            "ForSome:StringEquals",
            "ForAllValues:ForAnyValue:StringEquals",
            "StringEqualsIfExistsIfExists",
            "Equals",
            "stringlike",
        ] {
            assert_eq!(Operator::named(name), None, "{name}");
        }
    }
}
