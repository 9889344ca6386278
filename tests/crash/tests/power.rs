//! Crash test 2: the power is cut at every step that the server does to its disk.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use ambient::{Clock, SystemClock};
use crash::cuts::{DATA, Examiner, Told, states};
use crash::{ARGUMENTS, Access, Client, Ledger, Outcome, Parameters, Tally, Traffic, client, host, records};
use serde_json::json;
use server::config::Tls;
use testkit::server::Launch;
use testkit::{Fault, Log, Operation, Recording, Step};

/// A server's recorded life: its first start, work of many kinds, a stop in order, another start, work with so many
/// bytes that the store's log is moved into its database and the audit log goes on in a second segment, and a stop.
struct Run {
    log: Log,
    told: Told,
    /// The last step of the first life.
    first_life: u64,
}

fn run(fault: Option<Fault>) -> Run {
    let place = crash::scratch();
    let recording = Recording::of(place.path()).unwrap();
    let planted = fault.map(|fault| recording.inject(fault).unwrap());
    let data = recording.root().join(DATA);
    let (serial, ticks, parameters) = (AtomicU64::new(0), AtomicU64::new(1), Parameters::default());
    let step = || recording.sequence().unwrap();
    let (mut told, mut ledger, mut first_life) = (Told::default(), Ledger::default(), 0);
    for (calls, bulky) in [(34, false), (30, true)] {
        let launch = Launch::on(&data).unwrap().arguments(ARGUMENTS);
        let server = launch.recorded(&recording).start().unwrap();
        let access = Access::of(&data).unwrap();
        told.ready.get_or_insert_with(|| (step(), access.clone()));
        let traffic = Traffic {
            address: client::address_of(server.url()),
            access,
            clients: 3,
            calls,
            seed: 7,
            step: &step,
            signal: None,
            faulty: false,
            serial: &serial,
            ticks: &ticks,
            bulky,
            parameters: &parameters,
            prelude: !bulky,
        };
        let done = traffic.run(&ledger);
        assert_eq!(done.surprises, [""; 0]);
        assert!(server.terminate().unwrap().status.success());
        let records = records::read(&data, ledger.next_record).unwrap();
        assert_eq!(ledger.settle(&done.calls, &records), [""; 0]);
        told.calls.extend(done.calls);
        if !bulky {
            first_life = step();
        }
    }
    if let Some(planted) = planted {
        assert!(planted.met().unwrap() > 0, "the fault was never met");
    }
    Run {
        log: recording.finish().unwrap(),
        told,
        first_life,
    }
}

/// The run that most tests look at, without faults.
fn usual() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| run(None))
}

impl Run {
    /// Each step of the first life, and of the second all but most writes between two flushes of the store's log: they
    /// are many and alike.
    fn chosen(&self, step: &Step) -> bool {
        let is_one_of_many = step.path.ends_with("-wal") && step.operation == Operation::Write;
        step.sequence <= self.first_life || !is_one_of_many || step.sequence.is_multiple_of(16)
    }
}

