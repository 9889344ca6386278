//! Crash test 1: the server is killed at random moments under concurrent clients, again and again, on one data
//! directory that lives through all of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::channel;
use std::time::Duration;

use ambient::{Clock, SystemClock};
use crash::kind::family_of;
use crash::survey::{Survey, enable_all, prove_all};
use crash::{
    ARGUMENTS, Access, Call, Client, Effect, Kind, Ledger, Outcome, Parameters, Proof, Register, Tally,
    Traffic, client, records,
};
use serde_json::json;
use testkit::Dice;
use testkit::server::{Launch, Server};

const CLIENTS: u64 = 16;
/// A round ends after at most so many answers.
const ANSWERS: usize = 300;
/// Keys and proofs that a round did not touch are looked at in one of so many rounds.
const SHARES: usize = 40;

/// Keys that are made ready for an import in a round, each by a pair of RSA.
const ASKED: usize = 1;

#[derive(Default)]
struct Counts {
    acknowledged: u64,
    refused: u64,
    unknown: u64,
    applied: u64,
    looks: usize,
    records: usize,
    tally: Tally,
}

#[test]
fn nothing_is_lost_by_kills_under_16_clients() {
    let rounds = crash::from_environment("KEYSTEAD_KILL_ROUNDS", 200);
    let seed = crash::from_environment("KEYSTEAD_KILL_SEED", 1);
    let clock = SystemClock::start();
    let begun = clock.monotonic();
    let place = crash::scratch();
    let data = place.path().join("data");
    let (mut dice, serial, ticks) = (Dice::new(seed, 0), AtomicU64::new(0), AtomicU64::new(1));
    let (mut ledger, mut counts) = (Ledger::default(), Counts::default());
    let (mut calls, parameters) = (Vec::<Call>::new(), Parameters::default());
    for round in 0..rounds {
        if round % 8 == 7 {
            // Killed while it recovers from the kill before; at its steps one by one, power.rs does so.
            killed_while_starting(&data, Duration::from_micros(dice.between(0, 60_000) as u64));
        }
        let server = Launch::on(&data).unwrap().arguments(ARGUMENTS).start().unwrap();
        let access = Access::of(&data).unwrap();
        check(&server, &access, &mut ledger, &calls, &mut counts, round as usize);
        ask_for_imports(&server, &access, &ledger, &parameters);
        let (signal, signalled) = channel();
        let traffic = Traffic {
            address: client::address_of(server.url()),
            access,
            clients: CLIENTS,
            calls: u64::MAX,
            seed: dice.roll(),
            step: &|| 0,
            signal: Some((dice.between(1, ANSWERS) as u64, signal)),
            faulty: false,
            serial: &serial,
            ticks: &ticks,
            bulky: false,
            parameters: &parameters,
            prelude: false,
        };
        let ledger = &ledger;
        let told = std::thread::scope(|scope| {
            let working = scope.spawn(|| traffic.run(ledger));
            signalled.recv().unwrap();
            let ended = server.kill().unwrap();
            assert!(
                ended.by_signal(9),
                "it ended before it was killed: {}",
                ended.stderr
            );
            working.join().unwrap()
        });
        assert_eq!(told.surprises, [""; 0], "round {round}");
        calls = told.calls;
    }
    let server = Launch::on(&data).unwrap().arguments(ARGUMENTS).start().unwrap();
    let access = Access::of(&data).unwrap();
    check(
        &server,
        &access,
        &mut ledger,
        &calls,
        &mut counts,
        rounds as usize,
    );
    check_all(&server, &access, &ledger, &parameters);
    let took = clock.monotonic().since(begun).as_secs();
    crash::report(&format!(
        "{rounds} kills under {CLIENTS} clients survived in {took} s: {} calls acknowledged, {} refused, {} cut off \
         of which {} had happened, {} keys, {} aliases, {} proofs, {}, {} looks, {} audit records",
        counts.acknowledged,
        counts.refused,
        counts.unknown,
        counts.applied,
        ledger.keys.len(),
        aliases(&ledger),
        ledger.proofs.len(),
        counts.tally,
        counts.looks,
        counts.records,
    ));
    // The test is worth nothing if nothing happens in it.
    assert!(counts.acknowledged > 20 * rounds && counts.applied > 0);
    assert!(counts.tally.least() >= rounds / 20, "{}", counts.tally);
}

fn aliases(ledger: &Ledger) -> usize {
    let is_alias = |(register, value): &(&Register, &String)| {
        matches!(register, Register::Alias(_)) && !value.is_empty()
    };
    ledger.registers.iter().filter(is_alias).count()
}

