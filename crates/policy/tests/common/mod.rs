//! What the tests of decisions share.
#![allow(dead_code, unreachable_pub, reason = "each test program uses its part")]

pub mod interpreter;

use std::borrow::Cow;
use std::collections::BTreeMap;

use arn::Arn;
use policy::{Caller, ConditionKey, Context, Entity, Found, Strength};
use serde_json::Value;

pub const ACCOUNT: &str = "111122223333";

/// A request's values by lower-cased key.
#[derive(Debug, Clone, Default)]
pub struct Request(pub BTreeMap<String, Given>);

#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Unknown,
    One(String),
    Many(Vec<String>),
}

impl Context for Request {
    fn find(&self, key: &ConditionKey) -> Found<'_> {
        match self.0.get(key.as_str()) {
            None => Found::Absent,
            Some(Given::Unknown) => Found::Unknown,
            Some(Given::One(value)) => Found::One(Cow::Borrowed(value)),
            Some(Given::Many(values)) => Found::texts(values.iter().map(String::as_str)),
        }
    }
}

impl Request {
    /// From JSON: a string is one value, a list several, `{}` is unknown, null is absent.
    pub fn of(values: &Value) -> Request {
        let mut request = Request::default();
        for (key, value) in values.as_object().into_iter().flatten() {
            request.give(key, value);
        }
        request
    }

    pub fn give(&mut self, key: &str, value: &Value) {
        let text = |value: &Value| value.as_str().expect("a value is a string").to_owned();
        let given = match value {
            Value::Null => return,
            Value::Object(_) => Given::Unknown,
            Value::Array(values) => Given::Many(values.iter().map(text).collect()),
            one => Given::One(text(one)),
        };
        self.0.insert(key.to_lowercase(), given);
    }
}

/// A caller with what it borrows.
#[derive(Debug, Clone)]
pub enum Owned {
    Root(String),
    User(Arn, String),
    Session { role: Arn, id: String, arn: Arn },
    Federated(Arn, Option<(Arn, String)>),
    Service(String),
    Provider(String),
    Anonymous,
}

impl Owned {
    /// From its ARN or name: a user, role session, federated user, root user, service or provider, or nobody.
    pub fn of(text: &str) -> Owned {
        let parsed = text.parse::<Arn>();
        let id = |prefix: &str, name: &str| format!("{prefix}{:X<17}", name.to_uppercase());
        match parsed {
            Ok(arn) if arn.resource() == "root" => Owned::Root(arn.account().unwrap().to_string()),
            Ok(arn) if arn.resource().starts_with("user/") => {
                let id = id("AIDA", arn.resource().rsplit('/').next().unwrap());
                Owned::User(arn, id)
            }
            Ok(arn) if arn.resource().starts_with("assumed-role/") => {
                let name = arn.resource().split('/').nth(1).unwrap().to_owned();
                let role = format!("arn:aws:iam::{}:role/{name}", arn.account().unwrap());
                Owned::Session {
                    role: role.parse().unwrap(),
                    id: id("AROA", &name),
                    arn,
                }
            }
            Ok(arn) if arn.resource().starts_with("federated-user/") => {
                let user = format!("arn:aws:iam::{}:user/eve", arn.account().unwrap());
                Owned::Federated(arn, Some((user.parse().unwrap(), id("AIDA", "eve"))))
            }
            Ok(arn) => Owned::Provider(arn.to_string()),
            Err(_) if text == "anonymous" => Owned::Anonymous,
            Err(_) if text.ends_with(".amazonaws.com") => Owned::Service(text.to_owned()),
            Err(_) => Owned::Provider(text.to_owned()),
        }
    }

    pub fn caller(&self) -> Caller<'_> {
        match self {
            Owned::Root(account) => Caller::Root(account.parse().unwrap()),
            Owned::User(arn, id) => Caller::User(Entity { arn, id }),
            Owned::Session { role, id, arn } => Caller::Session {
                role: Entity { arn: role, id },
                arn,
            },
            Owned::Federated(arn, user) => Caller::Federated {
                arn,
                user: user.as_ref().map(|(arn, id)| Entity { arn, id }),
            },
            Owned::Service(name) => Caller::Service(name),
            Owned::Provider(name) => Caller::Provider(name),
            Owned::Anonymous => Caller::Anonymous,
        }
    }
}

/// What a decision comes to, without the statement it names, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Deny,
    Silent,
    Allow(Strength),
}

impl Outcome {
    pub fn of(decision: policy::Decision<'_>) -> Outcome {
        match decision {
            policy::Decision::Deny(_) => Outcome::Deny,
            policy::Decision::Silent => Outcome::Silent,
            policy::Decision::Allow(_, strength) => Outcome::Allow(strength),
        }
    }
}
