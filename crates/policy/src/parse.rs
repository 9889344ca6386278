//! JSON text to a [`Policy`], with AWS's messages.

use std::fmt;

use arn::{AccountId, Arn};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{Actions, AwsPrincipal, Effect, Policy, Principals, Resources, Statement, Version, limits};

/// Why a text is no policy; `Display` is AWS's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not JSON, or not an object.
    #[error("This policy contains invalid Json")]
    Json,
    /// JSON that is no policy: an unknown, repeated, missing or ill-typed element.
    #[error("Syntax errors in policy.")]
    Syntax {
        /// What is wrong, for the operator.
        reason: String,
    },
    /// A version of the language that there is not.
    #[error("Policy document must be version 2012-10-17 or greater.")]
    Version,
    /// An action is not of the form `service:Name`.
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    Action,
    /// A resource is neither `*` nor an ARN.
    #[error("Resource {0} must be in ARN format or \"*\".")]
    Resource(String),
    /// Two statements share a name.
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    Sid,
    /// A character outside tab, line feed, carriage return and U+0020 to U+00FF.
    #[error("Policy contains invalid characters.")]
    Character,
}

impl Policy {
    /// Parses the policy of a key. Its length is the caller's to check, against
    /// [`limits::KEY_POLICY_BYTES`], since that has an error of its own.
    pub fn parse(text: &str) -> Result<Policy, Malformed> {
        let legal = |letter: char| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{FF}');
        if !text.chars().all(legal) {
            return Err(Malformed::Character);
        }
        let value: Node = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => syntax(error.to_string()),
            _ => Malformed::Json,
        })?;
        document(value)
    }
}

fn syntax(reason: impl Into<String>) -> Malformed {
    Malformed::Syntax {
        reason: reason.into(),
    }
}

/// JSON with its repeated keys refused and its depth bounded.
enum Node {
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
    Scalar,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Node, D::Error> {
        Depth(limits::DEPTH).deserialize_in(source)
    }
}

#[derive(Clone, Copy)]
struct Depth(usize);

impl Depth {
    fn deserialize_in<'de, D: Deserializer<'de>>(self, source: D) -> Result<Node, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> de::DeserializeSeed<'de> for Depth {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Node, D::Error> {
        self.deserialize_in(source)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Err(E::custom("null stands for nothing in a policy"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element_seed(self.deeper()?)? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            members.push((name, map.next_value_seed(self.deeper()?)?));
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(de::Error::custom("a key is repeated"));
        }
        Ok(Node::Object(members))
    }
}

impl Depth {
    fn deeper<E: de::Error>(self) -> Result<Depth, E> {
        self.0
            .checked_sub(1)
            .map(Depth)
            .ok_or_else(|| E::custom("nested too deep"))
    }
}

fn document(node: Node) -> Result<Policy, Malformed> {
    let Node::Object(members) = node else {
        return Err(Malformed::Json);
    };
    let mut version = Version::V2008;
    let mut statements = None;
    for (name, node) in members {
        match name.as_str() {
            "Version" => {
                version = match text(node, "Version")?.as_str() {
                    "2012-10-17" => Version::V2012,
                    "2008-10-17" => Version::V2008,
                    _ => return Err(Malformed::Version),
                }
            }
            "Id" => drop(text(node, "Id")?),
            "Statement" => {
                let nodes = match node {
                    Node::List(nodes) => nodes,
                    single => vec![single],
                };
                statements = Some(nodes.into_iter().map(statement).collect::<Result<Vec<_>, _>>()?);
            }
            unknown => return Err(syntax(format!("unknown element {unknown}"))),
        }
    }
    let statements = statements.ok_or_else(|| syntax("no Statement"))?;
    let mut sids: Vec<&str> = statements
        .iter()
        .filter_map(|statement| statement.sid.as_deref())
        .collect();
    sids.sort_unstable();
    if sids.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Malformed::Sid);
    }
    Ok(Policy { version, statements })
}

fn statement(node: Node) -> Result<Statement, Malformed> {
    let Node::Object(members) = node else {
        return Err(syntax("a statement is an object"));
    };
    let (mut sid, mut effect, mut conditional) = (None, None, false);
    let (mut who, mut what, mut which) = (None, None, None);
    for (name, node) in members {
        match name.as_str() {
            "Sid" => sid = Some(text(node, "Sid")?),
            "Effect" => {
                effect = Some(match text(node, "Effect")?.as_str() {
                    "Allow" => Effect::Allow,
                    "Deny" => Effect::Deny,
                    _ => return Err(syntax("Effect is Allow or Deny")),
                });
            }
            "Principal" => once(&mut who, principals(node, &name)?)?,
            "NotPrincipal" => match principals(node, &name)? {
                Principals::These { aws, .. } | Principals::Not(aws) => once(&mut who, Principals::Not(aws))?,
            },
            "Action" => once(&mut what, Actions::These(actions(node, &name)?))?,
            "NotAction" => once(&mut what, Actions::Not(actions(node, &name)?))?,
            "Resource" => once(&mut which, Resources::These(resources(node, &name)?))?,
            "NotResource" => once(&mut which, Resources::Not(resources(node, &name)?))?,
            "Condition" => {
                condition(&node)?;
                conditional = true;
            }
            unknown => return Err(syntax(format!("unknown element {unknown}"))),
        }
    }
    let effect = effect.ok_or_else(|| syntax("a statement has no Effect"))?;
    Ok(Statement {
        sid,
        effect,
        principals: who,
        actions: what,
        resources: which,
        conditional,
    })
}