fn killed_while_starting(data: &Path, after: Duration) {
    let mut command = std::process::Command::new(testkit::artifact::keystead().unwrap());
    let quiet = std::process::Stdio::null;
    command
        .arg("server")
        .args(ARGUMENTS)
        .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    let mut child = command
        .arg("--data-dir")
        .arg(data)
        .stdin(quiet())
        .stderr(quiet())
        .spawn()
        .unwrap();
    // No synchronisation: the moment is meant to be any.
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Checks what the last round touched, and its share of all else.
fn check(
    server: &Server,
    access: &Access,
    ledger: &mut Ledger,
    calls: &[Call],
    counts: &mut Counts,
    round: usize,
) {
    let mut clients = clients(server, access);
    let data = server.data_directory();
    let before = ledger.proofs.len();
    let mut touched: BTreeSet<String> = calls
        .iter()
        .filter_map(|call| match &call.effect {
            Effect::None => None,
            Effect::Create { .. } => call.made.as_deref().map(family_of),
            Effect::Write(register, _) => register.family(),
        })
        .map(str::to_owned)
        .collect();
    // Its record comes after those that the start brought over from the store.
    clients[0].ok("ListKeys", &json!({"Limit": 1})).unwrap();
    let records = records::read(data, ledger.next_record).unwrap();
    let made = records.iter().filter_map(|record| record.made.as_deref());
    touched.extend(made.map(|key| family_of(key).to_owned()));
    let share = ledger.keys.keys().skip(round % SHARES).step_by(SHARES);
    touched.extend(share.map(|key| family_of(key).to_owned()));
    let survey = Survey::of(&mut clients, |key| {
        touched.contains(family_of(key)) || !ledger.keys.contains_key(key)
    })
    .unwrap();
    let mut wrong = ledger.settle(calls, &records);
    wrong.extend(ledger.compare(&survey));
    let is_due = |(place, _): &(usize, &Proof)| *place >= before || place % SHARES == round % SHARES;
    let due: Vec<Proof> = ledger
        .proofs
        .iter()
        .enumerate()
        .filter(is_due)
        .flat_map(|(_, proof)| ledger.everywhere(proof))
        .filter(|proof| ledger.value(&Register::State(proof.key.clone())) == "Enabled")
        .collect();
    wrong.extend(prove_all(&mut clients, &due));
    assert!(wrong.is_empty(), "after round {round}:\n{}", wrong.join("\n"));
    counts.records += records.len();
    counts.tally.add(calls);
    for call in calls {
        counts.looks += call.seen.len() + call.keys_seen.len();
        match call.outcome {
            Outcome::Done => counts.acknowledged += 1,
            Outcome::Refused(_) => counts.refused += 1,
            Outcome::Unknown(_) => {
                counts.unknown += 1;
                counts.applied += u64::from(records.iter().any(|record| record.agent == call.name));
            }
        }
    }
}

/// Checks all there is, down to proofs by keys that have to be enabled or imported again.
fn check_all(server: &Server, access: &Access, ledger: &Ledger, parameters: &Parameters) {
    let mut clients = clients(server, access);
    let survey = Survey::of(&mut clients, |_| true).unwrap();
    let mut wrong = ledger.compare(&survey);
    enable_all(&mut clients[0], &survey, ledger, parameters).unwrap();
    wrong.extend(prove_all(&mut clients, &ledger.proofs()));
    // Nothing that the checks did is unrecorded, and nothing is recorded twice: the whole log from its start.
    let records = records::read(server.data_directory(), 0).unwrap();
    let requests: Vec<&String> = records
        .iter()
        .filter_map(|record| record.request_id.as_ref())
        .collect();
    let distinct: BTreeSet<&String> = requests.iter().copied().collect();
    assert_eq!(requests.len(), distinct.len(), "request ids with two records");
    assert!(wrong.is_empty(), "at the end:\n{}", wrong.join("\n"));
}

/// Asks for what the imports of the newest keys take. It takes a server longer to make it than most live here.
fn ask_for_imports(server: &Server, access: &Access, ledger: &Ledger, parameters: &Parameters) {
    let mut client = Client::connect(client::address_of(server.url()), access).unwrap();
    let mut keys: Vec<_> = ledger
        .keys
        .iter()
        .filter(|(key, made)| made.kind == Kind::Imported && parameters.of(key).is_none())
        .collect();
    keys.sort_by_key(|(_, made)| made.description.split_once('/').map(|(_, serial)| serial));
    for (key, _) in keys.iter().rev().take(ASKED) {
        parameters.ask(&mut client, key).unwrap();
    }
}

fn clients(server: &Server, access: &Access) -> Vec<Client> {
    let address = client::address_of(server.url());
    (0..4)
        .map(|_| Client::connect(address, access).unwrap())
        .collect()
}
