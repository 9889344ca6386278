//! JSON text to a [`Policy`].

use crate::json::{self, Node, NotJson, Value};
use crate::operand::Operand;
use crate::template::{Template, Variables};
use crate::{
    Condition, ConditionKey, Effect, Element, Kind, Malformed, Operator, Policy, Position, Principal,
    Statement, Version, limits,
};

impl Policy {
    /// Parses a policy of this kind. AWS's limits of length are the caller's to check, since they have errors of their
    /// own; beyond [`limits::DOCUMENT_BYTES`] nothing is read.
    ///
    /// What the language has and this can't evaluate is refused too: a number, date, network, binary value, boolean or
    /// ARN pattern that is none, a variable that is none.
    pub fn parse(text: &str, kind: Kind) -> Result<Policy, Malformed> {
        if text.len() > limits::DOCUMENT_BYTES {
            return Err(Malformed::syntax("the document is too long"));
        }
        if !is_legal(text) {
            return Err(Malformed::Character);
        }
        let node = json::read(text).map_err(|error| match error {
            NotJson::Malformed => Malformed::Json,
            NotJson::Repeated => Malformed::syntax("a name is repeated"),
            NotJson::Deep => Malformed::syntax("nested too deep"),
        })?;
        let policy = Reader {
            kind,
            places: Places::of(text),
        }
        .policy(node)?;
        kind.check(&policy)?;
        Ok(policy)
    }
}

/// Whether every character is a tab, a line feed, a carriage return, or from U+0020 to U+00FF.
fn is_legal(text: &str) -> bool {
    let plain = |byte: &u8| matches!(byte, b' '..=0x7F | b'\t' | b'\n' | b'\r');
    let legal = |letter: char| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{FF}');
    // Whole blocks at a time, which the compiler makes fast.
    let mut blocks = text.as_bytes().chunks(64);
    blocks.all(|block| block.iter().fold(true, |all, byte| all & plain(byte))) || text.chars().all(legal)
}

/// Characters of a policy but for white space, which is how IAM counts them against its limits.
///
/// Source: IAM User Guide, "IAM and STS quotas", "IAM and STS character limits".
pub fn significant_length(text: &str) -> usize {
    text.chars().filter(|letter| !letter.is_whitespace()).count()
}

struct Reader {
    kind: Kind,
    places: Places,
}

impl Reader {
    fn policy(&self, node: Node<'_>) -> Result<Policy, Malformed> {
        let Value::Object(members) = node.value else {
            return Err(Malformed::Json);
        };
        let (mut version, mut id, mut statements) = (Version::V2008, None, None);
        for (name, node) in members {
            match &*name {
                "Version" => version = self.version(&text(node, "Version")?)?,
                "Id" => id = Some(text(node, "Id")?),
                "Statement" => statements = Some(node),
                unknown => return Err(Malformed::syntax(format!("unknown element {unknown}"))),
            }
        }
        let nodes = match statements {
            None => return Err(Malformed::syntax("no Statement")),
            Some(Node {
                value: Value::List(nodes),
                ..
            }) => nodes,
            Some(single) => vec![single],
        };
        if nodes.len() > limits::STATEMENTS {
            return Err(Malformed::syntax("too many statements"));
        }
        let statements = nodes.into_iter().map(|node| self.statement(node, version));
        Ok(Policy {
            kind: self.kind,
            version,
            id,
            statements: statements.collect::<Result<_, _>>()?,
        })
    }

    fn version(&self, text: &str) -> Result<Version, Malformed> {
        match (text, self.kind) {
            ("2012-10-17", _) => Ok(Version::V2012),
            ("2008-10-17", _) => Ok(Version::V2008),
            (_, Kind::Trust) => Err(Malformed::TrustVersion),
            _ => Err(Malformed::Version),
        }
    }

    fn statement(&self, node: Node<'_>, version: Version) -> Result<Statement, Malformed> {
        let (start, end) = (self.places.of_byte(node.start), self.places.of_byte(node.last));
        let Value::Object(members) = node.value else {
            return Err(Malformed::syntax("a statement is an object"));
        };
        let (mut sid, mut effect, mut conditions) = (None, None, Vec::new());
        let (mut principals, mut actions, mut resources) = (None, None, None);
        for (name, node) in members {
            match &*name {
                "Sid" => sid = Some(text(node, "Sid")?),
                "Effect" => effect = Some(effect_of(&text(node, "Effect")?)?),
                "Principal" => once(&mut principals, Element::These(self.principals(node, &name)?))?,
                "NotPrincipal" => once(&mut principals, Element::Not(self.principals(node, &name)?))?,
                "Action" => once(&mut actions, Element::These(texts(node, &name)?))?,
                "NotAction" => once(&mut actions, Element::Not(several(texts(node, &name)?, &name)?))?,
                "Resource" => once(&mut resources, Element::These(texts(node, &name)?))?,
                "NotResource" => once(&mut resources, Element::Not(several(texts(node, &name)?, &name)?))?,
                "Condition" => conditions = conditions_of(node, version)?,
                unknown => return Err(Malformed::syntax(format!("unknown element {unknown}"))),
            }
        }
        for resource in resources.iter().flat_map(Element::values) {
            Template::check(resource, Variables::of(version))
                .map_err(|_| Malformed::syntax(format!("{resource} has a variable that is none")))?;
        }
        Ok(Statement {
            sid,
            effect: effect.ok_or_else(|| match self.kind {
                Kind::Trust => Malformed::Missing("Effect"),
                _ => Malformed::syntax("a statement has no Effect"),
            })?,
            principals,
            actions,
            resources,
            conditions,
            start,
            end,
        })
    }

