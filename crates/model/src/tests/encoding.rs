use super::*;
use ambient::Timestamp;

fn output(milliseconds: i64) -> Output {
    Output {
        key_metadata: Metadata {
            aws_account_id: "111122223333".parse().unwrap(),
            arn: "arn:aws:kms:us-east-1:111122223333:key/k".parse().unwrap(),
            creation_date: Timestamp::from_milliseconds(milliseconds),
            key_state: KeyState::PendingDeletion,
            description: None,
        },
        plaintext: SecretBytes::copied_from(b"hi"),
        ciphertext_blob: Blob(vec![0, 255]),
        truncated: false,
        tags: vec![],
    }
}

#[test]
fn the_wire_has_every_member_that_is_there() {
    assert_eq!(
        json(&output(1_568_565_290_250), View::Wire),
        concat!(
            r#"{"KeyMetadata":{"AWSAccountId":"111122223333","Arn":"arn:aws:kms:us-east-1:111122223333:key/k","#,
            r#""CreationDate":1568565290.25,"KeyState":"PendingDeletion"},"Plaintext":"aGk=","CiphertextBlob":"AP8=","#,
            r#""Truncated":false,"Tags":[]}"#
        )
    );
    assert_eq!(json(&Nothing {}, View::Wire), "{}");
}

#[test]
fn the_audit_log_has_the_members_marked_for_it() {
    let mut output = output(1_660_171_107_000);
    output.key_metadata.description = Some("private".into());
    assert_eq!(
        json(&output, View::Audit),
        concat!(
            r#"{"keyMetadata":{"aWSAccountId":"111122223333","arn":"arn:aws:kms:us-east-1:111122223333:key/k","#,
            r#""creationDate":"Aug 10, 2022, 10:38:27 PM","keyState":"PendingDeletion"},"truncated":false,"tags":[]}"#
        )
    );
}

#[test]
fn defaults_are_not_written() {
    let input = parse::<Input>(r#"{"KeyId":"k","DryRun":false,"Tags":[]}"#)
        .unwrap()
        .value;
    assert_eq!(json(&input, View::Wire), r#"{"KeyId":"k"}"#);
    assert_eq!(json(&input, View::Audit), r#"{"keyId":"k"}"#);
}

#[test]
fn whole_seconds_keep_a_decimal() {
    for (milliseconds, text) in [
        (1_568_565_290_000, "1568565290.0"),
        (1, "0.001"),
        (1_700_000_000_123, "1700000000.123"),
    ] {
        assert_eq!(
            json(&Timestamp::from_milliseconds(milliseconds), View::Wire),
            text
        );
    }
}

#[test]
fn a_long_blob_is_written_whole() {
    for length in [383, 384, 385, 4096] {
        let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        let text = json(&SecretBytes::copied_from(&bytes), View::Wire);
        let again = parse::<Blob>(&text).unwrap().value;
        assert_eq!(again.0, bytes);
    }
}
