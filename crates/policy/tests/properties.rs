//! What holds for every policy and every question.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use common::{Given, Outcome, Owned, Request, interpreter};
use policy::{Decision, Effect, Element, Kind, Policy, Principal, Question, Statement, limits};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const CALLERS: &[&str] = &[
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:user/eve",
    "arn:aws:iam::444455556666:user/eve",
    "arn:aws:sts::111122223333:assumed-role/R/s",
    "arn:aws:sts::111122223333:federated-user/f",
    "s3.amazonaws.com",
    "idp.example.com",
    "anonymous",
];
const PRINCIPALS: &[(&str, &str)] = &[
    ("AWS", "*"),
    ("AWS", "111122223333"),
    ("AWS", "arn:aws:iam::444455556666:root"),
    ("AWS", "arn:aws:iam::111122223333:user/eve"),
    ("AWS", "arn:aws:iam::111122223333:role/R"),
    ("AWS", "arn:aws:sts::111122223333:assumed-role/R/s"),
    ("AWS", "arn:aws:sts::111122223333:federated-user/f"),
    ("AWS", "AIDAEVEXXXXXXXXXXXXXX"),
    ("AWS", "AROARXXXXXXXXXXXXXXXX"),
    ("AWS", "nobody"),
    ("Service", "s3.amazonaws.com"),
    ("Service", "*"),
    ("Federated", "idp.example.com"),
    ("CanonicalUser", "79a5"),
];
const ACTIONS: &[&str] = &[
    "kms:Encrypt",
    "kms:Decrypt",
    "KMS:en*",
    "kms:*crypt",
    "kms:*",
    "*",
    "s3:*",
    "s3:?et*",
    "kms:E?crypt",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:kms:*",
    "arn:aws:kms:*:111122223333:key/*",
    "arn:aws:kms:us-*-1:111122223333:key/a",
    "arn:aws:kms:us-east-?:*:key/?",
    "arn:aws:kms:us-east-1:111122223333:key/a",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::b/${t:a, 'x*'}/*",
    "arn:aws:s3:*b*",
    "arn:aws:s3::*/${*}",
];
const ASKED: &[&str] = &[
    "arn:aws:kms:us-east-1:111122223333:key/a",
    "arn:aws:kms:us-west-1:444455556666:key/b",
    "arn:aws:s3:::b/eve/x",
    "arn:aws:s3:::b/x*/:1:b",
    "arn:aws:s3:::b/*",
    "*",
];
const KEYS: &[&str] = &["t:a", "T:A", "t:b", "aws:username", "aws:ResourceTag/t:a"];
/// Operators, and values that each of them reads; what a request holds is drawn from all of them.
const VALUES: &[(&[&str], &[&str])] = &[
    (
        &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        &[
            "eve",
            "EVE",
            "e*",
            "*",
            "?v?",
            "",
            "x${t:b}*",
            "${aws:username}",
            "${t:b, 'eve'}",
            "${*}",
            "10",
        ],
    ),
    (
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        &["10", "9.5", "-1", "10.0", "1e1", "1577836800"],
    ),
    (
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        &[
            "2020-01-01",
            "2020-01-01T00:00:00Z",
            "2020-01-01T01:00:00.5+01:00",
            "1577836800",
            "2021",
        ],
    ),
    (&["Bool"], &["true", "False", "${t:b}"]),
    (&["Null"], &["true", "false"]),
    (&["BinaryEquals"], &["ZXZl", "", "MTA="]),
    (
        &["IpAddress", "NotIpAddress"],
        &["10.0.0.0/8", "10.1.2.3", "::/0", "0.0.0.0/0"],
    ),
    (
        &["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"],
        &[
            "*",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::${t:b}:role/R",
            "${t:b}",
            "arn:*:*:*:*:*",
            "arn:aws:iam::?*:role/R:*",
        ],
    ),
];
const GIVEN: &[&str] = &[
    "eve",
    "Eve",
    "e*",
    "xeve",
    "xe*y",
    "",
    "*",
    "10",
    "9.50",
    "11",
    "2020-01-01T00:00:00Z",
    "1577836800",
    "true",
    "FALSE",
    "ZXZl",
    "10.1.2.3",
    "11.0.0.1",
    "2001:db8::1",
    "arn:aws:iam::1:role/R",
    "arn:aws:iam:::role/R:x",
    "1",
    "arn:aws:iam::1:user/eve",
];

