//! What is a policy of which kind, and whom statements name. Conditions have their cases in `cases/`.

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
fn callers_are_told_apart() {
    let user = arn("arn:aws:iam::111122223333:user/team/a");
    let user = Entity {
        arn: &user,
        id: "AIDAEXAMPLEEXAMPLE123",
    };
    let role = arn("arn:aws:iam::111122223333:role/path/r");
    let role = Entity {
        arn: &role,
        id: "AROAEXAMPLEEXAMPLE123",
    };
    let session = arn("arn:aws:sts::111122223333:assumed-role/r/s");
    let federated = arn("arn:aws:sts::111122223333:federated-user/f");
    let callers = [
        Caller::Root(account()),
        Caller::User(user),
        Caller::Session { role, arn: &session },
        Caller::Federated {
            arn: &federated,
            user: Some(user),
        },
        Caller::Service("s3.amazonaws.com"),
        Caller::Provider("arn:aws:iam::111122223333:oidc-provider/example.com"),
        Caller::Anonymous,
    ];
    // What an Allow says to each, and then whether a Deny strikes each.
    let rows = [
        (r#""Principal":"*""#, ["everybody"; 7], "ddddddd"),
        (r#""Principal":{"AWS":"*"}"#, ["everybody"; 7], "ddddddd"),
        (
            r#""Principal":{"AWS":"111122223333"}"#,
            [
                "allow", "delegate", "delegate", "delegate", "silent", "silent", "silent",
            ],
            "dddd...",
        ),
        (
            r#""Principal":{"AWS":["*","arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:user/team/a"]}"#,
            [
                "allow",
                "allow",
                "everybody",
                "everybody",
                "everybody",
                "everybody",
                "everybody",
            ],
            "ddddddd",
        ),
        (
            r#""Principal":{"AWS":"arn:aws:iam::111122223333:user/team/a"}"#,
            ["silent", "allow", "silent", "role", "silent", "silent", "silent"],
            ".d.d...",
        ),
        (
            r#""Principal":{"AWS":"AIDAEXAMPLEEXAMPLE123"}"#,
            ["silent", "allow", "silent", "role", "silent", "silent", "silent"],
            ".d.d...",
        ),
        (
            r#""Principal":{"AWS":["arn:aws:iam::111122223333:role/path/r","111122223333"]}"#,
            [
                "allow", "delegate", "role", "delegate", "silent", "silent", "silent",
            ],
            "dddd...",
        ),
        (
            r#""Principal":{"AWS":"AROAEXAMPLEEXAMPLE123"}"#,
            ["silent", "silent", "role", "silent", "silent", "silent", "silent"],
            "..d....",
        ),
        (
            r#""Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/r/s"}"#,
            [
                "silent", "silent", "allow", "silent", "silent", "silent", "silent",
            ],
            "..d....",
        ),
        (
            r#""Principal":{"AWS":"arn:aws:sts::111122223333:federated-user/f"}"#,
            [
                "silent", "silent", "silent", "allow", "silent", "silent", "silent",
            ],
            "...d...",
        ),
        (
            r#""Principal":{"Service":["s3.amazonaws.com","sns.amazonaws.com"]}"#,
            [
                "silent", "silent", "silent", "silent", "allow", "silent", "silent",
            ],
            "....d..",
        ),
        (
            r#""Principal":{"Federated":"*"}"#,
            [
                "silent", "silent", "silent", "silent", "silent", "allow", "silent",
            ],
            ".....d.",
        ),
        (
            r#""Principal":{"AWS":["arn:aws:iam::111122223333:user/*","arn:aws:iam::111122223333:role/*","AIDAEXAMPLEEXAMPLE124","x"]}"#,
            ["silent"; 7],
            ".......",
        ),
        // Which account it is isn't known, so it may be this one.
        (
            r#""Principal":{"CanonicalUser":"79a5"}"#,
            ["silent"; 7],
            "dddd...",
        ),
        (r#""NotPrincipal":"*""#, ["silent"; 7], "......."),
        (
            r#""NotPrincipal":{"AWS":"111122223333"}"#,
            [
                "silent",
                "silent",
                "silent",
                "silent",
                "everybody",
                "everybody",
                "everybody",
            ],
            ".dddddd",
        ),
        (
            r#""NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/team/a","111122223333"]}"#,
            [
                "silent",
                "silent",
                "silent",
                "silent",
                "everybody",
                "everybody",
                "everybody",
            ],
            "..ddddd",
        ),
        (
            r#""NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/path/r"}"#,
            [
                "everybody",
                "everybody",
                "silent",
                "everybody",
                "everybody",
                "everybody",
                "everybody",
            ],
            "ddddddd",
        ),
        (
            r#""NotPrincipal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/path/r","arn:aws:sts::111122223333:assumed-role/r/s"]}"#,
            [
                "silent",
                "silent",
                "silent",
                "silent",
                "everybody",
                "everybody",
                "everybody",
            ],
            ".d.dddd",
        ),
        (
            r#""NotPrincipal":{"Service":"s3.amazonaws.com"}"#,
            [
                "everybody",
                "everybody",
                "everybody",
                "everybody",
                "silent",
                "everybody",
                "everybody",
            ],
            "dddd.dd",
        ),
    ];
    for (principals, allowed, denied) in rows {
        let rest = format!(r#"{principals},"Action":"kms:*","Resource":"*""#);
        let [allow, deny] = ["Allow", "Deny"].map(|effect| of_key(&one(effect, &rest)));
        let told = |policy| callers.map(|caller| told(policy, caller, "kms:Encrypt"));
        assert_eq!(told(&allow), allowed, "{principals}");
        let strikes = told(&deny).map(|told| if told == "deny" { 'd' } else { '.' });
        assert_eq!(String::from_iter(strikes), denied, "{principals}");
    }
}

#[test]
fn a_policy_of_a_caller_speaks_of_that_caller() {
    let text = one("Allow", r#""Action":"kms:*","Resource":"*""#);
    for kind in [Kind::Managed, Kind::Inline, Kind::Session] {
        let policy = Policy::parse(&text, kind).unwrap();
        assert_eq!(told(&policy, Caller::Anonymous, "kms:Encrypt"), "allow");
    }
}

#[test]
fn a_trust_policy_speaks_of_its_role() {
    let text = one(
        "Allow",
        r#""Principal":{"Service":"s3.amazonaws.com"},"Action":"sts:AssumeRole""#,
    );
    let policy = Policy::parse(&text, Kind::Trust).unwrap();
    assert_eq!(
        told(&policy, Caller::Service("s3.amazonaws.com"), "sts:AssumeRole"),
        "allow"
    );
    assert_eq!(
        told(&policy, Caller::Service("s3.amazonaws.com"), "sts:TagSession"),
        "silent"
    );
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
fn what_is_no_policy_of_any_kind_is_refused_with_its_message() {
    let cases = [
        ("", "This policy contains invalid Json"),
        ("[]", "This policy contains invalid Json"),
        ("{", "This policy contains invalid Json"),
        ("{}", "Syntax errors in policy."),
        (r#"{"Statement":[],"Statement":[]}"#, "Syntax errors in policy."),
        (r#"{"Statement":[1]}"#, "Syntax errors in policy."),
        (r#"{"Statement":[],"Extra":1}"#, "Syntax errors in policy."),
        (
            r#"{"Statement":[{"Effect":"allow"}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Action":"a:b","NotAction":"a:c"}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Action":null}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","NotAction":[]}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","NotResource":[]}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Condition":{"NoSuch":{"a:b":"c"}}}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Condition":{"StringEquals":{"a:b":null}}}]}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Condition":{"StringEquals":{"b":"c"}}}]}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            "{\"Statement\":[],\"Id\":\"\u{2603}\"}",
            "Policy contains invalid characters.",
        ),
    ];
    for (text, message) in cases {
        for kind in [
            Kind::Key,
            Kind::Resource,
            Kind::Managed,
            Kind::Inline,
            Kind::Session,
        ] {
            assert_eq!(
                Policy::parse(text, kind).unwrap_err().to_string(),
                message,
                "{text}"
            );
        }
        assert!(Policy::parse(text, Kind::Trust).is_err());
    }
    let deep = format!("{{\"Statement\":{}{}}}", "[".repeat(100), "]".repeat(100));
    assert!(Policy::parse(&deep, Kind::Key).is_err());
    let long = " ".repeat(limits::DOCUMENT_BYTES + 1);
    assert!(matches!(
        Policy::parse(&long, Kind::Key),
        Err(Malformed::Syntax { .. })
    ));
}

#[test]
fn each_kind_refuses_what_it_may_not_hold() {
    use Kind::*;
    let all = [Key, Resource, Managed, Inline, Session];
    let of_callers = [Managed, Inline, Session];
    let who = r#""Principal":"*""#;
    let act = r#""Action":"sts:AssumeRole""#;
    let refused = |kinds: &[Kind], statement: &str, message: &str| {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        for kind in kinds {
            match Policy::parse(&text, *kind) {
                Ok(_) => panic!("{kind:?} takes {text}"),
                Err(error) => assert_eq!(error.to_string(), message, "{kind:?}: {text}"),
            }
        }
    };
    let allow = |rest: &str| format!(r#"{{"Effect":"Allow",{rest}}}"#);

    // Callers' policies name nobody, and say what they speak of.
    for (rest, message) in [
        (
            format!(r#"{who},{act},"Resource":"*""#),
            "Policy document should not specify a principal.",
        ),
        (
            r#""Resource":"*""#.to_owned(),
            "Policy statement must contain actions.",
        ),
        (
            r#""Action":[],"Resource":"*""#.to_owned(),
            "Policy statement must contain actions.",
        ),
        (act.to_owned(), "Policy statement must contain resources."),
        (
            format!(r#"{act},"Resource":[]"#),
            "Policy statement must contain resources.",
        ),
        (
            format!(r#"{act},"Resource":"arn:mars:s3:::b""#),
            "Partition \"mars\" is not valid for resource \"arn:mars:s3:::b\".",
        ),
        (
            format!(r#"{act},"Resource":"arn:aws:s*:::b""#),
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        (
            format!(r#"{act},"Resource":"*","Sid":"no spaces""#),
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ),
    ] {
        refused(&of_callers, &allow(&rest), message);
    }
    refused(&of_callers, "", "Syntax errors in policy.");

    // What holds for each of them.
    for (rest, message) in [
        (
            r#""Action":"Encrypt","Resource":"*""#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            r#""Action":"k*:Encrypt","Resource":"*""#,
            "Vendor k* is not valid",
        ),
        (
            r#""Action":"a:b:c","Resource":"*""#,
            "Actions/Condition can contain only one colon.",
        ),
        (
            r#""Action":"a:b","Resource":"key""#,
            "Resource key must be in ARN format or \"*\".",
        ),
        (
            r#""Action":"a:b","Resource":"arn:aws:${aws:username}:::b""#,
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
    ] {
        refused(&of_callers, &allow(rest), message);
        refused(&[Key, Resource], &allow(&format!("{who},{rest}")), message);
    }
    let twice = format!(r#"{who},{act},"Resource":"*","Sid":"a""#);
    refused(
        &[Key, Resource],
        &format!("{},{}", allow(&twice), allow(&twice)),
        "Statement IDs (SID) in a single policy must be unique.",
    );
    for value in [
        r#"{"NumericLessThan":{"a:b":"x"}}"#,
        r#"{"DateLessThan":{"a:b":"tomorrow"}}"#,
        r#"{"IpAddress":{"a:b":"1.2.3"}}"#,
        r#"{"Bool":{"a:b":"maybe"}}"#,
        r#"{"BinaryEquals":{"a:b":"*"}}"#,
        r#"{"Null":{"a:b":"${aws:username}"}}"#,
        r#"{"ArnLike":{"a:b":"arn:aws:s3"}}"#,
        r#"{"StringLike":{"a:b":"${aws:username"}}"#,
        r#"{"NumericLessThan":{"a:b":"${aws:username}"}}"#,
    ] {
        for kind in all {
            let who = if kind.names_principals() {
                format!("{who},")
            } else {
                String::new()
            };
            refused(
                &[kind],
                &allow(&format!(r#"{who}{act},"Resource":"*","Condition":{value}"#)),
                "Syntax errors in policy.",
            );
        }
    }

    // Resource policies and trust policies.
    refused(
        &[Resource],
        &allow(r#""Action":"a:b","Resource":"*""#),
        "Missing required field Principal",
    );
    refused(
        &[Resource],
        &allow(&format!(r#"{who},"Resource":"*""#)),
        "Policy statement must contain actions.",
    );
    refused(
        &[Key, Resource],
        &allow(r#""Principal":{},"Action":"a:b""#),
        "Syntax errors in policy.",
    );
    for (statement, message) in [
        (String::new(), "Could not parse the policy: Statement is empty!"),
        (format!(r#"{{{who},{act}}}"#), "Missing required field Effect"),
        (allow(act), "Missing required field Principal"),
        (
            allow(&format!(r#""Principal":{{}},{act}"#)),
            "Missing required field Principal cannot be empty!",
        ),
        (
            allow(&format!(r#""NotPrincipal":"*",{act}"#)),
            "Allow with NotPrincipal is not allowed.",
        ),
        (
            format!(r#"{{"Effect":"Deny","NotPrincipal":"*",{act}}}"#),
            "AssumeRole policy must not contain NotPrincipal field.",
        ),
        (allow(who), "Missing required field Action"),
        (
            allow(&format!(r#"{who},"Action":"*""#)),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            allow(&format!(r#"{who},"Action":["sts:AssumeRole","kms:Encrypt"]"#)),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            allow(&format!(r#"{who},{act},"Resource":"*""#)),
            "Has prohibited field Resource",
        ),
        (
            allow(&format!(r#"{who},{act},"NotResource":"*""#)),
            "AssumeRole policy must not contain resources.",
        ),
    ] {
        refused(&[Trust], &statement, message);
    }
}

#[test]
fn versions_are_known_and_managed_policies_are_of_the_newer() {
    let text =
        |version: &str, rest: &str| format!(r#"{{{version}"Statement":[{{"Effect":"Allow",{rest}}}]}}"#);
    let (old, new) = (r#""Version":"2008-10-17","#, r#""Version":"2012-10-17","#);
    let rest = r#""Action":"a:b","Resource":"*""#;
    for version in ["", old] {
        assert_eq!(
            Policy::parse(&text(version, rest), Kind::Managed),
            Err(Malformed::Version)
        );
        let policy = Policy::parse(&text(version, rest), Kind::Inline).unwrap();
        assert_eq!(policy.version, Version::V2008);
    }
    assert!(Policy::parse(&text(new, rest), Kind::Managed).is_ok());
    let unknown = text(r#""Version":"2020-01-01","#, rest);
    assert_eq!(Policy::parse(&unknown, Kind::Key), Err(Malformed::Version));
    assert_eq!(Policy::parse(&unknown, Kind::Trust), Err(Malformed::TrustVersion));
}

#[test]
fn a_key_policy_asks_each_value_only_of_keys_that_may_have_several() {
    for (key, refused) in [
        ("kms:EncryptionContext:app", true),
        ("aws:RequestTag/team", true),
        ("kms:EncryptionContextKeys", false),
        ("aws:TagKeys", false),
    ] {
        let rest = format!(
            r#""Principal":"*","Action":"kms:*","Resource":"*","Condition":{{"ForAllValues:StringLike":{{"{key}":"*"}}}}"#
        );
        for effect in ["Allow", "Deny"] {
            let parsed = Policy::parse(&one(effect, &rest), Kind::Key);
            assert_eq!(parsed == Err(Malformed::OverlyPermissive), refused, "{key}");
            assert!(Policy::parse(&one(effect, &rest), Kind::Resource).is_ok());
        }
    }
    assert!(
        Malformed::OverlyPermissive
            .to_string()
            .starts_with("OverlyPermissiveCondition: Using the ForAllValues")
    );
}

#[test]
fn statements_know_where_they_stand() {
    let policy =
        of_key("{\"Id\":\"é\",\"Statement\":[{\"Effect\":\"Deny\"},\n  { \"Effect\":\n\"Allow\"\n }]}");
    let places: Vec<_> = policy
        .statements
        .iter()
        .map(|statement| (statement.start, statement.end))
        .collect();
    let at = |line, column| Position { line, column };
    assert_eq!(places, [(at(1, 24), at(1, 40)), (at(2, 3), at(4, 2))]);
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

#[test]
fn a_policy_tells_which_keys_it_looks_at() {
    let rest = r#""Action":"a:b","Resource":"arn:aws:s3:::${aws:username}/${aws:PrincipalTag/x, 'y'}",
        "Condition":{"StringLike":{"aws:UserName":"${aws:userid}*"},"Null":{"aws:SourceIp":true}}"#;
    let policy = Policy::parse(&one("Allow", rest), Kind::Inline).unwrap();
    let keys: Vec<_> = policy
        .condition_keys()
        .iter()
        .map(|key| key.as_written().to_owned())
        .collect();
    assert_eq!(
        keys,
        ["aws:username", "aws:PrincipalTag/x", "aws:userid", "aws:SourceIp"]
    );
}

#[test]
fn principals_that_name_nobody_are_found() {
    let known = |principal: &Principal| match principal {
        Principal::Anyone => true,
        Principal::Account(other) => *other == account(),
        _ => false,
    };
    let unresolved = |principal: &str| {
        let policy = of_key(&one(
            "Allow",
            &format!(r#"{principal}"Action":"kms:*","Resource":"*""#),
        ));
        policy
            .resolve(known)
            .err()
            .map(|Unresolved(stranger)| stranger.map(|stranger| (stranger.element(), stranger.to_string())))
    };
    assert_eq!(unresolved(r#""Principal":"*","#), None);
    let both = format!(r#""Principal":{{"AWS":["{ROOT}","111122223333"]}},"#);
    assert_eq!(unresolved(&both), None);
    assert_eq!(unresolved(""), Some(None));
    for (element, stranger) in [
        ("AWS", "arn:aws:iam::111122223333:user/nobody"),
        ("AWS", "arn:aws:iam::444455556666:root"),
        ("AWS", "AIDAEXAMPLEEXAMPLE123"),
        ("AWS", "AIDAEXAMPLE"),
        ("Service", "s3.amazonaws.com"),
        ("Federated", "example.com"),
        ("CanonicalUser", "79a5"),
    ] {
        for form in ["Principal", "NotPrincipal"] {
            let found = unresolved(&format!(r#""{form}":{{"{element}":"{stranger}"}},"#));
            assert_eq!(found, Some(Some((element, stranger.to_owned()))));
        }
    }
}

#[test]
fn white_space_does_not_count_against_the_limits_of_iam() {
    assert_eq!(significant_length(" {\"é\" :\n\t\"a b\"}"), 10);
}
