//! Records as the first version wrote them: each is read as it was meant, and written again byte for byte.
//!
//! `golden/records-1.txt` holds a line for each: its name, and its bytes in hexadecimal digits. `KEYSTEAD_GOLDEN=write`
//! writes it anew, for as long as the format was not released.

use ::policy::{Kind, Policy};
use ambient::Timestamp;
use arn::AccountId;
use crypto::{KeyKind, KeyName, Material, MaterialId};
use identity::Named;
use secret::{LockedKey, SecretBuffer};
use store::{SecretTable, Table};

use super::*;
use crate::key_id::KeyId;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/records-1.txt");
const DAY: i64 = 86_400_000;

fn at(days: i64) -> Timestamp {
    Timestamp::from_milliseconds(days * DAY)
}

fn material(byte: u8) -> MaterialId {
    MaterialId::from_bytes([byte; 32])
}

fn id(kind: KeyKind) -> KeyId {
    KeyId(KeyName::new(kind, [0x5A; 16]))
}

/// A symmetric key of which everything is set that such a key can have.
fn symmetric() -> Key {
    let mut tags = Tags::default();
    tags.set("team", "payroll");
    tags.set("stage", "production");
    tags.set("team", "accounts");
    Key {
        description: "Seals payroll data".to_owned(),
        deletion: Some(Deletion::after(at(20_000), 30)),
        tags,
        versions: vec![
            Version::new(material(1), at(19_000), RotationKind::Creation),
            Version::new(material(2), at(19_365), RotationKind::Automatic),
            Version::new(material(3), at(19_400), RotationKind::OnDemand),
        ],
        rotation: Some(RotationPlan::from(at(19_365), 365)),
        ..Key::bare("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", Origin::AwsKms, at(19_000))
    }
}

/// A multi-Region key with imported material, one of which waits for a rotation.
fn imported() -> Key {
    let import = |held, end: Option<i64>| Import {
        held,
        valid_to_ms: end,
        description: Some("from the safe".to_owned()),
        lacks_replicas: !held,
    };
    Key {
        enabled: false,
        versions: vec![Version::imported(
            material(4),
            at(19_000),
            import(true, Some(21_000 * DAY)),
        )],
        pending: Some(Version::imported(material(5), at(19_001), import(false, None))),
        relatives: Some(Relatives {
            primary: "eu-central-1".to_owned(),
            replicas: vec!["us-east-1".to_owned(), "eu-west-1".to_owned()],
        }),
        transition: Some(Transition::Updating),
        deletion_after_replicas: Some(7),
        ..Key::bare(
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            Origin::External,
            at(19_000),
        )
    }
}

fn alias() -> Alias {
    Alias {
        name: "alias/payroll".to_owned(),
        target: id(KeyKind::MultiRegion).to_bytes(),
        created_ms: DAY,
        updated_ms: 2 * DAY,
    }
}

fn grant() -> Grant {
    let party = |named: &str, id: &str, is_service| Party {
        named: named.to_owned(),
        id: id.to_owned(),
        is_service,
    };
    let pairs = |name: &str| [(name.to_owned(), "ledger".to_owned())].into();
    Grant {
        key: id(KeyKind::SingleRegion).to_bytes(),
        id: [7; 32],
        name: Some("backup".to_owned()),
        grantee: party(
            "arn:aws:iam::123456789012:user/ada",
            "AIDAEXAMPLEEXAMPLEEXA",
            false,
        ),
        retiring: Some(party(
            "ebs.us-east-1.amazonaws.com",
            "ebs.us-east-1.amazonaws.com",
            true,
        )),
        operations: 0b1011,
        subset: Some(pairs("app")),
        equals: Some(pairs("App")),
        source_arn: Some("arn:aws:s3:us-east-1:123456789012:bucket".to_owned()),
        issuer: 123_456_789_012,
        created_ms: DAY,
    }
}

