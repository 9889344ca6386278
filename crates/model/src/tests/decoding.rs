use super::*;
use crate::Fault;
use ambient::Timestamp;

fn fault<T: Shape>(json: &str) -> Option<Fault> {
    match parse::<T>(json) {
        Err(Unreadable::Malformed(fault)) => fault,
        Err(other) => panic!("{json} is not malformed: {other:?}"),
        Ok(_) => panic!("{json} was read"),
    }
}

#[test]
fn every_kind_of_member_is_read() {
    let input = parse::<Input>(
        r#"{"KeyId":"alias/a","Plaintext":"aGk=","EncryptionContext":{"b":"2","a":"1"},"GrantTokens":["t"],
            "KeySpec":"ECC_NIST_P256","NumberOfBytes":32,"Tags":[{"TagKey":"k","TagValue":""}],"AliasName":"alias/x",
            "Operations":["AES_256","SM2"],"DryRun":true}"#,
    )
    .unwrap()
    .value;
    assert_eq!(
        input,
        Input {
            key_id: KeyReference("alias/a".into()),
            plaintext: Some(SecretBytes::copied_from(b"hi")),
            encryption_context: [("a", "1"), ("b", "2")].map(|(k, v)| (k.into(), v.into())).into(),
            grant_tokens: vec!["t".into()],
            key_spec: Some(KeySpec::EccNistP256),
            number_of_bytes: Some(32),
            tags: vec![Tag {
                tag_key: "k".into(),
                tag_value: String::new()
            }],
            alias_name: Some("alias/x".into()),
            operations: vec![KeySpec::Aes256, KeySpec::Sm2],
            dry_run: true,
        }
    );
}

