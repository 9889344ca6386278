//! A policy as it was written, in types.

use std::fmt;

use arn::{AccountId, Arn};

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

/// A parsed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The language version.
    pub version: Version,
    /// The statements, in the order written.
    pub statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The statement's own name.
    pub sid: Option<String>,
    /// Allow or Deny.
    pub effect: Effect,
    /// Whom it speaks of; `None` where it has no such element.
    pub principals: Option<Principals>,
    /// Which actions; `None` where it has no such element, and then it has no effect in a key policy.
    pub actions: Option<Actions>,
    /// Which resources; `None` where it has no such element, and then it has no effect in a key policy.
    pub resources: Option<Resources>,
    /// Whether it has a `Condition` element, which is not evaluated yet.
    pub conditional: bool,
}

/// The `Principal` or `NotPrincipal` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    /// `Principal`: anyone among these. Services and federated identities are kept apart as text.
    These {
        /// Under `AWS`, or `*`.
        aws: Vec<AwsPrincipal>,
        /// Under `Service`, `Federated` or `CanonicalUser`.
        others: Vec<String>,
    },
    /// `NotPrincipal`, which is not evaluated yet.
    Not(Vec<AwsPrincipal>),
}

/// One value under `AWS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsPrincipal {
    /// `*`.
    Anyone,
    /// `111122223333` or `arn:aws:iam::111122223333:root`.
    Account(AccountId),
    /// A user, role or session by its ARN.
    Arn(Arn),
    /// Anything else, such as the unique id of a deleted user; it matches nobody.
    Other(String),
}

/// The `Action` or `NotAction` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actions {
    /// `Action`: patterns, lower-cased, since actions compare without case.
    These(Vec<String>),
    /// `NotAction`, which is not evaluated yet.
    Not(Vec<String>),
}

/// The `Resource` or `NotResource` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resources {
    /// `Resource`: ARN patterns or `*`.
    These(Vec<String>),
    /// `NotResource`, which is not evaluated yet.
    Not(Vec<String>),
}

/// A principal of a policy that names nobody who is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Policy contains a statement with one or more invalid principals.")]
pub struct Unresolved {
    /// The principal as it was written, for the operator.
    pub principal: String,
}

impl Policy {
    /// The policy that a key gets when its creator gives none: the account decides by IAM policies.
    ///
    /// Source: KMS Developer Guide, "Default key policy".
    pub fn default_of_key(account: AccountId) -> Policy {
        Policy {
            version: Version::V2012,
            statements: vec![Statement {
                sid: Some("Enable IAM User Permissions".to_owned()),
                effect: Effect::Allow,
                principals: Some(Principals::These {
                    aws: vec![AwsPrincipal::Account(account)],
                    others: Vec::new(),
                }),
                actions: Some(Actions::These(vec!["kms:*".to_owned()])),
                resources: Some(Resources::These(vec!["*".to_owned()])),
                conditional: false,
            }],
        }
    }

    /// What takes the place of a policy that can't be read: it denies everything, whoever asks.
    pub fn denying_everything() -> Policy {
        Policy {
            version: Version::V2012,
            statements: vec![Statement {
                sid: None,
                effect: Effect::Deny,
                principals: Some(Principals::These {
                    aws: vec![AwsPrincipal::Anyone],
                    others: Vec::new(),
                }),
                actions: Some(Actions::These(vec!["*".to_owned()])),
                resources: Some(Resources::These(vec!["*".to_owned()])),
                conditional: false,
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
      "AWS" : "arn:aws:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
        )
    }

    /// Checks that every principal names somebody, as AWS does when a resource policy is stored. `known` says
    /// which principals exist.
    pub fn resolve(&self, known: impl Fn(&AwsPrincipal) -> bool) -> Result<(), Unresolved> {
        let unresolved = |principal: String| Err(Unresolved { principal });
        for statement in &self.statements {
            let aws = match &statement.principals {
                None => return unresolved("a statement without Principal".to_owned()),
                Some(Principals::These { others, .. }) if !others.is_empty() => {
                    return unresolved(others.join(", "));
                }
                Some(Principals::These { aws, .. } | Principals::Not(aws)) => aws,
            };
            if let Some(stranger) = aws.iter().find(|principal| !known(principal)) {
                return unresolved(stranger.to_string());
            }
        }
        Ok(())
    }
}

impl fmt::Display for AwsPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AwsPrincipal::Anyone => f.write_str("*"),
            AwsPrincipal::Account(account) => write!(f, "arn:aws:iam::{account}:root"),
            AwsPrincipal::Arn(arn) => arn.fmt(f),
            AwsPrincipal::Other(text) => f.write_str(text),
        }
    }
}
