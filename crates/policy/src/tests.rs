use arn::{AccountId, Arn};
use proptest::prelude::*;

use super::*;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROOT: &str = "arn:aws:iam::111122223333:root";

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn decision(policy: &str, action: &str) -> &'static str {
    let policy = Policy::parse(policy).unwrap();
    named(&policy, action, ROOT, true)
}

fn named(policy: &Policy, action: &str, caller: &str, root: bool) -> &'static str {
    let (arn, resource): (Arn, Arn) = (caller.parse().unwrap(), KEY.parse().unwrap());
    let caller = Caller {
        account: arn.account().unwrap(),
        arn: &arn,
        root,
    };
    match policy.decide(
        &Question {
            caller,
            action,
            resource: &resource,
        },
        Site::Resource,
    ) {
        Decision::Deny(_) => "deny",
        Decision::Allow(_) => "allow",
        Decision::Delegate(_) => "delegate",
        Decision::Silent => "silent",
    }
}

fn one(effect: &str, rest: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}",{rest}}}]}}"#)
}

#[test]
fn the_default_key_policy_is_its_own_text() {
    let text = Policy::default_key_policy_text(account());
    assert_eq!(Policy::parse(&text).unwrap(), Policy::default_of_key(account()));
}

#[test]
fn the_default_key_policy_allows_root_and_delegates_to_the_account() {
    let policy = Policy::default_of_key(account());
    assert_eq!(named(&policy, "kms:Encrypt", ROOT, true), "allow");
    assert_eq!(
        named(&policy, "kms:Encrypt", "arn:aws:iam::111122223333:user/a", false),
        "delegate"
    );
    assert_eq!(
        named(&policy, "kms:Encrypt", "arn:aws:iam::444455556666:root", true),
        "silent"
    );
    assert_eq!(named(&policy, "s3:GetObject", ROOT, true), "silent");
}

#[test]
fn a_deny_wins_wherever_it_stands() {
    let allow = r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}"#;
    let deny =
        r#"{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"kms:Decrypt","Resource":"*"}"#;
    for statements in [format!("{allow},{deny}"), format!("{deny},{allow}")] {
        let policy = format!(r#"{{"Statement":[{statements}]}}"#);
        assert_eq!(decision(&policy, "kms:Decrypt"), "deny");
        assert_eq!(decision(&policy, "kms:Encrypt"), "allow");
    }
}

