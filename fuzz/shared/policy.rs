//! What the fuzz target of policies and the test over its corpus do with a text: parse it as every kind of policy, compile it,
//! and ask it.

use policy::{Caller, ConditionKey, Context, Entity, Found, Kind, Policy, Question};

/// A request whose values are drawn from the names of their keys, so that the input chooses them.
struct Request;

impl Context for Request {
    fn find(&self, key: &ConditionKey) -> Found<'_> {
        const VALUES: &[&str] = &[
            "eve",
            "*",
            "",
            "10",
            "-0.5",
            "2020-01-01T00:00:00Z",
            "1577836800",
            "true",
            "ZXZl",
            "203.0.113.9",
            "2001:db8::1",
            "arn:aws:iam::111122223333:role/R",
            "${aws:username}",
        ];
        let sum: usize = key.as_str().bytes().map(usize::from).sum();
        let value = VALUES.get(sum % VALUES.len()).copied().unwrap_or_default();
        match sum % 7 {
            0 => Found::Absent,
            1 => Found::Unknown,
            2 => Found::texts(VALUES.iter().copied().take(sum % 5)),
            _ => Found::text(value),
        }
    }
}

/// Asks whatever policy a text is. Panics where an answer contradicts the statements that match.
pub fn ask(text: &str) {
    let (Ok(user), Ok(role), Ok(session)) = (
        "arn:aws:iam::111122223333:user/eve".parse::<arn::Arn>(),
        "arn:aws:iam::111122223333:role/R".parse::<arn::Arn>(),
        "arn:aws:sts::111122223333:assumed-role/R/s".parse::<arn::Arn>(),
    ) else {
        return;
    };
    let Some(account) = user.account() else { return };
    let callers = [
        Caller::Root(account),
        Caller::User(Entity {
            arn: &user,
            id: "AIDAEXAMPLEEXAMPLE123",
        }),
        Caller::Session {
            role: Entity {
                arn: &role,
                id: "AROAEXAMPLEEXAMPLE123",
            },
            arn: &session,
        },
        Caller::Service("s3.amazonaws.com"),
        Caller::Anonymous,
    ];
    for kind in [
        Kind::Key,
        Kind::Resource,
        Kind::Trust,
        Kind::Managed,
        Kind::Inline,
        Kind::Session,
    ] {
        let Ok(policy) = Policy::parse(text, kind) else {
            continue;
        };
        let compiled = policy.compile();
        let _ = policy.condition_keys();
        for caller in callers {
            for (action, resource) in [
                (
                    "kms:Encrypt",
                    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                ),
                ("sts:AssumeRole", "*"),
            ] {
                let question = Question {
                    caller,
                    action,
                    resource,
                    context: &Request,
                };
                let decision = compiled.decide(&question);
                // What decides is among what matches.
                let matching = compiled.matching(&question);
                match decision {
                    policy::Decision::Silent => assert!(!matching.iter().any(policy::Matched::counts)),
                    policy::Decision::Allow(source, _) | policy::Decision::Deny(source) => {
                        assert!(
                            matching
                                .iter()
                                .any(|matched| matched.counts() && matched.source == source)
                        );
                    }
                }
            }
        }
    }
}
