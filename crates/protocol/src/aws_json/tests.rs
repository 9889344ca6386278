//! Bodies as clients send them, and as nobody should.

use std::collections::BTreeMap;

use model::{Blob, Shape, Unreadable};
use proptest::prelude::*;
use secret::SecretBytes;

use super::*;
use crate::{Failure, recorded};

#[derive(Shape, Debug)]
struct Input {
    #[shape(audit = log, length = 1..=2048)]
    key_id: String,
    #[shape(sensitive, length = 1..=4096)]
    plaintext: Option<SecretBytes>,
    #[shape(default, audit = log)]
    encryption_context: BTreeMap<String, String>,
    #[shape(default, audit = omit, length = 0..=10, member(length = 1..=8192))]
    grant_tokens: Vec<String>,
    #[shape(audit = log, range = 1..=1024)]
    number_of_bytes: Option<i32>,
    #[shape(audit = log)]
    valid_to: Option<ambient::Timestamp>,
    #[shape(default, audit = log)]
    dry_run: bool,
}

#[derive(Shape)]
struct Output {
    #[shape(audit = omit)]
    ciphertext_blob: Blob,
    #[shape(sensitive)]
    plaintext: SecretBytes,
    #[shape(audit = log)]
    key_id: String,
}

#[derive(Shape, Debug)]
struct Empty {}

fn refusal(body: &[u8]) -> Failure {
    decode::<Input>(body).unwrap_err().into()
}

#[test]
fn an_input_is_read_and_an_output_written() {
    let input = decode::<Input>(br#" {"KeyId":"alias/a","Plaintext":"aG\/+","Unknown":{"a":[]}} "#).unwrap();
    assert_eq!(input.unknown_members, 1);
    assert_eq!(input.value.key_id, "alias/a");
    assert_eq!(input.value.plaintext.unwrap().expose(), [0x68, 0x6f, 0xfe]);
    let output = Output {
        ciphertext_blob: Blob(vec![1, 2, 3]),
        plaintext: SecretBytes::copied_from(b"hi"),
        key_id: "\"k\"".into(),
    };
    assert_eq!(
        encode(&output).unwrap().expose(),
        br#"{"CiphertextBlob":"AQID","Plaintext":"aGk=","KeyId":"\"k\""}"#
    );
    assert_eq!(recorded(&output).unwrap(), r#"{"keyId":"\"k\""}"#);
}

#[test]
fn an_empty_body_is_an_empty_object() {
    assert!(decode::<Empty>(b"").is_ok());
    assert_eq!(refusal(b"").code, "ValidationException");
    assert_eq!(encode(&Empty {}).unwrap().expose(), b"{}");
}

#[test]
fn a_body_that_is_no_object_is_refused_without_a_word() {
    for body in [
        &b" "[..],
        b"{",
        b"{}}",
        b"{} {}",
        b"{\"KeyId\":\"\xff\"}",
        b"{\"X\":\"\xff\"}",
        b"\xef\xbb\xbf{}",
        b"{\"KeyId\":\"a\\q\"}",
        b"{\"KeyId\":\"a\nb\"}",
        b"{\"KeyId\":NaN}",
        b"{\"X\":01}",
        b"<KeyId/>",
    ] {
        assert_eq!(
            refusal(body),
            Failure::silent("SerializationException", 400),
            "{}",
            String::from_utf8_lossy(body)
        );
    }
}

#[test]
fn a_value_of_the_wrong_type_is_told_without_the_value() {
    let failure = refusal(br#"{"KeyId":"k","Plaintext":{"hush":"hush"}}"#);
    assert_eq!(
        (failure.code, failure.message.as_deref(), failure.status),
        (
            "SerializationException",
            Some("START_OBJECT can not be converted to Blob"),
            400
        )
    );
}

#[test]
fn violations_are_told_in_the_words_of_aws() {
    assert_eq!(
        refusal(br#"{"NumberOfBytes":0,"Plaintext":""}"#),
        Failure::validation(
            "3 validation errors detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value \
             greater than or equal to 1; Value at 'plaintext' failed to satisfy constraint: Member must have length greater \
             than or equal to 1; Value null at 'keyId' failed to satisfy constraint: Member must not be null"
        )
    );
}

#[test]
fn a_broken_end_is_malformed_even_after_violations() {
    assert_eq!(refusal(br#"{"KeyId":""}}"#).code, "SerializationException");
}

#[test]
fn deep_and_wide_bodies_end_quickly() {
    for open in ["[", r#"{"a":"#] {
        let body = format!(r#"{{"KeyId":"k","X":{}"#, open.repeat(200_000));
        assert!(matches!(
            decode::<Input>(body.as_bytes()),
            Err(Unreadable::Malformed(Some(_)))
        ));
    }
    let wide = format!(
        r#"{{"KeyId":"k","GrantTokens":[{}""]}}"#,
        r#""","#.repeat(300_000)
    );
    let failure = refusal(wide.as_bytes());
    assert!(failure.message.unwrap().len() < 20_000);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode::<Input>(&body);
    }

    #[test]
    fn arbitrary_tokens_are_read_or_refused(body in proptest::collection::vec(proptest::sample::select(vec![
        "{", "}", "[", "]", ":", ",", "\"KeyId\"", "\"Plaintext\"", "\"EncryptionContext\"", "\"GrantTokens\"", "\"ValidTo\"",
        "\"NumberOfBytes\"", "\"DryRun\"", "\"X\"", "\"aGk=\"", "\"\\u0061\"", "null", "true", "1", "-1.5e9", "1e999", "\"\"", " ",
    ]), 0..40)) {
        let _ = decode::<Input>(body.concat().as_bytes());
    }

    #[test]
    fn a_changed_byte_is_read_or_refused(at in 0..150_usize, byte in any::<u8>()) {
        let mut body = br#"{"KeyId":"alias/a","Plaintext":"aGk=","EncryptionContext":{"a":"b"},"GrantTokens":["t"],"NumberOfBytes":1,"ValidTo":1.5,"DryRun":true}"#.to_vec();
        if let Some(place) = body.get_mut(at) {
            *place = byte;
        }
        if let Err(refusal) = decode::<Input>(&body) {
            let failure = Failure::from(refusal);
            prop_assert!(failure.status == 400);
        }
    }
}
