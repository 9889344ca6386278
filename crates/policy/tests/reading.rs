//! How texts, numbers and dates of policies are read, by what they then match.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use common::{Owned, Request};
use policy::{Decision, Kind, Policy, Question, limits};
use serde_json::{Value, json};

/// Whether an Allow with these conditions, written as they are to be read, allows a request of these values.
fn allows(condition: &str, values: &Value) -> bool {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{condition}}}}}"#
    );
    let policy = Policy::parse(&text, Kind::Inline).unwrap_or_else(|error| panic!("{error}: {text}"));
    let caller = Owned::of("arn:aws:iam::111122223333:user/a");
    let request = Request::of(values);
    let question = Question {
        caller: caller.caller(),
        action: "a:b",
        resource: "arn:aws:a:::x",
        context: &request,
    };
    matches!(policy.compile().decide(&question), Decision::Allow(..))
}

fn is_read(condition: &str) -> bool {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{condition}}}}}"#
    );
    Policy::parse(&text, Kind::Inline).is_ok()
}

#[test]
fn escapes_stand_for_their_characters() {
    for (escape, character) in [
        (r#"\""#, "\""),
        (r"\\", "\\"),
        (r"\/", "/"),
        (r"\b", "\u{8}"),
        (r"\f", "\u{c}"),
        (r"\n", "\n"),
        (r"\r", "\r"),
        (r"\t", "\t"),
        (r"\u0041", "A"),
        (r"\u00e9", "é"),
    ] {
        let condition = format!(r#"{{"StringEquals":{{"a:b":"x{escape}y"}}}}"#);
        // What is no character of a policy is refused, and not taken for another.
        if !is_read(&condition) {
            assert!(matches!(escape, r"\b" | r"\f"), "{escape}");
            continue;
        }
        assert!(
            allows(&condition, &json!({"a:b": format!("x{character}y")})),
            "{escape}"
        );
        assert!(!allows(&condition, &json!({"a:b": "xy"})), "{escape}");
    }
    assert!(!is_read(r#"{"StringEquals":{"a:b":"\q"}}"#));
}

#[test]
fn numbers_are_read_as_json_has_them() {
    for (written, is) in [
        ("10", "10"),
        ("-10", "-10"),
        ("1.5", "1.5"),
        ("-0.25", "-0.25"),
        ("1e2", "100"),
        ("1E2", "100"),
        ("1e+2", "100"),
        ("25e-2", "0.25"),
        ("1.5e3", "1500"),
        ("0", "0"),
        ("0e5", "0"),
        ("10e-13", "1e-12"),
    ] {
        let condition = format!(r#"{{"NumericEquals":{{"a:b":{written}}}}}"#);
        assert!(allows(&condition, &json!({"a:b": is})), "{written}");
        assert!(!allows(&condition, &json!({"a:b": "7"})), "{written}");
        let condition = format!(r#"{{"NumericEquals":{{"a:b":"{written}"}}}}"#);
        assert!(allows(&condition, &json!({"a:b": is})), "{written} in quotes");
    }
    for broken in ["-", "1.", ".5", "01", "1e", "1e+", "+1", "1e1e1", "--1"] {
        assert!(
            !is_read(&format!(r#"{{"NumericEquals":{{"a:b":{broken}}}}}"#)),
            "{broken}"
        );
    }
    for broken in [
        "1e",
        "1e-",
        "1ex",
        "1e1000",
        "1e99",
        "1e-99",
        "",
        "-",
        "1x",
        "0.0000000000001",
    ] {
        let condition = format!(r#"{{"NumericEquals":{{"a:b":"{broken}"}}}}"#);
        assert!(!is_read(&condition), "{broken} in quotes");
    }
    assert!(is_read(r#"{"NumericEquals":{"a:b":"1e024"}}"#));
}

#[test]
fn dates_are_days_that_there_are() {
    for (written, is) in [
        ("2026-04-30T00:00:00Z", "2026-04-30"),
        ("2026-06-30T23:30:00+02:30", "2026-06-30T21:00:00Z"),
        ("2026-06-30T23:30:00+0230", "2026-06-30T21:00:00Z"),
        ("2026-06-30T23:30:00-00:30", "2026-07-01T00:00:00Z"),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29"),
    ] {
        let condition = format!(r#"{{"DateEquals":{{"a:b":"{written}"}}}}"#);
        assert!(allows(&condition, &json!({"a:b": is})), "{written}");
    }
    for none in [
        "2026-04-31T00:00:00Z",
        "2026-06-31T00:00:00Z",
        "2026-09-31T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.xZ",
    ] {
        assert!(
            !is_read(&format!(r#"{{"DateEquals":{{"a:b":"{none}"}}}}"#)),
            "{none}"
        );
    }
}

#[test]
fn a_principal_that_is_a_text_is_everybody_or_nothing() {
    let text = |principal: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":"{principal}","Action":"kms:*","Resource":"*"}}}}"#
        )
    };
    assert!(Policy::parse(&text("*"), Kind::Key).is_ok());
    for other in ["eve", "111122223333", "arn:aws:iam::111122223333:root", "", "**"] {
        assert!(Policy::parse(&text(other), Kind::Key).is_err(), "{other}");
        assert!(Policy::parse(&text(other), Kind::Resource).is_err(), "{other}");
    }
}

#[test]
fn a_key_s_policy_may_be_empty_and_no_other() {
    let empty = r#"{"Version":"2012-10-17","Statement":[]}"#;
    assert!(Policy::parse(empty, Kind::Key).is_ok());
    for kind in [
        Kind::Resource,
        Kind::Trust,
        Kind::Managed,
        Kind::Inline,
        Kind::Session,
    ] {
        assert!(Policy::parse(empty, kind).is_err(), "{kind:?}");
    }
}

#[test]
fn an_action_has_a_service_and_a_name() {
    let text = |action: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}"#
        )
    };
    assert!(Policy::parse(&text("kms:Encrypt"), Kind::Inline).is_ok());
    for broken in [
        "kms:",
        ":Encrypt",
        ":",
        "kms",
        "km s:Encrypt",
        "kms:a:b",
        "k*:Encrypt",
    ] {
        assert!(Policy::parse(&text(broken), Kind::Inline).is_err(), "{broken}");
    }
}

#[test]
fn a_policy_has_so_many_statements_and_bytes_and_no_more() {
    let of = |count: usize| {
        format!(
            r#"{{"Statement":[{}]}}"#,
            vec![r#"{"Effect":"Deny"}"#; count].join(",")
        )
    };
    assert!(Policy::parse(&of(limits::STATEMENTS), Kind::Key).is_ok());
    assert!(Policy::parse(&of(limits::STATEMENTS + 1), Kind::Key).is_err());
    let one = of(1);
    let long = |bytes: usize| format!("{one}{}", " ".repeat(bytes - one.len()));
    assert!(Policy::parse(&long(limits::DOCUMENT_BYTES), Kind::Key).is_ok());
    assert!(Policy::parse(&long(limits::DOCUMENT_BYTES + 1), Kind::Key).is_err());
}

#[test]
fn of_many_members_none_may_stand_twice() {
    let members: Vec<String> = (0..12).map(|number| format!(r#""a:k{number}":"v""#)).collect();
    let condition = |members: &[String]| format!(r#"{{"StringEquals":{{{}}}}}"#, members.join(","));
    assert!(is_read(&condition(&members)));
    for count in [2, 7, 8, 9, 12] {
        let mut twice = members[..count - 1].to_vec();
        twice.push(members[0].clone());
        assert!(!is_read(&condition(&twice)), "{count}");
    }
}

/// Whether an Allow of this resource speaks of one of that ARN.
fn speaks_of(pattern: &str, resource: &str) -> bool {
    let statement = json!({"Effect": "Allow", "Action": "a:b", "Resource": pattern});
    let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let policy = Policy::parse(&text, Kind::Inline).unwrap_or_else(|error| panic!("{error}: {text}"));
    let caller = Owned::of("arn:aws:iam::111122223333:user/a");
    let request = Request::of(&json!({"t:part": "a:b", "t:plain": "a"}));
    let question = Question {
        caller: caller.caller(),
        action: "a:b",
        resource,
        context: &request,
    };
    matches!(policy.compile().decide(&question), Decision::Allow(..))
}

#[test]
fn a_wildcard_within_a_part_of_an_arn_stays_there() {
    for (pattern, resource, matches) in [
        (
            "arn:aws:kms:us-*-1:1:key/*",
            "arn:aws:kms:us-east-1:1:key/a",
            true,
        ),
        (
            "arn:aws:kms:us-*-1:1:key/*",
            "arn:aws:kms:us-a:2:key/x-1:1:key/y",
            false,
        ),
        ("arn:aws:kms:us-?-1:1:key/*", "arn:aws:kms:us-e-1:1:key/a", true),
        ("arn:aws:kms:us-?-1:1:key/*", "arn:aws:kms:us-:-1:1:key/a", false),
        ("arn:aws:kms:?:1:key/*", "arn:aws:kms:::1:key/a", false),
        ("arn:aws:kms:r:1*2:key/a", "arn:aws:kms:r:1x2:key/a", true),
        ("arn:aws:kms:r:1*2:key/a", "arn:aws:kms:r:1:y2:key/a", false),
        // At the end of its part it runs on.
        ("arn:aws:kms:*:1:key/a", "arn:aws:kms:r:1:key/a", true),
        ("arn:aws:kms:*:1:key/a", "arn:aws:kms:r:2:1:key/a", true),
        ("arn:aws:kms:*", "arn:aws:kms:r:1:key/a", true),
        // In the last part colons are ordinary.
        ("arn:aws:s3:::b/?/x", "arn:aws:s3:::b/:/x", true),
        ("arn:aws:s3:::b/*/x", "arn:aws:s3:::b/a:c/x", true),
        ("arn:aws:s3:::b?", "arn:aws:s3:::b:", true),
        ("arn:aws:s3:::b/${t:plain}?", "arn:aws:s3:::b/a:", true),
        ("arn:aws:s3:::b/${t:part}", "arn:aws:s3:::b/a:b", true),
        ("arn:aws:s3:::*", "arn:aws:s3:::b", true),
        ("arn:aws:s3:::", "arn:aws:s3:::", true),
        ("arn:aws:s3:::b", "arn:aws:s3:::c", false),
    ] {
        assert_eq!(speaks_of(pattern, resource), matches, "{pattern} {resource}");
    }
}

#[test]
fn what_is_too_long_to_be_compared_leaves_it_open_among_others_too() {
    let long = "y".repeat(limits::TEXT_BYTES + 1);
    let condition = r#"{"ForAnyValue:StringEquals":{"a:b":"x"}}"#;
    assert!(allows(condition, &json!({"a:b": ["x", "y"]})));
    assert!(!allows(condition, &json!({"a:b": ["x", long]})));
}

#[test]
fn a_boolean_may_be_a_variable_s_value() {
    let condition = r#"{"Bool":{"a:b":"${t:flag}"}}"#;
    for (flag, value, holds) in [
        ("true", "true", true),
        ("true", "false", false),
        ("false", "false", true),
        ("false", "true", false),
        ("TRUE", "true", true),
        ("other", "true", false),
        ("other", "false", false),
    ] {
        let is = allows(condition, &json!({"t:flag": flag, "a:b": value}));
        assert_eq!(is, holds, "{flag} {value}");
    }
}
