//! Whether the check notices what it is there for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpListener;

use crash::survey::{Facts, Family, Survey, prove_all};
use crash::{Access, Call, Client, Effect, Kind, Ledger, Outcome, Proof, Record, Register};
use serde_json::json;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555";
/// A key of both Regions.
const FAMILY: &str = "mrk-1234567890abcdef1234567890abcdef";
const PRIMARY: &str = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234567890abcdef1234567890abcdef";
const REPLICA: &str = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234567890abcdef1234567890abcdef";

fn call(name: &str, operation: &'static str, (sent, answered): (u64, Option<u64>), effect: Effect) -> Call {
    Call {
        name: name.to_owned(),
        operation,
        sent,
        answered,
        sent_at: sent,
        answered_at: answered,
        request_id: answered.map(|_| format!("id of {name}")),
        outcome: match answered {
            Some(_) => Outcome::Done,
            None => Outcome::Unknown("cut".to_owned()),
        },
        effect,
        made: None,
        seen: Vec::new(),
        keys_seen: Vec::new(),
        proof: None,
    }
}

fn create() -> Call {
    create_of(Kind::Usual, KEY)
}

fn create_of(kind: Kind, arn: &str) -> Call {
    let effect = Effect::Create {
        kind,
        description: "mine".to_owned(),
        tags: "a=1".to_owned(),
    };
    Call {
        made: Some(arn.to_owned()),
        ..call("create", "CreateKey", (1, Some(2)), effect)
    }
}

fn import(answered: Option<u64>) -> Call {
    let effect = Effect::Write(Register::State(KEY.to_owned()), "Enabled".to_owned());
    call("import", "ImportKeyMaterial", (3, answered), effect)
}

fn replicate(answered: Option<u64>) -> Call {
    let made = create_of(Kind::Replica, REPLICA);
    Call {
        made: made.made.filter(|_| answered.is_some()),
        ..call("replicate", "ReplicateKey", (3, answered), made.effect)
    }
}

fn move_primary(answered: Option<u64>) -> Call {
    let effect = Effect::Write(Register::Primary(FAMILY.to_owned()), "eu-west-1".to_owned());
    call("move", "UpdatePrimaryRegion", (5, answered), effect)
}

fn disable(answered: Option<u64>) -> Call {
    let effect = Effect::Write(Register::State(KEY.to_owned()), "Disabled".to_owned());
    call("disable", "DisableKey", (3, answered), effect)
}

/// A look at the key's state, by somebody else.
fn look(sent: u64, state: &str) -> Call {
    let mut look = call("look", "DescribeKey", (sent, Some(sent + 1)), Effect::None);
    look.seen = vec![(Register::State(KEY.to_owned()), state.to_owned())];
    look
}

fn record(call: &Call) -> Record {
    Record {
        sequence: call.sent,
        request_id: Some(format!("id of {}", call.name)),
        agent: call.name.clone(),
        operation: call.operation.to_owned(),
        error: None,
        made: call.made.clone(),
    }
}

fn settled(calls: &[Call], records: &[Record]) -> (Ledger, String) {
    let mut ledger = Ledger::default();
    let wrong = ledger.settle(calls, records);
    (ledger, wrong.join("\n"))
}

/// Everything that is called, recorded.
fn all_recorded(calls: &[Call]) -> String {
    settled(calls, &calls.iter().map(record).collect::<Vec<_>>()).1
}

fn facts(state: &str, family: Option<Family>) -> Facts {
    Facts {
        description: "mine".to_owned(),
        state: state.to_owned(),
        tags: "a=1".to_owned(),
        rotations: 0,
        automatic: false,
        family,
    }
}

fn shown(state: &str) -> Survey {
    Survey {
        keys: [KEY.to_owned()].into(),
        facts: [(KEY.to_owned(), facts(state, None))].into(),
        ..Survey::default()
    }
}

/// The keys of a family, each with what it says of it.
fn family_shown(keys: &[(&str, Family)]) -> Survey {
    Survey {
        keys: keys.iter().map(|(key, _)| (*key).to_owned()).collect(),
        facts: keys
            .iter()
            .map(|(key, family)| ((*key).to_owned(), facts("Enabled", Some(family.clone()))))
            .collect(),
        ..Survey::default()
    }
}