fn policies() -> [KeyPolicy; 3] {
    let plain = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let arn = "arn:aws:iam::123456789012:user/ada";
    let naming = format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{arn}"}},"Action":"kms:*","Resource":"*"}}]}}"#
    );
    let named = Named {
        arn: arn.to_owned(),
        id: "AIDAEXAMPLEEXAMPLEEXA".to_owned(),
    };
    let given = |text: &str, named| {
        let policy = Policy::parse(text, Kind::Key).unwrap();
        KeyPolicy::given(text.to_owned(), policy, named)
    };
    let account = AccountId::from_number(123_456_789_012).unwrap();
    [
        KeyPolicy::default_of(account),
        given(plain, Vec::new()),
        given(&naming, vec![named]),
    ]
}

fn written<T: Table>(record: &T::Record) -> Vec<u8> {
    let mut out = SecretBuffer::with_capacity(64);
    T::encode(record, &mut out);
    out.expose().to_vec()
}

/// Every record, by name.
fn all() -> Vec<(&'static str, Vec<u8>)> {
    let [default, given, naming] = policies();
    vec![
        ("key-symmetric", written::<Keys>(&symmetric())),
        ("key-imported", written::<Keys>(&imported())),
        ("alias", written::<Aliases>(&alias())),
        ("policy-default", written::<KeyPolicies>(&default)),
        ("policy-given", written::<KeyPolicies>(&given)),
        ("policy-naming", written::<KeyPolicies>(&naming)),
        ("grant", written::<Grants>(&grant())),
        ("key-id", id(KeyKind::SingleRegion).to_bytes().to_vec()),
    ]
}

#[test]
fn records_are_read_and_written_as_ever() {
    let lines: String = all()
        .iter()
        .map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes)))
        .collect();
    if std::env::var_os("KEYSTEAD_GOLDEN").is_some_and(|mode| mode == "write") {
        std::fs::write(FILE, &lines).unwrap();
    }
    let golden = std::fs::read_to_string(FILE).unwrap();
    assert_eq!(lines, golden);
    let bytes = |name: &str| {
        let line = golden
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        hex::decode(line.unwrap()).unwrap()
    };
    assert_eq!(Keys::decode(1, &bytes("key-symmetric")).unwrap(), symmetric());
    assert_eq!(Keys::decode(1, &bytes("key-imported")).unwrap(), imported());
    assert_eq!(Aliases::decode(1, &bytes("alias")).unwrap(), alias());
    assert_eq!(Grants::decode(1, &bytes("grant")).unwrap(), grant());
    let [default, given, naming] = policies();
    assert_eq!(KeyPolicies::decode(1, &bytes("policy-default")).unwrap(), default);
    assert_eq!(KeyPolicies::decode(1, &bytes("policy-given")).unwrap(), given);
    assert_eq!(KeyPolicies::decode(1, &bytes("policy-naming")).unwrap(), naming);
    assert_eq!(
        KeyId::from_bytes(&bytes("key-id")),
        Some(id(KeyKind::SingleRegion))
    );
}

#[test]
fn material_of_each_kind_is_read_as_ever() {
    let read = |bytes: &[u8]| Materials::decode(1, bytes);
    let aes = read(&[[1].as_slice(), &[7; 32]].concat()).unwrap();
    assert!(aes.is(&Material::aes_256(LockedKey::copied_from(&[7; 32]).unwrap())));
    for (bytes, fits) in [
        ([[1].as_slice(), &[7; 31]].concat(), false),
        ([[2].as_slice(), &[7; 48]].concat(), true),
        ([[2].as_slice(), &[7; 33]].concat(), false),
        ([[3].as_slice(), b"PKCS#8"].concat(), true),
        (vec![3], false),
        (vec![0; 33], false),
        (vec![4; 33], false),
    ] {
        assert_eq!(read(&bytes).is_ok(), fits, "{bytes:?}");
    }
}