#[test]
fn null_is_the_same_as_absent() {
    let sparse =
        parse::<Input>(r#"{"KeyId":"k","Plaintext":null,"GrantTokens":null,"DryRun":null,"KeySpec":null}"#);
    assert_eq!(
        sparse.unwrap().value,
        parse::<Input>(r#"{"KeyId":"k"}"#).unwrap().value
    );
}

#[test]
fn unknown_members_are_ignored_and_counted() {
    let read = parse::<Input>(
        r#"{"X":{"a":[1,2.5,{"b":null}]},"KeyId":"k","keyId":7,"Tags":[{"TagKey":"a","TagValue":"b","More":[]}]}"#,
    );
    let read = read.unwrap();
    assert_eq!(read.unknown_members, 3);
    assert_eq!(read.value.tags.len(), 1);
}

#[test]
fn a_value_of_another_kind_is_malformed_and_not_repeated_in_the_message() {
    for (json, message) in [
        (r#"{"KeyId":17}"#, "NUMBER_VALUE can not be converted to String"),
        (
            r#"{"KeyId":["secret"]}"#,
            "START_ARRAY can not be converted to String",
        ),
        (
            r#"{"KeyId":{"secret":1}}"#,
            "START_OBJECT can not be converted to String",
        ),
        (
            r#"{"NumberOfBytes":"17"}"#,
            "STRING_VALUE can not be converted to Integer",
        ),
        (
            r#"{"NumberOfBytes":1.0}"#,
            "DECIMAL_VALUE can not be converted to Integer",
        ),
        (
            r#"{"DryRun":"true"}"#,
            "STRING_VALUE can not be converted to Boolean",
        ),
        (
            r#"{"GrantTokens":"secret"}"#,
            "STRING_VALUE can not be converted to List",
        ),
        (
            r#"{"Tags":["secret"]}"#,
            "STRING_VALUE can not be converted to Structure",
        ),
        (
            r#"{"EncryptionContext":[]}"#,
            "START_ARRAY can not be converted to Map",
        ),
        (
            r#"{"EncryptionContext":{"a":1}}"#,
            "NUMBER_VALUE can not be converted to String",
        ),
        (r#"{"KeySpec":true}"#, "TRUE_VALUE can not be converted to String"),
        (r#"{"Plaintext":5}"#, "NUMBER_VALUE can not be converted to Blob"),
        ("[]", "START_ARRAY can not be converted to Structure"),
        ("null", "NULL_VALUE can not be converted to Structure"),
    ] {
        assert_eq!(fault::<Input>(json).unwrap().to_string(), message, "{json}");
    }
}

#[test]
fn a_number_that_does_not_fit_its_type_is_malformed() {
    for number in [
        "2147483648",
        "-2147483649",
        "9223372036854775808",
        "18446744073709551615",
    ] {
        assert_eq!(
            fault::<Input>(&format!(r#"{{"NumberOfBytes":{number}}}"#)),
            Some(Fault::Number { wanted: "Integer" })
        );
    }
}

#[test]
fn a_member_or_key_that_occurs_twice_is_malformed() {
    for json in [
        r#"{"KeyId":"a","KeyId":"a"}"#,
        r#"{"KeyId":null,"KeyId":"a"}"#,
        r#"{"KeyId":"","KeyId":"a"}"#,
        r#"{"KeyId":"a","EncryptionContext":{"a":"1","a":"1"}}"#,
        r#"{"KeyId":"a","EncryptionContext":{"a":null,"a":"1"}}"#,
        r#"{"KeyId":"a","EncryptionContext":{"a":"too long","\u0061":"1"}}"#,
        r#"{"KeyId":"a","Tags":[{"TagKey":"a","TagKey":"b"}]}"#,
    ] {
        assert_eq!(fault::<Input>(json), Some(Fault::Repeated), "{json}");
    }
}

#[test]
fn only_whole_padded_base64_is_a_blob() {
    for text in [
        "aGk", "aGk==", "a", "a===", "=", "aG k=", "aGk=\\n", "aG_=", "aGl=", "é",
    ] {
        let json = format!(r#"{{"KeyId":"k","Plaintext":"{text}"}}"#);
        assert_eq!(fault::<Input>(&json), Some(Fault::Base64), "{text}");
    }
    for (text, length) in [("aA==", 1), ("aGk=", 2), ("aGlp", 3), ("aGlpaA\\u003d=", 4)] {
        let json = format!(r#"{{"KeyId":"k","Plaintext":"{text}"}}"#);
        assert_eq!(
            parse::<Input>(&json).unwrap().value.plaintext.unwrap().len(),
            length
        );
    }
}

#[test]
fn a_moment_is_a_number_of_seconds() {
    #[derive(Shape)]
    struct When {
        #[shape(audit = log)]
        at: Timestamp,
    }
    let at = |number: &str| parse::<When>(&format!(r#"{{"At":{number}}}"#)).map(|read| read.value.at);
    assert_eq!(at("1568565290").unwrap(), Timestamp::from_seconds(1_568_565_290));
    assert_eq!(
        at("1568565290.123").unwrap(),
        Timestamp::from_milliseconds(1_568_565_290_123)
    );
    assert_eq!(
        at("1.568565290e9").unwrap(),
        Timestamp::from_seconds(1_568_565_290)
    );
    for number in ["1e300", "-1e300", "999999999999999", "\"2019-09-15T16:34:50Z\""] {
        assert!(
            matches!(at(number), Err(Unreadable::Malformed(Some(_)))),
            "{number}"
        );
    }
}

#[test]
fn nesting_is_bounded_in_members_known_and_unknown() {
    let known = |depth: usize| format!("{}{{}}{}", r#"{"Inner":"#.repeat(depth), "}".repeat(depth));
    assert!(parse::<Nest>(&known(63)).is_ok());
    assert_eq!(fault::<Nest>(&known(64)), Some(Fault::TooDeep));
    let unknown = |depth: usize| format!(r#"{{"X":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(parse::<Nest>(&unknown(63)).is_ok());
    assert_eq!(fault::<Nest>(&unknown(64)), Some(Fault::TooDeep));
    assert_eq!(fault::<Nest>(&unknown(100_000)), Some(Fault::TooDeep));
}

#[test]
fn broken_json_is_malformed_without_a_cause() {
    for json in [
        "",
        "{",
        r#"{"KeyId":"#,
        r#"{"KeyId":"\x"}"#,
        r#"{"KeyId":"\ud800"}"#,
        r#"{"KeyId" "a"}"#,
        "{'a':1}",
    ] {
        assert_eq!(fault::<Input>(json), None, "{json}");
    }
}

#[test]
fn an_enumeration_is_read_and_printed_by_its_text() {
    assert_eq!("PendingDeletion".parse(), Ok(KeyState::PendingDeletion));
    assert_eq!(
        "PENDING_DELETION".parse::<KeyState>(),
        Err(crate::UnknownValue("KeyState"))
    );
    assert_eq!(KeySpec::Sm2.to_string(), "SM2");
    assert_eq!(
        KeySpec::ALL.iter().map(KeySpec::as_str).collect::<Vec<_>>(),
        ["AES_256", "ECC_NIST_P256", "SM2"]
    );
}
