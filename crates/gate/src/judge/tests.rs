//! Walks the cases in `cases/evaluation.json`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arn::Arn;
use identity::{Gathered, Issuer, Principal};
use policy::{ConditionKey, Found, Policy};
use serde_json::Value;

use super::*;

const KEY: &str = "key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The values of a request, by their keys in small letters.
struct Values(BTreeMap<String, String>);

impl Context for Values {
    fn find(&self, key: &ConditionKey) -> Found<'_> {
        self.0
            .get(key.as_str())
            .map_or(Found::Absent, |value| Found::text(value))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn compiled(document: &Value, kind: policy::Kind) -> Arc<Compiled> {
    let text = document.to_string();
    let policy = Policy::parse(&text, kind).unwrap_or_else(|error| panic!("{error}: {text}"));
    Arc::new(policy.compile())
}

fn list(value: &Value, kind: policy::Kind) -> Vec<Arc<Compiled>> {
    let documents = value.as_array().into_iter().flatten();
    documents.map(|document| compiled(document, kind)).collect()
}

fn principal(case: &Value) -> Principal {
    let arn: Arn = text(&case["arn"]).parse().unwrap();
    let account = arn.account().unwrap();
    let issuer = |member: &str, id: &str| {
        let arn: Arn = text(&case[member]).parse().unwrap();
        Some(Issuer {
            id: id.to_owned(),
            name: arn.resource().rsplit('/').next().map(str::to_owned),
            arn,
        })
    };
    let (kind, id, issuer) = match text(&case["caller"]) {
        "root" => return Principal::root(account),
        "operator" => return Principal::operator(account),
        "user" => (Kind::User, "AIDAEXAMPLE", None),
        "session" => (Kind::AssumedRole, "AROAEXAMPLE:s", issuer("role", "AROAEXAMPLE")),
        "federated" => (
            Kind::FederatedUser,
            "111122223333:bob",
            issuer("user", "AIDAEXAMPLE"),
        ),
        "provider" => (Kind::WebIdentity, "provider", None),
        other => panic!("{other}"),
    };
    Principal {
        kind,
        account,
        arn,
        id: id.to_owned(),
        name: None,
        issuer,
    }
}

fn own(case: &Value) -> OwnPolicies {
    let gathered = Gathered {
        giving: list(&case["identity"], policy::Kind::Inline),
        boundary: case
            .get("boundary")
            .map(|document| compiled(document, policy::Kind::Managed)),
        tags: Vec::new(),
    };
    let is_root = matches!(text(&case["caller"]), "root" | "operator");
    let session = case
        .get("session")
        .map(|documents| list(documents, policy::Kind::Session));
    let closed: &[&str] = match case.get("closed") {
        None => &[],
        Some(_) => &["iam:", "sts:"],
    };
    OwnPolicies::given((!is_root).then_some(gathered), session, closed)
}

fn authority(case: &Value) -> Authority {
    let owner = text(&case["owner"]).parse().unwrap();
    let policy = match case.get("resource") {
        None => return Authority::Identity,
        Some(Value::String(_)) => Arc::new(Policy::default_of_key(owner).compile()),
        Some(document) => compiled(document, policy::Kind::Resource),
    };
    match case.get("alone") {
        None => Authority::Resource(policy),
        Some(_) => Authority::Grant(policy),
    }
}

/// A cause by its name, and by the statement that it names.
fn told(decided: Result<(), Cause>) -> String {
    let Err(cause) = decided else {
        return "allowed".to_owned();
    };
    let name = format!("{cause:?}");
    let name = name.split('(').next().unwrap();
    match cause.decided_by().statement {
        Some(statement) => format!("{name} {statement}"),
        None => name.to_owned(),
    }
}

#[test]
fn every_case_is_decided_as_it_says() {
    let cases: Value = serde_json::from_str(include_str!("../../cases/evaluation.json")).unwrap();
    let mut asked = 0;
    for case in cases["cases"].as_array().unwrap() {
        let principal = principal(case);
        let owner = text(&case["owner"]).parse().unwrap();
        let (own, authority) = (own(case), authority(case));
        let granted = match case.get("granted").map(text) {
            None => None,
            Some("Itself") => Some(Strength::Itself),
            Some("Role") => Some(Strength::Role),
            Some("Account") => Some(Strength::Account),
            Some(other) => panic!("{other}"),
        };
        for ask in case["asks"].as_array().unwrap() {
            let resource = match text(&ask[1]) {
                "@key" => format!("arn:aws:kms:us-east-1:{owner}:{KEY}"),
                "@role" => format!("arn:aws:iam::{owner}:role/R"),
                resource => resource.to_owned(),
            };
            let values = ask[2].as_object().unwrap().iter();
            let values = Values(
                values
                    .map(|(key, value)| (key.to_lowercase(), text(value).to_owned()))
                    .collect(),
            );
            let judged = |decide| {
                let case = Case {
                    subject: Subject {
                        principal: &principal,
                        session: None,
                        web: None,
                    },
                    wanted: Wanted {
                        action: text(&ask[0]),
                        resource: &resource,
                        owner,
                        authority: &authority,
                    },
                    own: &own,
                    context: &values,
                    decide,
                };
                told(case.judge(|| Ok(granted)).unwrap())
            };
            let name = text(&case["name"]);
            assert_eq!(judged(Compiled::decide), text(&ask[3]), "{name}: {ask}");
            // Where all is known, the best is no better.
            assert_eq!(judged(Compiled::decide_at_best), text(&ask[3]), "{name}: {ask}");
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
}

#[test]
fn a_grant_that_can_not_be_read_is_a_fault_of_ours_and_no_denial() {
    let principal = Principal::root("111122223333".parse().unwrap());
    let own = OwnPolicies::given(None, None, &[]);
    let authority = Authority::Resource(Arc::new(Policy::silent(policy::Kind::Key).compile()));
    let case = Case {
        subject: Subject {
            principal: &principal,
            session: None,
            web: None,
        },
        wanted: Wanted {
            action: "kms:Decrypt",
            resource: "arn:aws:kms:us-east-1:111122223333:key/a",
            owner: principal.account,
            authority: &authority,
        },
        own: &own,
        context: &policy::Nothing,
        decide: Compiled::decide,
    };
    assert!(case.judge(|| Err(StoreError::Damaged("grants"))).is_err());
}
