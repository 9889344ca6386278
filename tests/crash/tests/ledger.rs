//! Whether the check notices what it is there for.
#![allow(clippy::unwrap_used, reason = "tests")]

use crash::survey::{Facts, Survey};
use crash::{Call, Effect, Ledger, Outcome, Record, Register};

const KEY: &str = "11111111-2222-3333-4444-555555555555";

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
        sealed: None,
    }
}

fn create() -> Call {
    let effect = Effect::Create {
        description: "mine".to_owned(),
        tags: "a=1".to_owned(),
    };
    Call {
        made: Some(KEY.to_owned()),
        ..call("create", "CreateKey", (1, Some(2)), effect)
    }
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

fn shown(state: &str) -> Survey {
    let facts = Facts {
        description: "mine".to_owned(),
        state: state.to_owned(),
        tags: "a=1".to_owned(),
        rotations: 0,
        automatic: false,
    };
    Survey {
        keys: [KEY.to_owned()].into(),
        facts: [(KEY.to_owned(), facts)].into(),
        ..Survey::default()
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
