//! What is a policy of which kind, and what is refused in which words.

use super::*;

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
    let values = |count: usize| vec!["\"a:b\""; count].join(",");
    let many = |count| {
        format!(
            r#"{{"Statement":[{{"Effect":"Deny","Action":[{}]}}]}}"#,
            values(count)
        )
    };
    assert!(Policy::parse(&many(limits::VALUES), Kind::Key).is_ok());
    assert!(Policy::parse(&many(limits::VALUES + 1), Kind::Key).is_err());
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