fn element(
    name: &'static str,
    values: impl Strategy<Value = Value> + 'static,
) -> BoxedStrategy<(String, Value)> {
    (values, proptest::bool::weighted(0.2))
        .prop_map(move |(values, not)| (format!("{}{name}", if not { "Not" } else { "" }), values))
        .boxed()
}

fn some(from: &'static [&'static str]) -> impl Strategy<Value = Value> {
    vec(select(from), 1..4).prop_map(|values| json!(values))
}

fn condition() -> impl Strategy<Value = (String, String, Vec<&'static str>)> {
    (
        select(VALUES),
        any::<proptest::sample::Index>(),
        0..6_usize,
        select(KEYS),
    )
        .prop_flat_map(|((operators, values), which, form, key)| {
            let operator = *which.get(operators);
            let form = match (operator, form) {
                ("Null", _) | (_, 0) => operator.to_owned(),
                (_, 1) => format!("{operator}IfExists"),
                (_, 2) => format!("ForAllValues:{operator}"),
                (_, 3) => format!("ForAnyValue:{operator}"),
                (_, 4) => format!("ForAllValues:{operator}IfExists"),
                _ => format!("ForAnyValue:{operator}IfExists"),
            };
            vec(select(values), 0..4).prop_map(move |values| (form.clone(), key.to_owned(), values))
        })
}

fn conditions() -> impl Strategy<Value = Value> {
    vec(condition(), 0..3).prop_map(|conditions| {
        let mut object = json!({});
        for (operator, key, values) in conditions {
            object[operator][key] = json!(values);
        }
        object
    })
}

fn statement(kind: Kind) -> impl Strategy<Value = Value> {
    let principals = vec(select(PRINCIPALS), 1..4).prop_map(|chosen| {
        let mut object = json!({});
        for (element, principal) in chosen {
            let values = object
                .as_object_mut()
                .unwrap()
                .entry(element)
                .or_insert_with(|| json!([]));
            values.as_array_mut().unwrap().push(json!(principal));
        }
        object
    });
    let effect = select(&["Allow", "Allow", "Deny"][..]);
    (
        effect,
        element("Principal", principals),
        element("Action", some(ACTIONS)),
        element("Resource", some(RESOURCES)),
        conditions(),
    )
        .prop_map(move |(effect, who, what, which, conditions)| {
            let mut statement = json!({"Effect": effect, "Condition": conditions});
            if kind.names_principals() {
                statement[who.0] = who.1;
            }
            statement[what.0] = what.1;
            statement[which.0] = which.1;
            statement
        })
}

fn parsed(kind: Kind, version: &str, statements: &[Value]) -> Policy {
    let text = json!({"Version": version, "Statement": statements}).to_string();
    Policy::parse(&text, kind).unwrap_or_else(|error| panic!("{error:?}: {text:.200}"))
}

