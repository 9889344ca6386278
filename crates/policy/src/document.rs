//! A policy as it was written, in types.

use arn::{AccountId, Arn};

use crate::{ConditionKey, Kind, Operator, Principal};

/// The language version a policy asks for. `V2008` when it names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`: `${…}` is literal text.
    V2008,
    /// `2012-10-17`: `${…}` is a policy variable.
    V2012,
}

/// What a matching statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The request is allowed unless something denies it.
    Allow,
    /// The request is denied, whatever allows it.
    Deny,
}

/// A parsed policy. It says what the text says; [`Policy::compile`] makes what decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What the policy is attached to.
    pub kind: Kind,
    /// The language version.
    pub version: Version,
    /// The policy's own name.
    pub id: Option<String>,
    /// The statements, in the order written.
    pub statements: Vec<Statement>,
}

/// One statement of a policy. It speaks of a request when each of its elements does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The statement's own name.
    pub sid: Option<String>,
    /// Allow or Deny.
    pub effect: Effect,
    /// Whom it speaks of. `None` in a policy of a caller, which speaks of that caller.
    pub principals: Option<Element<Principal>>,
    /// Which actions: `service:Name` with wildcards, or `*`. Without the element, a key policy's statement has no
    /// effect.
    pub actions: Option<Element<String>>,
    /// Which resources: ARNs with wildcards and variables, or `*`. Without the element, a key policy's statement has no
    /// effect; a trust policy speaks of its role.
    pub resources: Option<Element<String>>,
    /// What else has to hold: all of these.
    pub conditions: Vec<Condition>,
    /// Where it begins in the text: its opening brace.
    pub start: Position,
    /// Where it ends in the text: its closing brace.
    pub end: Position,
}

/// An element, or its `Not…` form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element<T> {
    /// Any of these.
    These(Vec<T>),
    /// Anything but these.
    Not(Vec<T>),
}

impl<T> Element<T> {
    /// The values listed.
    pub fn values(&self) -> &[T] {
        match self {
            Element::These(values) | Element::Not(values) => values,
        }
    }
}

/// One operator on one key: any of the values has to pass, and none where the operator is negated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// The key of the request that it looks at.
    pub key: ConditionKey,
    /// The values to compare with; numbers and booleans by their text.
    pub values: Vec<String>,
}

/// A place in a text: line and column of a character, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// The name of the one statement of [`Policy::unreadable`].
pub const UNREADABLE: &str = "This policy can not be read and denies everything";

impl Policy {
    /// What stands for a stored policy that can't be read: it denies everything to everybody, by a statement named
    /// [`UNREADABLE`].
    pub fn unreadable() -> Policy {
        let everything = || Some(Element::These(vec!["*".to_owned()]));
        Policy {
            kind: Kind::Resource,
            version: Version::V2012,
            id: None,
            statements: vec![Statement {
                sid: Some(UNREADABLE.to_owned()),
                effect: Effect::Deny,
                principals: Some(Element::These(vec![Principal::Anyone])),
                actions: everything(),
                resources: everything(),
                conditions: Vec::new(),
                start: Position { line: 1, column: 1 },
                end: Position { line: 1, column: 1 },
            }],
        }
    }

    /// Whether an Allow of it speaks of an action of a service, whatever the resources and conditions.
    pub fn gives(&self, service: &str) -> bool {
        let is_of = |action: &String| match action.split_once(':') {
            Some((of, _)) => of.eq_ignore_ascii_case(service),
            None => action == "*",
        };
        let allows = self
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Allow);
        allows
            .filter_map(|statement| statement.actions.as_ref())
            .any(|actions| match actions {
                Element::These(actions) => actions.iter().any(is_of),
                // All of the service may be left out.
                Element::Not(actions) => !actions
                    .iter()
                    .any(|action| action == "*" || action.eq_ignore_ascii_case(&format!("{service}:*"))),
            })
    }

    /// A policy that says nothing, and so allows nothing.
    pub fn silent(kind: Kind) -> Policy {
        Policy {
            kind,
            version: Version::V2012,
            id: None,
            statements: Vec::new(),
        }
    }

    /// The policy that a key gets when its creator gives none: the account decides by IAM policies.
    ///
    /// Source: KMS Developer Guide, "Default key policy".
    pub fn default_of_key(account: AccountId) -> Policy {
        Policy {
            kind: Kind::Key,
            version: Version::V2012,
            id: Some("key-default-1".to_owned()),
            statements: vec![Statement {
                sid: Some("Enable IAM User Permissions".to_owned()),
                effect: Effect::Allow,
                principals: Some(Element::These(vec![Principal::Account(account)])),
                actions: Some(Element::These(vec!["kms:*".to_owned()])),
                resources: Some(Element::These(vec!["*".to_owned()])),
                conditions: Vec::new(),
                start: Position { line: 4, column: 19 },
                end: Position { line: 12, column: 3 },
            }],
        }
    }

    /// The text of [`Policy::default_of_key`], spaced as AWS prints it.
    pub fn default_key_policy_text(account: AccountId) -> String {
        format!(
            r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "{}"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#,
            Arn::root_of(account)
        )
    }

    /// Checks that every statement has principals and that each names somebody, as AWS does when a resource policy is
    /// stored. `known` says which principals exist.
    pub fn resolve(&self, known: impl Fn(&Principal) -> bool) -> Result<(), Unresolved> {
        for statement in &self.statements {
            let principals = statement.principals.as_ref().ok_or(Unresolved(None))?;
            if let Some(stranger) = principals.values().iter().find(|principal| !known(principal)) {
                return Err(Unresolved(Some(stranger.clone())));
            }
        }
        Ok(())
    }
}

/// A principal of a policy that names nobody who is known; `None` for a statement without principals. `Display` is
/// KMS's message; IAM's is of the form `Invalid principal in policy: "AWS":"…"`, see [`Principal::element`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Policy contains a statement with one or more invalid principals.")]
pub struct Unresolved(pub Option<Principal>);
