//! Crash test 2: the power is cut at every step that the server does to its disk.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::AtomicU64;

use ambient::{Clock, SystemClock};
use crash::cuts::{DATA, Examiner, Told, states};
use crash::{Access, Ledger, Traffic, client, records};
use testkit::server::Launch;
use testkit::{Log, Recording};

struct Run {
    log: Log,
    told: Told,
}

fn run() -> Run {
    let place = crash::scratch();
    let recording = Recording::of(place.path()).unwrap();
    let data = recording.root().join(DATA);
    let start = || {
        let launch = Launch::on(&data).unwrap().arguments(["--tls", "off"]);
        launch.recorded(&recording).start().unwrap()
    };
    let (serial, ticks) = (AtomicU64::new(0), AtomicU64::new(1));
    let step = || recording.sequence().unwrap();
    let mut told = Told::default();
    let mut ledger = Ledger::default();
    for (calls, bulky) in [(40, false), (40, true)] {
        let server = start();
        let access = Access::of(&data);
        told.ready
            .get_or_insert_with(|| (recording.sequence().unwrap(), access.clone()));
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
        };
        let done = traffic.run(&ledger);
        assert_eq!(done.surprises, [""; 0]);
        assert!(server.terminate().unwrap().status.success());
        let records = records::read(&data, ledger.next_record).unwrap();
        assert_eq!(ledger.settle(&done.calls, &records), [""; 0]);
        told.calls.extend(done.calls);
    }
    Run {
        log: recording.finish().unwrap(),
        told,
    }
}

#[test]
fn power_cuts_at_every_step_lose_nothing() {
    let clock = SystemClock::start();
    let begun = clock.monotonic();
    let Run { log, told } = run();
    let recorded = clock.monotonic().since(begun);
    for step in log.steps() {
        if std::env::var("DUMP").is_ok() {
            println!(
                "{} {:?} {} {}",
                step.sequence, step.operation, step.path, step.bytes
            );
        }
    }
    let (cuts, states) = states(&log, log.replay(), |_| true, 1);
    let rebuilt = clock.monotonic().since(begun);
    crash::report(&format!(
        "{} steps, {cuts} cuts, {} states, recorded {recorded:?}, rebuilt {rebuilt:?}",
        log.steps().len(),
        states.len()
    ));
    let some: Vec<_> = states
        .into_iter()
        .take(std::env::var("N").map_or(usize::MAX, |n| n.parse().unwrap()))
        .collect();
    let examiner = Examiner::of(&told);
    let wrong = examiner.complaints(&some, false);
    crash::report(&format!(
        "took {:?}: {} wrong",
        clock.monotonic().since(begun),
        wrong.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
