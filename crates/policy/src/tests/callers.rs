//! Whom statements name, and how strongly.

use super::*;

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
            r#""Principal":{"AWS":["arn:aws:iam::111122223333:user/*","arn:aws:iam::111122223333:role/*","AIDAEXAMPLEEXAMPLE124","arn:aws:sts::111122223333:root","arn:aws:iam:x:111122223333:root","x"]}"#,
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
fn a_session_is_known_by_its_roles_id_and_what_it_is_called() {
    let role = arn("arn:aws:iam::111122223333:role/path/r");
    let session = arn("arn:aws:sts::111122223333:assumed-role/r/s");
    let named = |id: &str, listed: &str| {
        let role = Entity { arn: &role, id };
        let caller = Caller::Session { role, arn: &session };
        caller.is_named(
            &Element::These(vec![Principal::Id(listed.to_owned())]),
            Effect::Allow,
        )
    };
    assert_eq!(named("AROAONE", "AROAONE:s"), (Truth::Yes, Strength::Itself));
    assert_eq!(named("AROAONE", "AROAONE"), (Truth::Yes, Strength::Role));
    // A role of the same name that was made later has another id.
    for listed in [
        "AROATWO:s",
        "AROAONE:t",
        "AROAONE:",
        "AROAONE:s:s",
        "AROAONEs",
        ":s",
        "s",
    ] {
        assert_eq!(named("AROAONE", listed).0, Truth::No, "{listed}");
    }
}

#[test]
fn what_names_a_session_by_its_roles_id_can_not_be_written() {
    assert_eq!(
        Principal::of_aws("AROAEXAMPLEEXAMPLE123:s"),
        Principal::Other("AROAEXAMPLEEXAMPLE123:s".to_owned())
    );
}