/// Several policies of one kind and version.
fn policies(count: usize) -> impl Strategy<Value = Vec<Policy>> {
    let version = select(&["2012-10-17", "2012-10-17", "2008-10-17"][..]);
    (select(&[Kind::Resource, Kind::Inline][..]), version).prop_flat_map(move |(kind, version)| {
        let parsed = move |statements: Vec<Value>| {
            let text = json!({"Version": version, "Statement": statements}).to_string();
            Policy::parse(&text, kind).ok()
        };
        let policy = vec(statement(kind), 1..6).prop_filter_map("the older version has no variables", parsed);
        vec(policy, count)
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    policies(1).prop_map(|mut policies| policies.remove(0))
}

fn request() -> impl Strategy<Value = Request> {
    let given = prop_oneof![
        6 => select(GIVEN).prop_map(|value| Given::One(value.to_owned())),
        2 => vec(select(GIVEN), 0..3).prop_map(|values| Given::Many(values.into_iter().map(str::to_owned).collect())),
        1 => Just(Given::Unknown),
    ];
    let keys = select(KEYS).prop_map(|key| key.to_lowercase());
    btree_map(keys, given, 0..4).prop_map(Request)
}

#[derive(Debug, Clone)]
struct Asked {
    caller: Owned,
    action: &'static str,
    resource: &'static str,
    request: Request,
}

impl Asked {
    fn question(&self) -> Question<'_> {
        Question {
            caller: self.caller.caller(),
            action: self.action,
            resource: self.resource,
            context: &self.request,
        }
    }

    fn of(&self, policy: &Policy) -> Outcome {
        Outcome::of(policy.compile().decide(&self.question()))
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    (
        select(CALLERS),
        select(&["kms:Encrypt", "kms:Decrypt", "s3:GetObject", "KMS:ENCRYPT", "x"][..]),
        select(ASKED),
        request(),
    )
        .prop_map(|(caller, action, resource, request)| Asked {
            caller: Owned::of(caller),
            action,
            resource,
            request,
        })
}

/// JSON that is mostly no policy, in a policy's words.
fn wild() -> impl Strategy<Value = Value> {
    let words = select(
        &[
            "Version",
            "2012-10-17",
            "Statement",
            "Effect",
            "Allow",
            "Deny",
            "Principal",
            "AWS",
            "*",
            "Action",
            "kms:*",
            "Resource",
            "Condition",
            "StringLike",
            "Null",
            "aws:username",
            "${aws:username}",
            "${",
            "NotAction",
            "Sid",
            "Id",
            "NumericEquals",
            "é",
            "",
        ][..],
    );
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(words.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_compiled_decides_as_what_is_interpreted(policy in policy(), asked in vec(asked(), 1..8)) {
        let compiled = policy.compile();
        for asked in asked {
            let question = asked.question();
            prop_assert_eq!(Outcome::of(compiled.decide(&question)), interpreter::decide(&policy, &question), "{:?}", asked);
            let matching: Vec<_> = compiled
                .matching(&question)
                .iter()
                .map(|matched| (matched.source.index, Some(true).filter(|_| matched.certain), matched.strength))
                .collect();
            let examined: Vec<_> = interpreter::examine(&policy, &question)
                .into_iter()
                .enumerate()
                .filter(|(_, (truth, _))| *truth != Some(false))
                .map(|(index, (truth, strength))| (index, truth, strength))
                .collect();
            prop_assert_eq!(matching, examined, "{:?}", asked);
        }
    }

    #[test]
    fn at_best_is_no_less_and_differs_by_what_is_unknown_alone(policy in policy(), asked in asked()) {
        let compiled = policy.compile();
        let question = asked.question();
        let (decided, at_best) = (compiled.decide(&question), compiled.decide_at_best(&question));
        prop_assert!(Outcome::of(at_best) >= Outcome::of(decided), "{asked:?}");
        let matching = compiled.matching(&question);
        let denies = matching.iter().any(|matched| matched.certain && matched.source.effect == Effect::Deny);
        let allows = matching.iter().any(|matched| matched.source.effect == Effect::Allow);
        let expected = (denies, !denies && allows);
        let is = (matches!(at_best, Decision::Deny(_)), matches!(at_best, Decision::Allow(..)));
        prop_assert_eq!(is, expected, "{:?}", asked);
        if compiled.matching(&question).iter().all(|matched| matched.certain) {
            prop_assert_eq!(decided, at_best, "{:?}", asked);
        }
    }

    #[test]
    fn the_order_of_statements_never_matters(policy in policy(), asked in asked()) {
        let mut turned = policy.clone();
        turned.statements.reverse();
        prop_assert_eq!(asked.of(&policy), asked.of(&turned));
    }

    #[test]
    fn one_more_deny_never_widens(policies in policies(2), asked in asked()) {
        let [policy, other] = &policies[..] else { panic!() };
        let mut more = policy.clone();
        let denies = other.statements.iter().cloned().map(|statement| Statement { effect: Effect::Deny, ..statement });
        more.statements.extend(denies);
        let (before, after) = (asked.of(policy), asked.of(&more));
        prop_assert!(after == Outcome::Deny || after == before, "{before:?} {after:?}");
    }

    #[test]
    fn one_more_allow_never_narrows(policies in policies(2), asked in asked()) {
        let [policy, other] = &policies[..] else { panic!() };
        let mut more = policy.clone();
        let allows = other.statements.iter().cloned().map(|statement| Statement { effect: Effect::Allow, ..statement });
        more.statements.extend(allows);
        prop_assert!(asked.of(&more) >= asked.of(policy));
    }

    #[test]
    fn a_deny_never_narrows_by_an_element_less(
        policy in policy(),
        which in any::<proptest::sample::Index>(),
        element in 0..4,
        asked in asked(),
    ) {
        let at = which.index(policy.statements.len());
        let mut policy = policy;
        policy.statements[at].effect = Effect::Deny;
        let mut less = policy.clone();
        let statement = &mut less.statements[at];
        let everything = || Some(Element::These(vec!["*".to_owned()]));
        match element {
            0 => drop(statement.conditions.pop()),
            1 => statement.actions = everything(),
            2 => statement.resources = everything(),
            _ => statement.principals = Some(Element::These(vec![Principal::Anyone])),
        }
        let (before, after) = (asked.of(&policy), asked.of(&less));
        prop_assert!(after == Outcome::Deny || after == before, "{before:?} {after:?}");
    }

    #[test]
    fn an_allow_never_widens_by_a_condition_more(policies in policies(2), asked in asked()) {
        let [policy, other] = &policies[..] else { panic!() };
        let mut more = policy.clone();
        for (statement, other) in more.statements.iter_mut().zip(&other.statements) {
            if statement.effect == Effect::Allow {
                statement.conditions.extend(other.conditions.iter().cloned());
            }
        }
        prop_assert!(asked.of(&more) <= asked.of(policy));
    }

    #[test]
    fn what_is_not_known_never_widens(
        policy in policy(),
        asked in asked(),
        forgotten in subsequence(KEYS.to_vec(), 1..KEYS.len()),
    ) {
        let mut less = asked.clone();
        for key in forgotten {
            less.request.0.insert(key.to_lowercase(), Given::Unknown);
        }
        prop_assert!(less.of(&policy) <= asked.of(&policy));
    }

    #[test]
    fn a_variable_is_inserted_letter_by_letter(value in r"[a*?${}:'/]{0,6}", text in r"[a*?:/]{0,8}", exact in any::<bool>()) {
        let text = if exact { format!("x{value}y") } else { format!("x{text}y") };
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::x${t:a}y",
            "Condition": {"StringLike": {"t:b": "x${t:a}y"}, "ArnLike": {"t:c": "arn:aws:s3:::x${t:a}y"}},
        });
        let policy = parsed(Kind::Inline, "2012-10-17", &[statement]);
        let arn = format!("arn:aws:s3:::{text}");
        let given = |value: &str| Given::One(value.to_owned());
        let values = [("t:a", given(&value)), ("t:b", given(&text)), ("t:c", given(&arn))];
        let request = Request(values.into_iter().map(|(key, given)| (key.to_owned(), given)).collect());
        let caller = Owned::Anonymous;
        let question = Question { caller: caller.caller(), action: "a:b", resource: &arn, context: &request };
        let allowed = matches!(policy.compile().decide(&question), policy::Decision::Allow(..));
        prop_assert_eq!(allowed, text == format!("x{value}y"));
    }

    #[test]
    fn parsing_never_panics_on_any_text(text in r#"([\[\]{}:",*a-zA-Z0-9\\$ é]|"[A-Z][a-z]{2,8}"){0,80}"#) {
        for kind in [Kind::Key, Kind::Trust, Kind::Managed] {
            let _ = Policy::parse(&text, kind);
        }
    }

    #[test]
    fn parsing_never_panics_on_any_json_and_what_it_takes_decides(json in wild(), asked in asked()) {
        for text in [json.to_string(), json!({"Statement": json}).to_string()] {
            for kind in [Kind::Key, Kind::Trust, Kind::Managed, Kind::Inline] {
                if let Ok(policy) = Policy::parse(&text, kind) {
                    asked.of(&policy);
                }
            }
        }
    }

    #[test]
    fn parsing_never_panics_on_a_policy_with_a_scar(
        statement in statement(Kind::Resource),
        at in any::<proptest::sample::Index>(),
        scar in r#"[\[\]{}:",*$'0 ]{0,2}"#,
        asked in asked(),
    ) {
        let mut text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let at = at.index(text.len());
        text.replace_range(at..=at, &scar);
        for kind in [Kind::Key, Kind::Resource] {
            if let Ok(policy) = Policy::parse(&text, kind) {
                asked.of(&policy);
            }
        }
    }
}

/// An Allow that costs much, and whether what follows it is still decided.
fn costly(effect: &str, resource: &str, condition: &Value, request: &Request) -> Outcome {
    let hostile: Vec<Value> = (0..8)
        .map(|_| json!({"Effect": "Allow", "Action": "*", "Resource": resource, "Condition": condition}))
        .collect();
    let last = json!({"Effect": effect, "Action": "*", "Resource": "*"});
    let policy = parsed(Kind::Inline, "2012-10-17", &[hostile, vec![last]].concat());
    let caller = Owned::Anonymous;
    let arn = format!("arn:aws:s3:::{}", "a".repeat(limits::TEXT_BYTES - 100));
    let question = Question {
        caller: caller.caller(),
        action: "a:b",
        resource: &arn,
        context: request,
    };
    Outcome::of(policy.compile().decide(&question))
}

#[test]
fn work_without_end_fails_closed() {
    let many = |count| Given::Many(vec!["a".repeat(limits::TEXT_BYTES); count]);
    let mut request = Request::default();
    request.0.insert("t:a".to_owned(), many(50));
    request
        .0
        .insert("t:b".to_owned(), Given::One("a".repeat(limits::TEXT_BYTES)));
    let short = Given::Many(vec!["z".to_owned(); 1_000]);
    request.0.insert("t:d".to_owned(), short);
    let pattern = format!("*{}b*", "a?".repeat(2_000));
    let none = json!({});
    let cheap = ("arn:aws:s3:::b", &none);
    assert_eq!(costly("Deny", cheap.0, cheap.1, &request), Outcome::Deny);
    assert!(matches!(
        costly("Allow", cheap.0, cheap.1, &request),
        Outcome::Allow(_)
    ));
    for (resource, condition) in [
        // Wildcards that try everything, in a whole and part by part.
        (format!("arn:aws:s3:::{pattern}"), json!({})),
        (format!("arn:aws:s3:*x*:{pattern}"), json!({})),
        ("*".to_owned(), json!({"StringLike": {"t:b": pattern}})),
        // The same on each of many values.
        (
            "*".to_owned(),
            json!({"ForAllValues:StringNotLike": {"t:a": format!("*{}b*", "a?".repeat(500))}}),
        ),
        // Many values against many.
        (
            "*".to_owned(),
            json!({"ForAnyValue:StringEquals": {"t:d": vec!["y"; 1_000]}}),
        ),
        // Long values, many times.
        (
            "*".to_owned(),
            json!({"StringEqualsIgnoreCase": {"t:b": vec!["${t:b}b"; 500]}}),
        ),
        (
            "*".to_owned(),
            json!({"StringLike": {"t:b": vec!["*${t:b}b*"; 500]}}),
        ),
    ] {
        let told = format!("{resource:.40} {:.80}", condition.to_string());
        assert_eq!(
            costly("Deny", &resource, &condition, &request),
            Outcome::Deny,
            "{told}"
        );
        assert_eq!(
            costly("Allow", &resource, &condition, &request),
            Outcome::Silent,
            "{told}"
        );
    }
    // What only looks so is decided.
    let short = format!("arn:aws:s3:::{}b", "*a?a".repeat(100));
    assert!(matches!(
        costly("Allow", &short, &none, &request),
        Outcome::Allow(_)
    ));
}

#[test]
fn a_policy_of_thousands_of_statements_is_read_and_decides() {
    let text = |count| {
        format!(
            r#"{{"Statement":[{}]}}"#,
            vec![r#"{"Effect":"Deny","Action":"*"}"#; count].join(",")
        )
    };
    let most = text(limits::STATEMENTS);
    let policy = Policy::parse(&most, Kind::Key).unwrap();
    assert_eq!(policy.statements.len(), limits::STATEMENTS);
    assert_eq!(policy.statements.last().unwrap().end.column, most.len() - 2);
    assert!(Policy::parse(&text(limits::STATEMENTS + 1), Kind::Key).is_err());
}
