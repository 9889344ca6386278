//! Walks the cases in `cases/`, in compiled form and with the plain interpreter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use common::{Outcome, Owned, Request, interpreter};
use policy::{Kind, Operator, Policy, Question, Strength, limits};
use serde_json::{Value, json};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn read(name: &str) -> Value {
    let path = format!("{}/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Whether a condition holds for a request, by what an Allow and a Deny make of it.
fn holds(condition: &Value, version: &str, request: &Request) -> &'static str {
    let [allow, deny] = ["Allow", "Deny"].map(|effect| {
        let statement = json!({"Effect": effect, "Action": "a:b", "Resource": "*", "Condition": condition});
        let text = json!({"Version": version, "Statement": statement}).to_string();
        let policy = Policy::parse(&text, Kind::Inline).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        let caller = Owned::of("arn:aws:iam::111122223333:user/a");
        let question = Question {
            caller: caller.caller(),
            action: "a:b",
            resource: "arn:aws:a:::x",
            context: request,
        };
        let outcome = Outcome::of(policy.compile().decide(&question));
        let too_long = |given: &common::Given| matches!(given, common::Given::One(value) if value.len() > limits::TEXT_BYTES);
        if !request.0.values().any(too_long) {
            assert_eq!(outcome, interpreter::decide(&policy, &question), "{text} {request:?}");
        }
        outcome
    });
    match (allow, deny) {
        (Outcome::Allow(_), Outcome::Deny) => "yes",
        (Outcome::Silent, Outcome::Silent) => "no",
        (Outcome::Silent, Outcome::Deny) => "open",
        other => panic!("{other:?}: {condition}"),
    }
}

/// The values of a request in a situation such as `match, differ`; `None` where the operator has none such.
fn situated(situation: &str, samples: &dyn Fn(&str) -> Vec<Value>) -> Vec<Value> {
    match situation {
        "absent" => vec![Value::Null],
        "empty" => vec![json!([])],
        "unknown" => vec![json!({})],
        single if !single.contains(", ") => samples(single)
            .into_iter()
            .flat_map(|value| [value.clone(), json!([value])])
            .collect(),
        pair => {
            let (left, right) = pair.split_once(", ").unwrap();
            let (lefts, rights) = (samples(left), samples(right));
            let pairs = lefts
                .iter()
                .flat_map(|left| rights.iter().map(move |right| [left, right]));
            pairs
                .flat_map(|[left, right]| [json!([left, right]), json!([right, left])])
                .collect()
        }
    }
}

#[test]
fn every_operator_in_every_form_does_what_its_row_says() {
    let table = read("forms");
    let (mut checked, mut seen) = (0, Vec::new());
    for row in list(&table["operators"]) {
        let samples = |of: &str| row.get(of).map(|values| list(values).clone()).unwrap_or_default();
        for (operator, column) in [(&row["operator"], "positive"), (&row["negated"], "negated")] {
            let Some(operator) = operator.as_str() else {
                continue;
            };
            seen.push(operator.to_owned());
            for form in list(&table["forms"]) {
                let name = text(&form["form"]).replace("{}", operator);
                for (situation, expected) in form[column].as_object().unwrap() {
                    for value in situated(situation, &samples) {
                        let mut request = Request::default();
                        request.give("a:b", &value);
                        let condition = json!({&name: {"a:b": row["values"]}});
                        let held = holds(&condition, "2012-10-17", &request);
                        assert_eq!(
                            held,
                            text(expected),
                            "{name} {} on {value}, {situation}",
                            row["values"]
                        );
                        checked += 1;
                    }
                }
            }
        }
    }
    for operator in Operator::names().filter(|name| *name != "Null") {
        assert!(seen.iter().any(|name| name == operator), "no row for {operator}");
    }
    println!("{checked} cases");
    assert!(checked > 3_000);
}

#[test]
fn every_condition_holds_as_its_case_says() {
    let cases = read("conditions");
    for case in list(&cases["cases"]) {
        let mut request = Request::of(&case["context"]);
        if let Some(key) = case["stretch"].as_str() {
            request.give(key, &json!("y".repeat(limits::TEXT_BYTES + 1)));
        }
        let version = case["version"].as_str().unwrap_or("2012-10-17");
        let held = holds(&case["condition"], version, &request);
        assert_eq!(held, text(&case["holds"]), "{}", case["name"]);
    }
}

fn kind(name: &str) -> Kind {
    match name {
        "Key" => Kind::Key,
        "Resource" => Kind::Resource,
        "Trust" => Kind::Trust,
        "Managed" => Kind::Managed,
        "Inline" => Kind::Inline,
        "Session" => Kind::Session,
        other => panic!("{other}"),
    }
}

#[test]
fn every_policy_decides_as_its_case_says() {
    let mut requests = 0;
    for case in list(&read("policies")["policies"]) {
        let name = &case["name"];
        let policy = Policy::parse(&case["policy"].to_string(), kind(text(&case["kind"])));
        let policy = policy.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let compiled = policy.compile();
        for row in list(&case["requests"]) {
            let [caller, action, resource, context, expected, by] = list(row).as_slice() else {
                panic!("{name}: {row}");
            };
            let (caller, request) = (Owned::of(text(caller)), Request::of(context));
            let question = Question {
                caller: caller.caller(),
                action: text(action),
                resource: text(resource).replace("@key", KEY).leak(),
                context: &request,
            };
            let decision = compiled.decide(&question);
            let (told, source) = match decision {
                policy::Decision::Deny(source) => ("deny", Some(source)),
                policy::Decision::Silent => ("silent", None),
                policy::Decision::Allow(source, strength) => {
                    let told = match strength {
                        Strength::Account => "account",
                        Strength::Role => "role",
                        Strength::Everybody => "everybody",
                        Strength::Itself => "allow",
                    };
                    (told, Some(source))
                }
            };
            let sid = source.and_then(|source| source.sid.as_deref());
            assert_eq!((told, sid), (text(expected), by.as_str()), "{name}: {row}");
            assert_eq!(
                Outcome::of(decision),
                interpreter::decide(&policy, &question),
                "{name}: {row}"
            );
            requests += 1;
        }
    }
    assert!(requests > 50);
}