/// An element and its `Not…` form exclude each other.
fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Malformed> {
    if slot.replace(value).is_some() {
        return Err(syntax("an element stands beside its Not form"));
    }
    Ok(())
}

fn principals(node: Node, element: &str) -> Result<Principals, Malformed> {
    let members = match node {
        Node::Text(star) if star == "*" => {
            return Ok(Principals::These {
                aws: vec![AwsPrincipal::Anyone],
                others: Vec::new(),
            });
        }
        Node::Object(members) if !members.is_empty() => members,
        _ => return Err(syntax(format!("{element} is \"*\" or an object"))),
    };
    let (mut aws, mut others) = (Vec::new(), Vec::new());
    for (kind, node) in members {
        match kind.as_str() {
            "AWS" => aws.extend(texts(node, element)?.iter().map(|text| aws_principal(text))),
            "Service" | "Federated" | "CanonicalUser" => others.extend(texts(node, element)?),
            unknown => return Err(syntax(format!("unknown kind of principal {unknown}"))),
        }
    }
    if aws.is_empty() && others.is_empty() {
        return Err(syntax(format!("{element} names nobody")));
    }
    Ok(Principals::These { aws, others })
}

fn aws_principal(text: &str) -> AwsPrincipal {
    if text == "*" {
        return AwsPrincipal::Anyone;
    }
    if let Ok(account) = text.parse::<AccountId>() {
        return AwsPrincipal::Account(account);
    }
    match text.parse::<Arn>() {
        Ok(arn) => match arn.account() {
            Some(account)
                if arn.service() == "iam" && arn.region().is_empty() && arn.resource() == "root" =>
            {
                AwsPrincipal::Account(account)
            }
            _ => AwsPrincipal::Arn(arn),
        },
        Err(_) => AwsPrincipal::Other(text.to_owned()),
    }
}

fn actions(node: Node, element: &str) -> Result<Vec<String>, Malformed> {
    let actions = texts(node, element)?;
    let vendored = |action: &String| match action.split_once(':') {
        Some((service, name)) => {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !service.is_empty() && !name.is_empty() && service.bytes().all(legal)
        }
        None => action == "*",
    };
    if !actions.iter().all(vendored) {
        return Err(Malformed::Action);
    }
    Ok(actions
        .into_iter()
        .map(|action| action.to_ascii_lowercase())
        .collect())
}

fn resources(node: Node, element: &str) -> Result<Vec<String>, Malformed> {
    let resources = texts(node, element)?;
    let located = |resource: &&String| {
        let parts = resource.split(':').count();
        *resource == "*" || resource.starts_with("arn:") && (parts >= 6 || resource.contains('*'))
    };
    match resources.iter().find(|resource| !located(resource)) {
        Some(stray) => Err(Malformed::Resource(stray.clone())),
        None => Ok(resources),
    }
}

/// Operator → key → value or list of values, none of which is evaluated yet.
fn condition(node: &Node) -> Result<(), Malformed> {
    let wrong = || syntax("Condition is an object of operators, each an object of keys with their values");
    let Node::Object(operators) = node else {
        return Err(wrong());
    };
    for (operator, keys) in operators {
        if !is_operator(operator) {
            return Err(syntax(format!("unknown operator {operator}")));
        }
        let Node::Object(keys) = keys else {
            return Err(wrong());
        };
        for (_, values) in keys {
            let scalar = |node: &Node| matches!(node, Node::Text(_) | Node::Scalar);
            match values {
                Node::List(values) if values.iter().all(scalar) => {}
                single if scalar(single) => {}
                _ => return Err(wrong()),
            }
        }
    }
    Ok(())
}

/// The operators of conditions, which compare without case. Source: IAM User Guide, "IAM JSON policy elements:
/// Condition operators".
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
];

/// Whether this is an operator, with `ForAllValues:` or `ForAnyValue:` before it and `IfExists` behind it where those
/// may stand. Names of operators are case-sensitive.
fn is_operator(text: &str) -> bool {
    if text == "Null" {
        return true;
    }
    let single = ["ForAllValues:", "ForAnyValue:"]
        .iter()
        .find_map(|set| text.strip_prefix(set));
    let single = single.unwrap_or(text);
    let single = single.strip_suffix("IfExists").unwrap_or(single);
    OPERATORS.contains(&single)
}

fn text(node: Node, element: &str) -> Result<String, Malformed> {
    match node {
        Node::Text(text) => Ok(text),
        _ => Err(syntax(format!("{element} is not a string"))),
    }
}

/// A list of strings, or one string that stands for a list of one.
fn texts(node: Node, element: &str) -> Result<Vec<String>, Malformed> {
    match node {
        Node::Text(single) => Ok(vec![single]),
        Node::List(nodes) => nodes.into_iter().map(|node| text(node, element)).collect(),
        _ => Err(syntax(format!(
            "{element} is neither a string nor a list of strings"
        ))),
    }
}
