use super::*;
use crate::limits;

fn seen(json: &str, view: View) -> String {
    match parse::<Input>(json) {
        Err(Unreadable::Invalid(violations)) => violations.message(view),
        other => panic!("{json}: {other:?}"),
    }
}

/// The violations of a request that has, beside its key, these members.
fn of(members: &str) -> String {
    let message = seen(&format!(r#"{{"KeyId":"k",{members}}}"#), View::Wire);
    let one = message
        .strip_prefix("1 validation error detected: ")
        .map(str::to_owned);
    one.unwrap_or(message)
}

#[test]
fn a_required_member_must_be_there() {
    for json in ["{}", r#"{"KeyId":null}"#] {
        assert_eq!(
            seen(json, View::Wire),
            "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
        );
    }
}

#[test]
fn all_violations_are_told_at_once() {
    assert_eq!(
        seen(r#"{"NumberOfBytes":1025,"KeyId":""}"#, View::Wire),
        "2 validation errors detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value \
         less than or equal to 1024; Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than \
         or equal to 1"
    );
}

#[test]
fn lengths_are_counted_in_characters_elements_and_bytes() {
    assert_eq!(
        of(&format!(
            r#""Tags":[{{"TagKey":"a","TagValue":""}},{{"TagKey":"{}","TagValue":""}}]"#,
            "é".repeat(129)
        )),
        format!(
            "Value '{}' at 'tags.2.member.tagKey' failed to satisfy constraint: Member must have length less than or equal \
             to 128",
            "é".repeat(129)
        )
    );
    let fits = format!(
        r#"{{"KeyId":"k","Tags":[{{"TagKey":"{}","TagValue":""}}]}}"#,
        "é".repeat(128)
    );
    assert!(parse::<Input>(&fits).is_ok());
    assert_eq!(
        of(r#""GrantTokens":["a","b","c","d"]"#),
        "Value '[a, b, c, d]' at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 3"
    );
    assert_eq!(
        of(r#""Plaintext":"""#),
        "Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1"
    );
    assert_eq!(
        of(r#""Plaintext":"MTIzNDU2Nzg5""#),
        "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 8"
    );
}

#[test]
fn an_enumeration_lists_its_values() {
    assert_eq!(
        of(r#""KeySpec":"AES_512""#),
        "Value 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, \
         ECC_NIST_P256, SM2]"
    );
}

#[test]
fn a_pattern_must_match_as_a_whole() {
    assert_eq!(
        of(r#""AliasName":"alias/a b""#),
        "Value 'alias/a b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: \
         ^[a-zA-Z0-9:/_-]+$"
    );
}

#[test]
fn simple_elements_are_told_at_their_list_once() {
    assert_eq!(
        of(r#""GrantTokens":["a","","b"]"#),
        "Value '[a, , b]' at 'grantTokens' failed to satisfy constraint: Member must satisfy constraint: [Member must have \
         length less than or equal to 4, Member must have length greater than or equal to 1]"
    );
    assert_eq!(
        of(r#""Operations":["X","SM2","Y"]"#),
        "Value '[X, SM2, Y]' at 'operations' failed to satisfy constraint: Member must satisfy constraint: [Member must \
         satisfy enum value set: [AES_256, ECC_NIST_P256, SM2]]"
    );
    assert_eq!(
        of(r#""GrantTokens":[null]"#),
        "Value null at 'grantTokens.1.member' failed to satisfy constraint: Member must not be null"
    );
}

#[test]
fn keys_and_values_of_a_map_are_told_at_the_map_once() {
    assert_eq!(
        of(r#""EncryptionContext":{"b":"123456","a":"1"}"#),
        "Value '{a=1, b=123456}' at 'encryptionContext' failed to satisfy constraint: Map value must satisfy constraint: \
         [Member must have length less than or equal to 5]"
    );
    assert_eq!(
        of(r#""EncryptionContext":{"b":"2","1":"1","2":"2"}"#),
        "Value '{1=1, 2=2, b=2}' at 'encryptionContext' failed to satisfy constraint: Map keys must satisfy constraint: \
         [Member must satisfy regular expression pattern: [a-z]+]"
    );
    assert_eq!(
        of(r#""EncryptionContext":{"b":null}"#),
        "Value null at 'encryptionContext.b.member' failed to satisfy constraint: Member must not be null"
    );
}

#[test]
fn sensitive_values_are_never_shown() {
    #[derive(Shape, Debug)]
    struct Credentials {
        #[shape(sensitive, length = 7..=32)]
        password: secret::SecretString,
        #[shape(sensitive, member(pattern = "[a-z]+"))]
        answers: Vec<String>,
        #[shape(sensitive, member(length = 3..))]
        hints: BTreeMap<String, String>,
        #[shape(sensitive)]
        tags: Vec<Tag>,
        #[shape(sensitive)]
        more: BTreeMap<String, Tag>,
    }
    let message = parse::<Credentials>(
        r#"{"Password":"hush","Answers":["HUSH"],"Hints":{"hush":"hu"},"Tags":[{"TagKey":"","TagValue":"hush"}],
            "More":{"hush":{"TagKey":"","TagValue":""}}}"#,
    )
    .unwrap_err()
    .message(View::Wire)
    .unwrap();
    assert!(
        message.starts_with("5 validation errors detected: Value at 'password'"),
        "{message}"
    );
    assert!(message.contains("Value at 'tags.1.member.tagKey'"), "{message}");
    assert!(!message.to_lowercase().contains("hush"), "{message}");
}

#[test]
fn what_is_not_recorded_is_not_recorded_in_a_violation_either() {
    let json = r#"{"KeyId":"","GrantTokens":["very long"]}"#;
    assert!(seen(json, View::Wire).contains("Value '[very long]' at 'grantTokens'"));
    let recorded = seen(json, View::Audit);
    assert!(recorded.contains("Value at 'grantTokens'"), "{recorded}");
    assert!(recorded.contains("Value '' at 'keyId'"), "{recorded}");
}

#[test]
fn texts_are_bounded_whatever_is_refused() {
    let long = format!(r#""AliasName":"{}""#, " é".repeat(10_000));
    let message = of(&long);
    assert!(message.len() < limits::SHOWN_VALUE + 200, "{}", message.len());
    let many = vec![r#"{"TagKey":"","TagValue":""}"#; 1000].join(",");
    let message = of(&format!(r#""Tags":[{many}]"#));
    assert!(message.starts_with("1000 validation errors detected: "));
    assert_eq!(message.matches("failed to satisfy").count(), limits::VIOLATIONS);
    let tokens = vec![r#""too long""#; 1000].join(",");
    assert!(of(&format!(r#""GrantTokens":[{tokens}]"#)).len() < 3 * limits::SHOWN_VALUE);
}