    fn principals(&self, node: Node<'_>, element: &str) -> Result<Vec<Principal>, Malformed> {
        let members = match node.value {
            Value::Text(star) if star == "*" => return Ok(vec![Principal::Anyone]),
            Value::Object(members) => members,
            _ => return Err(Malformed::syntax(format!("{element} is \"*\" or an object"))),
        };
        let mut principals = Vec::new();
        for (name, node) in members {
            let read: fn(String) -> Principal = match &*name {
                "AWS" => |text: String| Principal::of_aws(&text),
                "Service" => Principal::Service,
                "Federated" => Principal::Federated,
                "CanonicalUser" => Principal::CanonicalUser,
                unknown => return Err(Malformed::syntax(format!("unknown kind of principal {unknown}"))),
            };
            principals.extend(texts(node, element)?.into_iter().map(read));
        }
        match (principals.is_empty(), self.kind) {
            (false, _) => Ok(principals),
            (true, Kind::Trust) => Err(Malformed::TrustNobody),
            (true, _) => Err(Malformed::syntax(format!("{element} names nobody"))),
        }
    }
}

fn effect_of(text: &str) -> Result<Effect, Malformed> {
    match text {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        _ => Err(Malformed::syntax("Effect is Allow or Deny")),
    }
}

/// Operator → key → value or list of values.
fn conditions_of(node: Node<'_>, version: Version) -> Result<Vec<Condition>, Malformed> {
    let wrong =
        || Malformed::syntax("Condition is an object of operators, each an object of keys with their values");
    let Value::Object(operators) = node.value else {
        return Err(wrong());
    };
    let mut conditions = Vec::new();
    for (name, node) in operators {
        let operator =
            Operator::named(&name).ok_or_else(|| Malformed::syntax(format!("unknown operator {name}")))?;
        let Value::Object(keys) = node.value else {
            return Err(wrong());
        };
        for (key, node) in keys {
            let nodes = match node.value {
                Value::List(nodes) => nodes,
                single => vec![Node {
                    value: single,
                    ..node
                }],
            };
            let mut values = Vec::with_capacity(nodes.len());
            for node in nodes {
                values.push(match node.value {
                    Value::Text(text) => text.into_owned(),
                    Value::Scalar(text) => text.to_owned(),
                    Value::Null | Value::List(_) | Value::Object(_) => return Err(wrong()),
                });
            }
            for value in &values {
                Operand::check(value, operator, version)
                    .map_err(|_| Malformed::syntax(format!("{value} is no value of {name}")))?;
            }
            conditions.push(Condition {
                operator,
                key: ConditionKey::new(&key).ok_or(Malformed::Vendorless)?,
                values: bounded(values, &key)?,
            });
        }
    }
    Ok(conditions)
}

/// An element and its `Not…` form exclude each other.
fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Malformed> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Malformed::syntax("an element stands beside its Not form")),
    }
}

fn text(node: Node<'_>, element: &str) -> Result<String, Malformed> {
    match node.value {
        Value::Text(text) => Ok(text.into_owned()),
        _ => Err(Malformed::syntax(format!("{element} is not a string"))),
    }
}

/// A list of strings, or one string that stands for a list of one.
fn texts(node: Node<'_>, element: &str) -> Result<Vec<String>, Malformed> {
    match node.value {
        Value::Text(single) => Ok(vec![single.into_owned()]),
        Value::List(nodes) => {
            let mut texts = Vec::with_capacity(nodes.len());
            for node in nodes {
                texts.push(text(node, element)?);
            }
            bounded(texts, element)
        }
        _ => Err(Malformed::syntax(format!(
            "{element} is neither a string nor a list of strings"
        ))),
    }
}

fn bounded(values: Vec<String>, element: &str) -> Result<Vec<String>, Malformed> {
    if values.len() > limits::VALUES {
        return Err(Malformed::syntax(format!("{element} has too many values")));
    }
    Ok(values)
}

/// Everything but nothing would be everything; that isn't taken to be meant.
fn several(values: Vec<String>, element: &str) -> Result<Vec<String>, Malformed> {
    if values.is_empty() {
        return Err(Malformed::syntax(format!("{element} has no values")));
    }
    Ok(values)
}

/// Turns bytes of a text into lines and columns.
struct Places {
    /// Where lines begin.
    lines: Vec<usize>,
    /// The bytes that continue a character.
    continuing: Vec<usize>,
}

impl Places {
    fn of(text: &str) -> Places {
        let (mut lines, mut continuing) = (vec![0], Vec::new());
        let special = |byte: &u8| *byte == b'\n' || *byte >= 0x80;
        let blocks = text.as_bytes().chunks(64).enumerate();
        for (block_at, block) in
            blocks.filter(|(_, block)| block.iter().fold(false, |any, byte| any | special(byte)))
        {
            for (at, byte) in block.iter().enumerate() {
                let at = block_at * 64 + at;
                match byte {
                    b'\n' => lines.push(at + 1),
                    0x80..=0xBF => continuing.push(at),
                    _ => {}
                }
            }
        }
        Places { lines, continuing }
    }

    fn of_byte(&self, at: usize) -> Position {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self
            .lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let continuing = |end: usize| self.continuing.partition_point(|byte| *byte < end);
        let column = (at - start) - (continuing(at) - continuing(start)) + 1;
        Position { line, column }
    }
}
