//! What policies say of actions and resources. Conditions and whole policies have their cases in `cases/`.

mod callers;
mod kinds;

use arn::{AccountId, Arn};

use super::*;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROOT: &str = "arn:aws:iam::111122223333:root";

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn asked<'q>(caller: Caller<'q>, action: &'q str) -> Question<'q> {
    Question {
        caller,
        action,
        resource: KEY,
        context: &Nothing,
    }
}

/// What a policy says to a caller about an action on a key.
fn told(policy: &Policy, caller: Caller<'_>, action: &str) -> &'static str {
    match policy.compile().decide(&asked(caller, action)) {
        Decision::Deny(_) => "deny",
        Decision::Allow(_, Strength::Itself) => "allow",
        Decision::Allow(_, Strength::Everybody) => "everybody",
        Decision::Allow(_, Strength::Role) => "role",
        Decision::Allow(_, Strength::Account) => "delegate",
        Decision::Silent => "silent",
    }
}

fn of_key(text: &str) -> Policy {
    Policy::parse(text, Kind::Key).unwrap_or_else(|error| panic!("{error:?}: {text}"))
}

fn to_root(policy: &str, action: &str) -> &'static str {
    told(&of_key(policy), Caller::Root(account()), action)
}

fn one(effect: &str, rest: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}",{rest}}}]}}"#)
}

#[test]
fn the_default_key_policy_is_its_own_text() {
    let text = Policy::default_key_policy_text(account());
    assert_eq!(of_key(&text), Policy::default_of_key(account()));
}

#[test]
fn the_default_key_policy_allows_root_and_delegates_to_the_account() {
    let policy = Policy::default_of_key(account());
    let user = arn("arn:aws:iam::111122223333:user/a");
    let user = Caller::User(Entity {
        arn: &user,
        id: "AIDAEXAMPLEEXAMPLE123",
    });
    assert_eq!(told(&policy, Caller::Root(account()), "kms:Encrypt"), "allow");
    assert_eq!(told(&policy, user, "kms:Encrypt"), "delegate");
    let stranger = Caller::Root("444455556666".parse().unwrap());
    assert_eq!(told(&policy, stranger, "kms:Encrypt"), "silent");
    assert_eq!(told(&policy, Caller::Anonymous, "kms:Encrypt"), "silent");
    assert_eq!(told(&policy, Caller::Root(account()), "s3:GetObject"), "silent");
}

#[test]
fn what_decides_is_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Compiled>();
    shared::<Policy>();
}

#[test]
fn a_deny_wins_wherever_it_stands() {
    let allow = r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}"#;
    let deny =
        r#"{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"kms:Decrypt","Resource":"*"}"#;
    for statements in [format!("{allow},{deny}"), format!("{deny},{allow}")] {
        let policy = format!(r#"{{"Statement":[{statements}]}}"#);
        assert_eq!(to_root(&policy, "kms:Decrypt"), "deny");
        assert_eq!(to_root(&policy, "kms:Encrypt"), "everybody");
    }
}

