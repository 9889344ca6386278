//! A disk that fails while the server is at work: no answer without a durable record, no call that hangs, and all is
//! well again by itself once the disk is.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crash::cuts::{DATA, Examiner, Told, states};
use crash::survey::Survey;
use crash::{ARGUMENTS, Access, Call, Client, Effect, Ledger, Outcome, Parameters, Traffic, client, records};
use serde_json::json;
use testkit::server::Launch;
use testkit::{Fault, Operation, Recording};

const FLUSHES: [Operation; 2] = [Operation::Flush, Operation::FlushData];
/// Calls until service has to be back once the disk works.
const RETURN: usize = 2000;

/// What came of the calls that were made under a fault.
struct Seen {
    /// Refused for the fault.
    refused: usize,
    /// Acknowledged.
    done: usize,
    /// Those of them that change nothing. A change's record is in the store with it; all else needs the log.
    read: usize,
}

/// Works without the fault, under it, and after it; and looks at what is there then, and after power cuts.
fn survives(name: &str, faults: &[Fault]) -> Seen {
    let place = crash::scratch();
    let recording = Recording::of(place.path()).unwrap();
    let data = recording.root().join(DATA);
    let launch = Launch::on(&data).unwrap().arguments(ARGUMENTS);
    let server = launch.recorded(&recording).start().unwrap();
    let access = Access::of(&data).unwrap();
    let step = || recording.sequence().unwrap();
    let (serial, ticks, parameters) = (AtomicU64::new(0), AtomicU64::new(1), Parameters::default());
    let traffic = |calls, faulty, seed| Traffic {
        address: client::address_of(server.url()),
        access: access.clone(),
        clients: 4,
        calls,
        seed,
        step: &step,
        signal: None,
        faulty,
        serial: &serial,
        ticks: &ticks,
        bulky: false,
        parameters: &parameters,
        prelude: seed == 1,
    };
    let mut told = Told {
        calls: Vec::new(),
        ready: Some((step(), access.clone())),
    };
    let mut ledger = Ledger::default();
    let before = traffic(12, false, 1).run(&ledger);
    assert_eq!(before.surprises, [""; 0], "{name}");
    let mut take = |ledger: &mut Ledger, done: crash::traffic::Told| {
        // A change is answered once it is in the store with its record, which the log has a moment later. The log keeps the
        // order: with the record of this call it has all that were answered before.
        let mut last = Client::connect(client::address_of(server.url()), &access).unwrap();
        last.call("ListKeys", &json!({}), "checker").unwrap();
        let records = records::read(&data, ledger.next_record).unwrap();
        let wrong = ledger.settle(&done.calls, &records);
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
        told.calls.extend(done.calls);
    };
    take(&mut ledger, before);

    let injected: Vec<_> = faults
        .iter()
        .map(|fault| recording.inject(fault.clone()).unwrap())
        .collect();
    let under = traffic(15, true, 2).run(&ledger);
    assert_eq!(under.surprises, [""; 0], "{name}");
    let met: u64 = injected.iter().map(|fault| fault.met().unwrap()).sum();
    assert!(met > 0, "{name}: the fault was not met");
    for fault in injected {
        fault.lift().unwrap();
    }
    let count = |which: &dyn Fn(&Call) -> bool| under.calls.iter().filter(|call| which(call)).count();
    let is_done = |call: &Call| call.outcome == Outcome::Done;
    let seen = Seen {
        refused: count(&|call| matches!(call.outcome, Outcome::Unknown(_))),
        done: count(&is_done),
        read: count(&|call| is_done(call) && call.effect == Effect::None),
    };
    // Service comes back by itself: calls are answered after a while, and then all of them are.
    let mut one = Client::connect(client::address_of(server.url()), &access).unwrap();
    let back = (0..RETURN).position(|_| {
        let change = json!({"AliasName": "alias/none"});
        let answer = one.call("DeleteAlias", &change, "checker").unwrap();
        let works = one.call("ListKeys", &json!({}), "checker").unwrap().status == 200;
        works && answer.status == 400
    });
    assert!(back.is_some(), "{name}: service does not come back");
    // What became of the keys under the fault is not known yet: these clients know none.
    let first = traffic(1, true, 3).run(&Ledger::default());
    take(&mut ledger, merged(under, first));
    let after = traffic(12, false, 4).run(&ledger);
    assert_eq!(after.surprises, [""; 0], "{name}, once the disk works again");
    take(&mut ledger, after);
    let mut clients = [Client::connect(client::address_of(server.url()), &access).unwrap()];
    let survey = Survey::of(&mut clients, |_| true).unwrap();
    let wrong = ledger.compare(&survey);
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    let last = step();
    drop((one, clients));
    server.kill().unwrap();

    // No answer that was given under the fault rests on what a power cut takes.
    let log = recording.log().unwrap();
    let early = told.ready.as_ref().unwrap().0;
    let chosen = |step: &testkit::Step| {
        step.sequence > early
            && step.sequence <= last
            && (step
                .sequence
                .is_multiple_of(if step.operation == Operation::Write { 61 } else { 5 }))
    };
    let (_, states) = states(&log, log.replay(), chosen, 1);
    let wrong = Examiner::of(&told).complaints(&states, false);
    assert!(
        wrong.is_empty(),
        "{name}, after power cuts:\n{}",
        wrong.join("\n")
    );
    crash::report(&format!(
        "{name}: met {met} times, {} calls done and {} refused meanwhile, {} states after power cuts",
        seen.done,
        seen.refused,
        states.len()
    ));
    seen
}

fn merged(mut one: crash::traffic::Told, other: crash::traffic::Told) -> crash::traffic::Told {
    assert_eq!(other.surprises, [""; 0]);
    one.calls.extend(other.calls);
    one
}

#[test]
fn flushes_of_the_store_that_fail_are_survived() {
    let once = Fault::fail(libc::EIO)
        .during(&FLUSHES)
        .on("data/store/*-wal")
        .times(1);
    survives("one flush of the store's log fails", &[once]);
    let all = Fault::fail(libc::EIO).during(&FLUSHES).on("data/store/*");
    let seen = survives("all flushes of the store fail", &[all]);
    assert!(seen.refused > 0);
}

#[test]
fn flushes_of_the_audit_log_that_fail_are_survived() {
    let once = Fault::fail(libc::EIO)
        .during(&FLUSHES)
        .on("data/audit/0*")
        .times(1);
    survives("one flush of the audit log fails", &[once]);
    let all = Fault::fail(libc::EIO).during(&FLUSHES).on("data/audit/*");
    let seen = survives("all flushes of the audit log fail", &[all]);
    assert_eq!(seen.read, 0, "a call was answered without its record");
}

#[test]
fn a_full_disk_under_the_store_is_survived() {
    survives(
        "the store's disk is full",
        &[Fault::fail(libc::ENOSPC).on("data/store/*")],
    );
}

#[test]
fn a_full_disk_under_the_audit_log_is_survived() {
    let seen = survives(
        "the audit log's disk is full",
        &[Fault::fail(libc::ENOSPC).on("data/audit/*")],
    );
    assert_eq!(seen.read, 0, "a call was answered without its record");
}

#[test]
fn a_full_disk_under_both_is_survived() {
    let seen = survives("the disk is full", &[Fault::fail(libc::ENOSPC).on("data/*")]);
    assert_eq!(seen.read, 0, "a call was answered without its record");
}

#[test]
fn slow_flushes_delay_answers_and_nothing_else() {
    let seen = survives(
        "flushes take their time",
        &[Fault::delay(Duration::from_millis(20))],
    );
    assert_eq!(seen.refused, 0);
}