#[test]
fn actions_compare_without_case_and_resources_with_it() {
    let star = r#""Principal":"*","Action":"KMS:enCrypt","Resource":"*""#;
    assert_eq!(decision(&one("Allow", star), "kms:Encrypt"), "allow");
    let upper = format!(
        r#""Principal":"*","Action":"kms:*","Resource":"{}""#,
        KEY.replace("key/", "KEY/")
    );
    assert_eq!(decision(&one("Allow", &upper), "kms:Encrypt"), "silent");
    let exact = format!(r#""Principal":"*","Action":"kms:*","Resource":["arn:aws:s3:::b","{KEY}"]"#);
    assert_eq!(decision(&one("Allow", &exact), "kms:Encrypt"), "allow");
}

#[test]
fn what_is_not_evaluated_yet_fails_closed() {
    let unknown = [
        r#""Principal":"*","Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#,
        r#""NotPrincipal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*""#,
        r#""Principal":"*","NotAction":"kms:Decrypt","Resource":"*""#,
        r#""Principal":"*","Action":"kms:*","NotResource":"arn:aws:s3:::b""#,
        r#""Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:*:*:key/${aws:username}""#,
    ];
    for elements in unknown {
        assert_eq!(
            decision(&one("Allow", elements), "kms:Encrypt"),
            "silent",
            "{elements}"
        );
        assert_eq!(
            decision(&one("Deny", elements), "kms:Encrypt"),
            "deny",
            "{elements}"
        );
    }
}

#[test]
fn a_condition_does_not_make_a_deny_of_another_action_match() {
    let elements =
        r#""Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"Bool":{"a:b":true}}"#;
    assert_eq!(decision(&one("Deny", elements), "kms:Encrypt"), "silent");
}

#[test]
fn a_statement_without_action_or_resource_has_no_effect() {
    assert_eq!(
        decision(&one("Allow", r#""Principal":"*","Resource":"*""#), "kms:Encrypt"),
        "silent"
    );
    assert_eq!(
        decision(&one("Deny", r#""Principal":"*","Action":"kms:*""#), "kms:Encrypt"),
        "silent"
    );
}

#[test]
fn what_is_no_policy_is_refused_with_its_message() {
    let cases = [
        ("", "This policy contains invalid Json"),
        ("[]", "This policy contains invalid Json"),
        ("{", "This policy contains invalid Json"),
        ("{}", "Syntax errors in policy."),
        (r#"{"Statement":[],"Statement":[]}"#, "Syntax errors in policy."),
        (r#"{"Statement":[{}]}"#, "Syntax errors in policy."),
        (
            r#"{"Statement":[{"Effect":"allow"}]}"#,
            "Syntax errors in policy.",
        ),
        (r#"{"Statement":[],"Extra":1}"#, "Syntax errors in policy."),
        (
            r#"{"Statement":[{"Effect":"Allow","Action":"a:b","NotAction":"a:c"}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Action":null}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":[]}}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Condition":{"NoSuch":{"a:b":"c"}}}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Version":"2020-01-01","Statement":[]}"#,
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Action":"Encrypt"}]}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Action":"k*:Encrypt"}]}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Resource":"key"}]}"#,
            "Resource key must be in ARN format or \"*\".",
        ),
        (
            r#"{"Statement":[{"Sid":"a","Effect":"Allow"},{"Sid":"a","Effect":"Deny"}]}"#,
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        (
            "{\"Statement\":[],\"Id\":\"\u{2603}\"}",
            "Policy contains invalid characters.",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(Policy::parse(text).unwrap_err().to_string(), message, "{text}");
    }
    let deep = format!("{{\"Statement\":{}{}}}", "[".repeat(100), "]".repeat(100));
    assert!(Policy::parse(&deep).is_err());
}

#[test]
fn every_form_of_a_condition_operator_is_known() {
    for operator in [
        "StringEquals",
        "StringLike",
        "NumericLessThanEqualsIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:ArnLikeIfExists",
        "Null",
    ] {
        let text = one(
            "Deny",
            &format!(
                r#""Principal":"*","Action":"*","Resource":"*","Condition":{{"{operator}":{{"a:b":"c"}}}}"#
            ),
        );
        Policy::parse(&text).unwrap();
    }
    for operator in [
        "",
        "IfExists",
        "NullIfExists",
        "ForAllValues:",
        "ForSome:StringEquals",
        "Equals",
        "stringlike",
    ] {
        let text = one("Deny", &format!(r#""Condition":{{"{operator}":{{"a:b":"c"}}}}"#));
        assert!(Policy::parse(&text).is_err(), "{operator}");
    }
}

#[test]
fn principals_that_name_nobody_are_found() {
    let known = |principal: &AwsPrincipal| match principal {
        AwsPrincipal::Anyone => true,
        AwsPrincipal::Account(other) => *other == account(),
        _ => false,
    };
    let resolved = |principal: &str| {
        let policy = Policy::parse(&one(
            "Allow",
            &format!(r#"{principal}"Action":"kms:*","Resource":"*""#),
        ))
        .unwrap();
        policy.resolve(known).is_ok()
    };
    assert!(resolved(r#""Principal":"*","#));
    assert!(resolved(&format!(
        r#""Principal":{{"AWS":["{ROOT}","111122223333"]}},"#
    )));
    assert!(!resolved(
        r#""Principal":{"AWS":"arn:aws:iam::111122223333:user/nobody"},"#
    ));
    assert!(!resolved(
        r#""Principal":{"AWS":"arn:aws:iam::444455556666:root"},"#
    ));
    assert!(!resolved(r#""Principal":{"AWS":"AIDAEXAMPLE"},"#));
    assert!(!resolved(r#""Principal":{"Service":"s3.amazonaws.com"},"#));
    assert!(!resolved(""));
}

fn statement() -> impl Strategy<Value = String> {
    let who = prop_oneof![
        Just(r#""Principal":"*""#),
        Just(r#""Principal":{"AWS":"111122223333"}"#),
        Just(r#""Principal":{"AWS":"444455556666"}"#),
        Just(r#""NotPrincipal":{"AWS":"444455556666"}"#),
    ];
    let what = prop_oneof![
        Just(r#""Action":"kms:*""#),
        Just(r#""Action":["kms:Enc*","s3:*"]"#),
        Just(r#""Action":"kms:Decrypt""#),
        Just(r#""NotAction":"kms:Encrypt""#),
    ];
    let which = prop_oneof![Just(r#""Resource":"*""#), Just(r#""Resource":"arn:aws:s3:::b""#)];
    let effect = prop_oneof![Just("Allow"), Just("Deny")];
    let condition = prop_oneof![3 => Just(""), 1 => Just(r#","Condition":{"Bool":{"a:b":"true"}}"#)];
    (effect, who, what, which, condition).prop_map(|(effect, who, what, which, condition)| {
        format!(r#"{{"Effect":"{effect}",{who},{what},{which}{condition}}}"#)
    })
}

proptest! {
    #[test]
    fn parsing_never_panics(text in r#"[\[\]{}:",*a-zA-Z0-9\\ ]{0,200}"#) {
        let _ = Policy::parse(&text);
    }

    #[test]
    fn the_order_of_statements_never_matters(statements in proptest::collection::vec(statement(), 0..6)) {
        let forward = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let mut reversed = statements;
        reversed.reverse();
        let backward = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, reversed.join(","));
        for action in ["kms:Encrypt", "kms:Decrypt"] {
            prop_assert_eq!(decision(&forward, action), decision(&backward, action));
        }
    }

    #[test]
    fn one_more_deny_never_widens(statements in proptest::collection::vec(statement(), 0..6), more in statement()) {
        let deny = more.replace(r#""Effect":"Allow""#, r#""Effect":"Deny""#);
        let before = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let mut with = statements;
        with.push(deny);
        let after = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, with.join(","));
        for action in ["kms:Encrypt", "kms:Decrypt"] {
            let after = decision(&after, action);
            prop_assert!(after == "deny" || after == decision(&before, action));
        }
    }
}