fn says(role: &str, primary: &str, keys: &[&str]) -> Family {
    Family {
        role: role.to_owned(),
        primary: primary.to_owned(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        materials: vec!["m".to_owned(), "m".to_owned()],
    }
}

#[test]
fn what_was_acknowledged_has_to_be_there() {
    let calls = [create(), disable(Some(4))];
    let (ledger, wrong) = settled(&calls, &[record(&calls[0]), record(&calls[1])]);
    assert_eq!(wrong, "");
    assert_eq!(ledger.compare(&shown("Disabled")), [""; 0]);
    assert!(ledger.compare(&shown("Enabled"))[0].contains("State"));
    assert!(ledger.compare(&Survey::default())[0].contains("is lost"));
    let mut other = shown("Disabled");
    other.aliases.insert("alias/x".to_owned(), KEY.to_owned());
    assert!(ledger.compare(&other)[0].contains("alias/x"));
}

#[test]
fn a_call_that_was_cut_off_happened_if_its_record_says_so() {
    let calls = [create(), disable(None)];
    let (ledger, wrong) = settled(&calls, &[record(&calls[0])]);
    assert_eq!((wrong.as_str(), ledger.compare(&shown("Enabled")).len()), ("", 0));
    // A change without its record.
    assert_eq!(ledger.compare(&shown("Disabled")).len(), 1);
    let (ledger, wrong) = settled(&calls, &[record(&calls[0]), record(&calls[1])]);
    assert_eq!(
        (wrong.as_str(), ledger.compare(&shown("Disabled")).len()),
        ("", 0)
    );
    // A record without its change.
    assert_eq!(ledger.compare(&shown("Enabled")).len(), 1);
}

#[test]
fn an_answer_without_a_record_is_noticed_and_so_is_a_second_record() {
    let calls = [create()];
    assert!(settled(&calls, &[]).1.contains("has no record"));
    let twice = [record(&calls[0]), record(&calls[0])];
    assert!(settled(&calls, &twice).1.contains("two records"));
    let other_id = Record {
        request_id: Some("another".to_owned()),
        ..record(&calls[0])
    };
    assert!(
        settled(&calls, &[record(&calls[0]), other_id.clone()])
            .1
            .contains("more than one")
    );
    assert!(settled(&calls, &[other_id]).1.contains("another request id"));
    let refused = Record {
        error: Some("AccessDeniedException".to_owned()),
        ..record(&calls[0])
    };
    assert!(settled(&calls, &[refused]).1.contains("another outcome"));
    let strange = Record {
        agent: "nobody".to_owned(),
        ..record(&calls[0])
    };
    assert!(settled(&[], &[strange]).1.contains("was not made"));
}

#[test]
fn what_somebody_saw_may_not_be_lost_afterwards() {
    // The change was never acknowledged; somebody saw it, and it is gone.
    let calls = [create(), disable(None), look(5, "Disabled")];
    let records = [record(&calls[0]), record(&calls[2])];
    assert!(settled(&calls, &records).1.contains("which is lost"));
    // It was kept.
    assert_eq!(all_recorded(&calls), "");
    // A key that was listed has to be one that is there.
    let mut list = call("list", "ListKeys", (5, Some(6)), Effect::None);
    list.keys_seen = vec!["another".to_owned()];
    assert!(all_recorded(&[create(), list]).contains("which is lost"));
}

#[test]
fn a_look_shows_the_value_of_its_time() {
    assert_eq!(
        all_recorded(&[create(), disable(Some(6)), look(4, "Enabled")]),
        ""
    );
    assert_eq!(
        all_recorded(&[create(), disable(Some(6)), look(4, "Disabled")]),
        ""
    );
    // Long after the change was acknowledged, and before it was asked for.
    assert!(all_recorded(&[create(), disable(Some(6)), look(8, "Enabled")]).contains("can't have been"));
    let mut early = look(1, "Disabled");
    early.answered = Some(2);
    assert!(all_recorded(&[create(), disable(Some(6)), early]).contains("can't have been"));
}

#[test]
fn a_lost_import_is_noticed() {
    let calls = [create_of(Kind::Imported, KEY), import(Some(4))];
    let (ledger, wrong) = settled(&calls, &[record(&calls[0]), record(&calls[1])]);
    assert_eq!(wrong, "");
    assert_eq!(ledger.compare(&shown("Enabled")), [""; 0]);
    assert!(ledger.compare(&shown("PendingImport"))[0].contains("State"));
    // One that was cut off, without its record, did not happen.
    let calls = [create_of(Kind::Imported, KEY), import(None)];
    let (ledger, wrong) = settled(&calls, &[record(&calls[0])]);
    assert_eq!(wrong, "");
    assert_eq!(ledger.compare(&shown("PendingImport")), [""; 0]);
    assert!(ledger.compare(&shown("Enabled"))[0].contains("State"));
}

#[test]
fn a_lost_replica_is_noticed() {
    let calls = [create_of(Kind::Family, PRIMARY), replicate(Some(4))];
    let (ledger, wrong) = settled(&calls, &[record(&calls[0]), record(&calls[1])]);
    assert_eq!(wrong, "");
    let both = [PRIMARY, REPLICA];
    let primary = says("PRIMARY", "us-east-1", &both);
    let replica = says("REPLICA", "us-east-1", &both);
    let whole = family_shown(&[(PRIMARY, primary.clone()), (REPLICA, replica)]);
    assert_eq!(ledger.compare(&whole), [""; 0]);
    let lost = ledger.compare(&family_shown(&[(PRIMARY, primary)]));
    assert!(
        lost[0].contains(REPLICA) && lost[0].contains("is lost"),
        "{lost:?}"
    );
    let forgotten = says("PRIMARY", "us-east-1", &[PRIMARY]);
    let replica = says("REPLICA", "us-east-1", &both);
    let wrong = ledger.compare(&family_shown(&[(PRIMARY, forgotten), (REPLICA, replica)]));
    assert!(wrong[0].contains("relatives"), "{wrong:?}");
    // One whose answer was cut off is there if its record says so.
    let cut = replicate(None);
    let recorded = Record {
        made: Some(REPLICA.to_owned()),
        ..record(&cut)
    };
    let calls = [create_of(Kind::Family, PRIMARY), cut];
    let (ledger, wrong) = settled(&calls, &[record(&calls[0]), recorded]);
    assert_eq!(wrong, "");
    assert_eq!(ledger.compare(&whole), [""; 0]);
}

#[test]
fn two_primaries_and_none_and_material_that_only_one_has_are_noticed() {
    let calls = [
        create_of(Kind::Family, PRIMARY),
        replicate(Some(4)),
        move_primary(Some(6)),
    ];
    let (ledger, wrong) = settled(&calls, &calls.iter().map(record).collect::<Vec<_>>());
    assert_eq!(wrong, "");
    let of = |one: &str, other: &str, primary: &str| {
        let both = [PRIMARY, REPLICA];
        [
            (PRIMARY, says(one, primary, &both)),
            (REPLICA, says(other, primary, &both)),
        ]
    };
    let right = of("REPLICA", "PRIMARY", "eu-west-1");
    assert_eq!(ledger.compare(&family_shown(&right)), [""; 0]);
    for wrong in [
        of("PRIMARY", "PRIMARY", "eu-west-1"),
        of("REPLICA", "REPLICA", "eu-west-1"),
        of("PRIMARY", "REPLICA", "us-east-1"),
    ] {
        let found = ledger.compare(&family_shown(&wrong)).join("\n");
        assert!(found.contains("instead of"), "{wrong:?}: {found}");
    }
    let mut rotated = right.clone();
    rotated[0].1.materials.push("n".to_owned());
    let found = ledger.compare(&family_shown(&rotated)).join("\n");
    assert!(found.contains("different material"), "{found}");
    // What a client saw of it has to be so as well.
    let mut look = call("look", "DescribeKey", (8, Some(9)), Effect::None);
    look.seen = vec![(Register::Primary(FAMILY.to_owned()), "us-east-1".to_owned())];
    let [one, two, three] = calls;
    assert!(all_recorded(&[one, two, three, look]).contains("can't have been"));
}

#[test]
fn a_proof_has_to_hold_in_every_region_that_has_the_key() {
    let mut encrypt = call("encrypt", "Encrypt", (2, Some(3)), Effect::None);
    encrypt.proof = Some(proof(PRIMARY));
    let calls = [create_of(Kind::Family, PRIMARY), encrypt.clone()];
    let (ledger, _) = settled(&calls, &[record(&calls[0]), record(&calls[1])]);
    assert_eq!(ledger.proofs(), [proof(PRIMARY)]);
    let calls = [create_of(Kind::Family, PRIMARY), encrypt, replicate(Some(5))];
    let (ledger, _) = settled(&calls, &calls.iter().map(record).collect::<Vec<_>>());
    let mut keys: Vec<String> = ledger.proofs().into_iter().map(|proof| proof.key).collect();
    keys.sort_unstable();
    assert_eq!(keys, [REPLICA, PRIMARY]);
}

fn proof(key: &str) -> Proof {
    Proof {
        key: key.to_owned(),
        operation: "Verify",
        body: json!({"Signature": "c2ln"}),
        member: "SignatureValid",
        value: json!(true),
    }
}

#[test]
fn a_lost_signature_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = [
        (200, json!({"SignatureValid": true})),
        (200, json!({"SignatureValid": false})),
        (400, json!({"__type": "KMSInvalidSignatureException"})),
    ];
    let serve = || {
        let (mut stream, _) = listener.accept().unwrap();
        for (status, body) in answers {
            let mut request = Vec::new();
            // The body of the request is its last part, and ends with the only brace that closes.
            while !request.ends_with(b"}") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            let body = body.to_string();
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .unwrap();
        }
    };
    let access = Access {
        id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret: "a secret of no account".to_owned(),
    };
    std::thread::scope(|scope| {
        scope.spawn(serve);
        let mut clients = [Client::connect(address, &access).unwrap()];
        let mut found = || prove_all(&mut clients, &[proof(KEY)]).join("\n");
        assert_eq!(found(), "");
        assert!(found().contains("something else"));
        assert!(found().contains("is refused"));
    });
}
