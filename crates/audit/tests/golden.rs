//! Records as people read them, and as they stand on disk for good.
//!
//! Each case has a file `golden/<case>.json`, the rendering, and `golden/<case>.hex`, the entry's bytes.
//! `KEYSTEAD_GOLDEN=write` writes the files anew: for renderings that changed with intent, and for new cases.
//! The bytes of a case that was released never change.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use ambient::Timestamp;
use arn::AccountId;
use audit::{
    Entry, EventType, Identity, IdentityKind, Resource, Session, SessionIssuer, Tls, UnreadableEntry,
    cloudtrail_date, pretty, render,
};
use uuid::Uuid;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn root() -> Identity<'static> {
    Identity {
        kind: Some(IdentityKind::Root),
        principal_id: Some("111122223333"),
        arn: Some("arn:aws:iam::111122223333:root"),
        account: Some(account()),
        access_key_id: Some("AKIAIOSFODNN7EXAMPLE"),
        user_name: None,
        session: None,
        invoked_by: None,
        identity_provider: None,
    }
}

fn key() -> Resource<'static> {
    Resource {
        arn: KEY,
        kind: "AWS::KMS::Key",
        account: Some(account()),
    }
}

/// A call by the root user over TLS 1.3; 2022-08-10T22:38:27.250Z.
fn call(name: &'static str, number: u128, read_only: bool) -> Entry<'static> {
    Entry {
        event_id: Uuid::from_u128(0x11d0_0000_0000_4000_8000_0000_0000_0000 + number),
        time: Timestamp::from_milliseconds(1_660_171_107_250),
        event_type: EventType::ApiCall,
        event_source: "kms.amazonaws.com",
        event_name: name,
        region: "us-east-1",
        recipient: account(),
        identity: root(),
        source_ip: "192.0.2.7",
        user_agent: Some("Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux lang/python#3.12.3"),
        request_id: Some(Uuid::from_u128(
            0x5ca1_0000_0000_4000_8000_0000_0000_0000 + number,
        )),
        read_only,
        error_code: None,
        error_message: None,
        request_parameters: None,
        response_elements: None,
        additional: None,
        service_event_details: None,
        resources: vec![key()],
        tls: Some(Tls {
            version: "TLSv1.3",
            cipher_suite: "TLS_AES_128_GCM_SHA256",
            host: Some("localhost:7400"),
            key_exchange: Some("X25519MLKEM768"),
        }),
        shared_event_id: None,
    }
}

/// Something that the service did by itself.
fn event(name: &'static str, number: u128) -> Entry<'static> {
    Entry {
        event_type: EventType::ServiceEvent,
        identity: Identity {
            kind: None,
            principal_id: None,
            arn: None,
            account: Some(account()),
            access_key_id: None,
            user_name: None,
            session: None,
            invoked_by: Some("AWS Internal"),
            identity_provider: None,
        },
        source_ip: "AWS Internal",
        user_agent: Some("AWS Internal"),
        request_id: None,
        tls: None,
        ..call(name, number, false)
    }
}

fn cases() -> Vec<(&'static str, Entry<'static>)> {
    vec![
        (
            "encrypt",
            Entry {
                request_parameters: Some(
                    r#"{"keyId":"alias/Financial_Report","encryptionContext":{"Department":"Finance \"EU\""},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#,
                ),
                additional: Some(
                    r#"{"keyMaterialId":"96083e4fb6dbc41d77578a213a6b6669c044fcc143e96755396d2bf11fd6068d"}"#,
                ),
                ..call("Encrypt", 1, true)
            },
        ),
        (
            "decrypt-denied",
            Entry {
                error_code: Some("AccessDeniedException"),
                error_message: Some(
                    "User: arn:aws:iam::111122223333:root is not authorized to perform: kms:Decrypt on resource: \
                     arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab because no \
                     resource-based policy allows the kms:Decrypt action",
                ),
                request_parameters: Some(r#"{"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#),
                ..call("Decrypt", 2, true)
            },
        ),
        (
            "describe-key-not-found",
            Entry {
                error_code: Some("NotFoundException"),
                error_message: Some("Alias arn:aws:kms:us-east-1:111122223333:alias/none is not found."),
                request_parameters: Some(r#"{"keyId":"alias/none"}"#),
                resources: Vec::new(),
                ..call("DescribeKey", 3, true)
            },
        ),
        (
            "generate-random",
            Entry {
                resources: Vec::new(),
                user_agent: None,
                tls: None,
                source_ip: "::1",
                ..call("GenerateRandom", 4, true)
            },
        ),
        (
            "create-key",
            Entry {
                request_parameters: Some(
                    r#"{"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[]}","description":"Café","keyUsage":"ENCRYPT_DECRYPT","keySpec":"SYMMETRIC_DEFAULT","origin":"AWS_KMS","bypassPolicyLockoutSafetyCheck":false,"tags":[{"tagKey":"Project","tagValue":"Alpha"}],"multiRegion":false}"#,
                ),
                response_elements: Some(
                    r#"{"keyMetadata":{"aWSAccountId":"111122223333","keyId":"1234abcd-12ab-34cd-56ef-1234567890ab","arn":"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab","creationDate":"Aug 10, 2022, 10:38:27 PM","enabled":true}}"#,
                ),
                ..call("CreateKey", 5, false)
            },
        ),
        (
            "schedule-key-deletion",
            Entry {
                request_parameters: Some(
                    r#"{"keyId":"1234abcd-12ab-34cd-56ef-1234567890ab","pendingWindowInDays":7}"#,
                ),
                response_elements: Some(
                    r#"{"keyId":"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab","deletionDate":"Aug 17, 2022, 10:38:27 PM","keyState":"PendingDeletion","pendingWindowInDays":7}"#,
                ),
                ..call("ScheduleKeyDeletion", 6, false)
            },
        ),
        (
            "create-alias",
            Entry {
                request_parameters: Some(
                    r#"{"aliasName":"alias/Financial_Report","targetKeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#,
                ),
                response_elements: Some(
                    r#"{"keyId":"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}"#,
                ),
                resources: vec![
                    Resource {
                        arn: "arn:aws:kms:us-east-1:111122223333:alias/Financial_Report",
                        kind: "AWS::KMS::Key",
                        account: Some(account()),
                    },
                    key(),
                ],
                tls: Some(Tls {
                    version: "TLSv1.2",
                    cipher_suite: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                    host: None,
                    key_exchange: None,
                }),
                ..call("CreateAlias", 7, false)
            },
        ),
        (
            "rotate-key",
            Entry {
                service_event_details: Some(
                    r#"{"rotationType":"AUTOMATIC","keyOrigin":"AWS_KMS","previousKeyMaterialId":"123a456b","currentKeyMaterialId":"96083e4f","keyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#,
                ),
                ..event("RotateKey", 8)
            },
        ),
        (
            "delete-key",
            Entry {
                service_event_details: Some(r#"{"keyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#),
                ..event("DeleteKey", 9)
            },
        ),
        (
            "assumed-role-from-another-account",
            Entry {
                identity: Identity {
                    kind: Some(IdentityKind::AssumedRole),
                    principal_id: Some("AROAIGDTESTANDEXAMPLE:session"),
                    arn: Some("arn:aws:sts::444455556666:assumed-role/Reader/session"),
                    account: AccountId::from_number(444_455_556_666),
                    access_key_id: Some("ASIAIOSFODNN7EXAMPLE"),
                    user_name: None,
                    session: Some(Session {
                        created: Timestamp::from_seconds(1_660_170_000),
                        mfa: true,
                        issuer: Some(SessionIssuer {
                            kind: "Role",
                            principal_id: "AROAIGDTESTANDEXAMPLE",
                            arn: "arn:aws:iam::444455556666:role/Reader",
                            account: AccountId::from_number(444_455_556_666).unwrap(),
                            user_name: Some("Reader"),
                        }),
                        source_identity: Some("alice"),
                        federated_provider: None,
                    }),
                    invoked_by: None,
                    identity_provider: None,
                },
                shared_event_id: Some(Uuid::from_u128(0x5a5a_0000_0000_4000_8000_0000_0000_0010)),
                ..call("DescribeKey", 16, true)
            },
        ),
    ]
}

fn golden(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(file)
}

/// Compares with a golden file, or writes it.
fn check(file: &str, found: &str) {
    let path = golden(file);
    if std::env::var_os("KEYSTEAD_GOLDEN").is_some_and(|mode| mode == "write") {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{} differs", path.display());
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes
        .chunks(32)
        .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n");
    lines.collect()
}

#[test]
fn records_are_rendered_as_cloudtrail_shows_them() {
    for (name, entry) in cases() {
        check(&format!("{name}.json"), &(pretty(&render(&entry)) + "\n"));
    }
}

#[test]
fn the_bytes_of_an_entry_never_change() {
    for (name, entry) in cases() {
        let bytes = entry.encode();
        check(&format!("{name}.hex"), &hex(&bytes));
        assert_eq!(Entry::decode(&bytes).unwrap(), entry, "{name}");
    }
}

#[test]
fn every_golden_file_belongs_to_a_case() {
    let expected: BTreeSet<String> = cases()
        .iter()
        .flat_map(|(name, _)| [format!("{name}.json"), format!("{name}.hex")])
        .collect();
    let names = std::fs::read_dir(golden("")).unwrap();
    let found: BTreeSet<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_record_is_one_line_of_valid_json() {
    for (name, entry) in cases() {
        let line = render(&entry);
        assert!(!line.contains('\n'), "{name}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let again: serde_json::Value = serde_json::from_str(&pretty(&line)).unwrap();
        assert_eq!(value, again, "{name}");
    }
}

#[test]
fn parameters_that_are_no_json_are_shown_as_a_string() {
    for text in ["", "{", "{}{}", "nope", "\"\u{1}\""] {
        let entry = Entry {
            request_parameters: Some(text),
            ..call("Encrypt", 20, true)
        };
        let value: serde_json::Value = serde_json::from_str(&render(&entry)).unwrap();
        assert_eq!(value["requestParameters"], text);
    }
    let entry = Entry {
        request_parameters: Some("{\n\"a\":\r\n1}"),
        ..call("Encrypt", 21, true)
    };
    assert!(!render(&entry).contains(['\n', '\r']));
    let value: serde_json::Value = serde_json::from_str(&render(&entry)).unwrap();
    assert_eq!(value["requestParameters"]["a"], 1);
}

#[test]
fn what_a_caller_sends_is_cut_to_its_limit() {
    let agent = "ä".repeat(3000);
    let policy = format!("{{\"policy\":\"{}\"}}", "x".repeat(300_000));
    let entry = Entry {
        user_agent: Some(&agent),
        error_message: Some(&agent),
        request_parameters: Some(&policy),
        resources: vec![key(); 1000],
        ..call("PutKeyPolicy", 22, false)
    };
    let bytes = entry.encode();
    let kept = Entry::decode(&bytes).unwrap();
    assert_eq!(kept.user_agent.unwrap(), "ä".repeat(512));
    assert_eq!(kept.error_message.unwrap(), "ä".repeat(512));
    assert_eq!(kept.resources.len(), audit::limits::RESOURCES);
    assert_eq!(
        kept.request_parameters,
        Some(r#"{"omitted":true,"originalSize":300013}"#)
    );
}

#[test]
fn an_entry_of_a_later_version_is_told_from_a_malformed_one() {
    let mut bytes = call("Encrypt", 23, true).encode();
    assert!(matches!(
        Entry::decode(&bytes[..40]),
        Err(UnreadableEntry::Malformed(_))
    ));
    assert!(matches!(Entry::decode(b""), Err(UnreadableEntry::Malformed(_))));
    assert!(matches!(Entry::decode(b"\0"), Err(UnreadableEntry::Malformed(_))));
    bytes[0] = 9;
    assert_eq!(Entry::decode(&bytes), Err(UnreadableEntry::Newer(9)));
}

#[test]
fn a_reader_skips_members_and_kinds_it_does_not_know() {
    let entry = Entry {
        event_type: EventType::Other(77),
        ..call("Encrypt", 24, true)
    };
    let mut bytes = entry.encode();
    // One more member, 99: {"later": [1]}, in a map of one member more.
    assert_eq!(bytes[1] & 0xe0, 0xa0);
    bytes[1] += 1;
    bytes.extend_from_slice(b"\x18\x63\xa1\x65later\x81\x01");
    assert_eq!(Entry::decode(&bytes), Ok(entry.clone()));
    assert!(render(&entry).contains(r#""eventType":"Unknown""#));
}

#[test]
fn dates_within_parameters_have_no_leading_zeros() {
    let date = |seconds| cloudtrail_date(Timestamp::from_seconds(seconds));
    assert_eq!(date(1_660_171_107), "Aug 10, 2022, 10:38:27 PM");
    assert_eq!(date(1_704_067_505), "Jan 1, 2024, 12:05:05 AM");
    assert_eq!(date(1_704_110_705), "Jan 1, 2024, 12:05:05 PM");
}