#[test]
fn actions_compare_without_case_and_resources_with_it() {
    let with = |action: &str, resource: &str| {
        let rest = format!(r#""Principal":{{"AWS":"{ROOT}"}},{action},{resource}"#);
        to_root(&one("Allow", &rest), "kms:Encrypt")
    };
    let star = r#""Resource":"*""#;
    for (action, expected) in [
        (r#""Action":"KMS:enCrypt""#, "allow"),
        (r#""Action":["s3:*","kms:En*t"]"#, "allow"),
        (r#""Action":"*""#, "allow"),
        (r#""Action":"kms:Encrypt?""#, "silent"),
        (r#""Action":"kms:${*}""#, "silent"),
        (r#""NotAction":"kms:Decrypt""#, "allow"),
        (r#""NotAction":["s3:*","KMS:Enc*"]"#, "silent"),
        (r#""NotAction":"*""#, "silent"),
    ] {
        assert_eq!(with(action, star), expected, "{action}");
    }
    for (resource, expected) in [
        (format!(r#""Resource":["arn:aws:s3:::b","{KEY}"]"#), "allow"),
        (r#""Resource":"arn:aws:kms:*""#.to_owned(), "allow"),
        (
            r#""Resource":"arn:aws:kms:us-east-?:*:key/*""#.to_owned(),
            "allow",
        ),
        (
            format!(r#""Resource":"{}""#, KEY.replace("key/", "KEY/")),
            "silent",
        ),
        (r#""NotResource":"arn:aws:s3:::b""#.to_owned(), "allow"),
        (format!(r#""NotResource":"{KEY}""#), "silent"),
    ] {
        assert_eq!(with(r#""Action":"kms:*""#, &resource), expected, "{resource}");
    }
}

#[test]
fn a_statement_without_action_or_resource_has_no_effect() {
    assert_eq!(
        to_root(&one("Allow", r#""Principal":"*","Resource":"*""#), "kms:Encrypt"),
        "silent"
    );
    assert_eq!(
        to_root(&one("Deny", r#""Principal":"*","Action":"kms:*""#), "kms:Encrypt"),
        "silent"
    );
    assert_eq!(
        to_root(&one("Deny", r#""Action":"kms:*","Resource":"*""#), "kms:Encrypt"),
        "silent"
    );
}

#[test]
fn an_action_without_a_resource_is_matched_by_a_star_alone() {
    for (resource, expected) in [("*", "allow"), ("arn:aws:kms:*", "silent"), ("arn:*", "silent")] {
        let text = one("Allow", &format!(r#""Action":"kms:*","Resource":"{resource}""#));
        let compiled = Policy::parse(&text, Kind::Inline).unwrap().compile();
        let question = Question {
            resource: "*",
            ..asked(Caller::Root(account()), "kms:ListKeys")
        };
        let allowed = matches!(compiled.decide(&question), Decision::Allow(_, Strength::Itself));
        assert_eq!(allowed, expected == "allow", "{resource}");
    }
}

#[test]
fn what_can_not_be_read_denies_everybody_everything_by_name() {
    let compiled = Policy::unreadable().compile();
    for caller in [
        Caller::Root(account()),
        Caller::Service("s3.amazonaws.com"),
        Caller::Anonymous,
    ] {
        for action in ["kms:PutKeyPolicy", "x"] {
            match compiled.decide(&asked(caller, action)) {
                Decision::Deny(source) => assert_eq!(source.sid.as_deref(), Some(UNREADABLE)),
                other => panic!("{other:?}"),
            }
        }
    }
    let silent = Policy::silent(Kind::Key).compile();
    assert_eq!(
        silent.decide(&asked(Caller::Anonymous, "kms:Encrypt")),
        Decision::Silent
    );
}

#[test]
fn a_resource_that_is_too_long_is_not_compared() {
    let long = format!("arn:aws:s3:::{}", "a".repeat(limits::TEXT_BYTES));
    let question = Question {
        resource: &long,
        ..asked(Caller::Root(account()), "s3:GetObject")
    };
    let rest = r#""Action":"s3:*","Resource":"arn:aws:s3:::a*""#;
    let [allow, deny] = ["Allow", "Deny"].map(|effect| {
        let policy = Policy::parse(&one(effect, rest), Kind::Inline).unwrap();
        matches!(policy.compile().decide(&question), Decision::Silent)
    });
    assert!(allow && !deny);
}

#[test]
fn values_are_compared_by_their_text() {
    assert_eq!(Found::made(-10), Found::text("-10"));
    assert_eq!(Found::boolean(true), Found::text("true"));
    assert_eq!(Found::boolean(false), Found::text("false"));
}

#[test]
fn every_statement_that_matches_is_told_with_whether_it_counts() {
    struct Somewhere;
    impl Context for Somewhere {
        fn find(&self, _: &ConditionKey) -> Found<'_> {
            Found::Unknown
        }
    }
    let rest = r#""Action":"kms:*","Resource":"*""#;
    let unknown = r#""Condition":{"StringEquals":{"a:b":"c"}}"#;
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Sid":"0","Effect":"Allow",{rest}}},
            {{"Sid":"1","Effect":"Allow",{rest},{unknown}}},
            {{"Sid":"2","Effect":"Deny","Action":"s3:*","Resource":"*"}},
            {{"Sid":"3","Effect":"Deny",{rest},{unknown}}},
            {{"Sid":"4","Effect":"Allow","NotAction":"s3:*","Resource":"*"}}]}}"#
    );
    let compiled = Policy::parse(&text, Kind::Inline).unwrap().compile();
    let question = Question {
        context: &Somewhere,
        ..asked(Caller::Root(account()), "kms:Encrypt")
    };
    let matching = compiled.matching(&question);
    let told: Vec<_> = matching
        .iter()
        .map(|matched| {
            (
                matched.source.sid.as_deref().unwrap(),
                matched.certain,
                matched.counts(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("0", true, true),
            ("1", false, false),
            ("3", false, true),
            ("4", true, true)
        ]
    );
    assert_eq!(matching[2].source.index, 3);
    assert_eq!(compiled.decide(&question), Decision::Deny(matching[2].source));
}