#[test]
fn power_cuts_at_every_step_lose_nothing() {
    let clock = SystemClock::start();
    let begun = clock.monotonic();
    let run = usual();
    let moved = run.log.steps().iter().filter(|step| {
        step.sequence > run.first_life && step.is_flush() && step.path == "data/store/keystead.db"
    });
    assert!(
        moved.count() > 1,
        "the store's log was not moved into its database while at work"
    );
    assert!(
        run.log
            .steps()
            .iter()
            .any(|step| step.path == "data/audit/000000000002.log"),
        "the audit log did not go on in a second segment"
    );
    let tears = crash::from_environment("KEYSTEAD_POWER_TEARS", 1);
    let (cuts, states) = states(&run.log, run.log.replay(), |step| run.chosen(step), tears);
    let examiner = Examiner::of(&run.told);
    let wrong = examiner.complaints(&states, false);
    let mut tally = Tally::default();
    tally.add(&run.told.calls);
    // The test is worth nothing for what does not happen in it.
    assert!(tally.least() > 0, "{tally}");
    crash::report(&format!(
        "power cuts: {} steps with {} calls ({tally}), {cuts} cuts (all that was not flushed dropped, kept, or torn) into {} \
         states with {} different stores in {} s: {} wrong",
        run.log.steps().len(),
        run.told.calls.len(),
        states.len(),
        examiner.compared(),
        clock.monotonic().since(begun).as_secs(),
        wrong.len(),
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn power_cuts_while_recovering_from_a_power_cut_lose_nothing() {
    let clock = SystemClock::start();
    let begun = clock.monotonic();
    let run = usual();
    let victims = crash::from_environment("KEYSTEAD_POWER_RECOVERIES", 8) as usize;
    let (_, mut found) = states(&run.log, run.log.replay(), |step| run.chosen(step), 1);
    // Cuts in the midst of writing leave the most to do.
    found.retain(|state| state.origin.contains("Torn") && state.origin.contains("Write"));
    let (mut cuts, mut count, mut wrong) = (0, 0, Vec::new());
    for victim in found.iter().step_by(found.len() / victims) {
        let place = crash::scratch();
        victim.tree.write_to(place.path()).unwrap();
        let recording = Recording::of(place.path()).unwrap();
        let launch = Launch::on(&recording.root().join(DATA))
            .unwrap()
            .arguments(ARGUMENTS);
        launch.recorded(&recording).start().unwrap().kill().unwrap();
        let log = recording.log().unwrap();
        let (cuts_here, mut again) = states(&log, log.replay(), |_| true, 1);
        // The step numbers are those of the recovery; what had been said was said before it.
        for state in &mut again {
            state.last = victim.last;
            state.origin = format!("{}, recovering, {}", victim.origin, state.origin);
        }
        // An access key that was not told of yet may be drawn anew by each start.
        let told = Told {
            calls: run.told.calls.clone(),
            ready: run.told.ready.clone().filter(|(ready, _)| *ready <= victim.last),
        };
        wrong.extend(Examiner::of(&told).complaints(&again, false));
        cuts += cuts_here;
        count += again.len();
    }
    crash::report(&format!(
        "power cuts while recovering: {victims} recoveries, {cuts} cuts into {count} states in {} s: {} wrong",
        clock.monotonic().since(begun).as_secs(),
        wrong.len(),
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn power_cuts_during_a_first_start_with_tls_leave_what_the_next_start_completes() {
    let place = crash::scratch();
    let recording = Recording::of(place.path()).unwrap();
    let data = recording.root().join(DATA);
    let server = Launch::on(&data).unwrap().recorded(&recording).start().unwrap();
    let ready = recording.sequence().unwrap();
    let access = Access::of(&data).unwrap();
    let authority = std::fs::read(data.join("local/ca.pem")).unwrap();
    server.kill().unwrap();
    let log = recording.log().unwrap();
    let (cuts, states) = states(&log, log.replay(), |_| true, 2);
    for state in &states {
        let completed = || -> Result<(), String> {
            let place = crash::scratch();
            state.tree.write_to(place.path()).unwrap();
            let data = place.path().join(DATA);
            host::start(&data, Tls::Auto)?.stop();
            if state.last >= ready {
                let kept = std::fs::read(data.join("local/ca.pem")).unwrap();
                if Access::of(&data)? != access || kept != authority {
                    return Err("what clients were given is another".to_owned());
                }
            }
            let server = host::start(&data, Tls::Off)?;
            let mut client = Client::connect(client::address_of(&server.url), &Access::of(&data)?).unwrap();
            client.ok("CreateKey", &json!({}))?;
            drop(client);
            server.stop();
            Ok(())
        };
        if let Err(why) = completed() {
            panic!("{}: {why}", state.origin);
        }
    }
    crash::report(&format!(
        "power cuts during a first start with TLS: {cuts} cuts into {} states",
        states.len()
    ));
}

/// What a flush is of: the file or directory, without what differs between files of a kind, and whether it came after
/// the first start where it serves another purpose then.
fn kind(run: &Run, step: &Step) -> String {
    let is_at_work = run
        .told
        .ready
        .as_ref()
        .is_some_and(|(ready, _)| *ready < step.sequence);
    match step.path.as_str() {
        "data/store/keystead.db" if is_at_work => {
            "data/store/keystead.db, when the log is moved into it".to_owned()
        }
        "data/audit" if is_at_work => "data/audit, when the next segment is begun".to_owned(),
        path if path.starts_with("data/audit/0") => "data/audit/*.log".to_owned(),
        path => path.to_owned(),
    }
}

/// Kinds of flushes that nothing acknowledged rests on, and why.
const HARMLESS: &[(&str, &str)] = &[
    (
        "data/local/.unfinished-config",
        "each start writes the file anew before its port accepts, and of the old one only asks whether it is there",
    ),
    (
        "data/local/root.key",
        "the key was flushed before it got this name; the second flush is for a file that the operator put there",
    ),
    (
        "data/store/keystead.db-journal",
        "SQLite keeps it once, while it makes an empty database of an empty file; nothing is in it to go back to",
    ),
];

#[test]
fn leaving_out_any_kind_of_flush_is_noticed() {
    let run = usual();
    let flushes = run.log.steps().iter().filter(|step| step.is_flush());
    let kinds: BTreeSet<String> = flushes.map(|step| kind(run, step)).collect();
    // Those that do no harm do none at the first start either, which is where they are.
    let (ready, _) = run.told.ready.as_ref().unwrap();
    let early = |step: &Step| step.sequence <= ready + 150;
    for left_out in &kinds {
        let replay = run
            .log
            .replay()
            .without_flushes(|step| kind(run, step) == *left_out);
        let harmless = HARMLESS.iter().find(|(harmless, _)| harmless == left_out);
        let first = Examiner::of(&run.told).first_complaint(&run.log, replay, |step| {
            run.chosen(step) && (harmless.is_none() || early(step))
        });
        match (first, harmless) {
            (Some(first), None) => crash::report(&format!("without flushes of {left_out:?}: {first:.200}")),
            (None, Some((_, why))) => {
                crash::report(&format!("without flushes of {left_out:?}: harmless: {why}"))
            }
            (None, None) => panic!("nobody notices that flushes of {left_out:?} are left out"),
            (Some(first), Some(_)) => panic!("flushes of {left_out:?} are needed after all: {first}"),
        }
    }
    for (harmless, _) in HARMLESS {
        assert!(kinds.contains(*harmless), "{harmless} is not flushed any more");
    }
}

#[test]
fn leaving_out_any_single_flush_that_an_answer_rests_on_is_noticed() {
    let run = usual();
    let mut counts = [0, 0];
    for (count, path) in counts
        .iter_mut()
        .zip(["data/store/keystead.db-wal", "data/audit/000000000001.log"])
    {
        let flushes: Vec<u64> = run
            .log
            .steps()
            .iter()
            .filter(|step| step.is_flush() && step.path == path && step.sequence <= run.first_life)
            .map(|step| step.sequence)
            .collect();
        for pair in flushes.windows(2) {
            // A call that was sent after the flush before, and answered before the flush after, rests on this one.
            let before = flushes
                .iter()
                .rev()
                .find(|flush| **flush < pair[0])
                .copied()
                .unwrap_or(0);
            let rests = run.told.calls.iter().any(|call| {
                let answered = call.answered_at.unwrap_or(u64::MAX);
                let is_change = call.effect != crash::Effect::None;
                call.outcome == Outcome::Done
                    && (is_change == path.ends_with("-wal"))
                    && call.sent_at >= before
                    && (pair[0]..pair[1]).contains(&answered)
            });
            if !rests || *count > 12 {
                continue;
            }
            let replay = run.log.replay().without_flushes(|step| step.sequence == pair[0]);
            let first = Examiner::of(&run.told).first_complaint(&run.log, replay, |step| {
                (pair[0]..pair[1]).contains(&step.sequence)
            });
            assert!(
                first.is_some(),
                "nobody notices that flush {} of {path} is left out",
                pair[0]
            );
            *count += 1;
        }
    }
    crash::report(&format!(
        "single flushes left out and noticed: {} of the store's log, {} of the audit log",
        counts[0], counts[1]
    ));
    assert!(counts.iter().all(|count| *count > 2), "{counts:?}");
}

#[test]
fn a_store_without_flushes_is_noticed() {
    // As SQLite does with synchronous=OFF.
    let run = run(Some(Fault::drop_flush().on("data/store/keystead.db*")));
    let first = Examiner::of(&run.told).first_complaint(&run.log, run.log.replay(), |step| run.chosen(step));
    crash::report(&format!(
        "with synchronous=OFF: {:.300}",
        first.as_deref().unwrap_or("unnoticed")
    ));
    assert!(first.is_some());
}
