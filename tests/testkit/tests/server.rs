//! The real server on the recorded disk: whether its first start can be cut short at any step.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use testkit::server::Launch;
use testkit::{Log, Loss, Recording};

/// A first start, stopped once it was ready: its log, and the sequence number at which it was ready.
fn first_start() -> (Log, u64) {
    let disk = tempfile::tempdir().unwrap();
    let recording = Recording::of(disk.path()).unwrap();
    let launch = Launch::on(&recording.root().join("data"))
        .unwrap()
        .recorded(&recording);
    let server = launch.start().unwrap();
    let ready = recording.sequence().unwrap();
    let ended = server.terminate().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    (recording.finish().unwrap(), ready)
}

/// Starts a server on the disk as a power cut after `sequence` leaves it, and answers what it has in `local`.
fn restarted(log: &Log, sequence: u64, loss: Loss) -> Vec<(String, Vec<u8>)> {
    let mut replay = log.replay();
    replay.advance(sequence).unwrap();
    let tree = replay.power_cut(loss);
    let disk = tempfile::tempdir().unwrap();
    tree.write_to(disk.path()).unwrap();
    let server = Launch::on(&disk.path().join("data")).unwrap().start();
    let server = server.unwrap_or_else(|error| panic!("cut after step {sequence}, {loss:?}: {error}"));
    server.kill().unwrap();
    ["root.key", "credentials", "ca.pem", "server.key"]
        .map(|name| {
            (
                name.to_owned(),
                std::fs::read(disk.path().join("data/local").join(name)).unwrap(),
            )
        })
        .to_vec()
}

#[test]
fn what_a_ready_server_made_survives_a_power_cut() {
    let (log, ready) = first_start();
    let made = restarted(&log, ready, Loss::Nothing);
    assert_eq!(restarted(&log, ready, Loss::Everything), made);
    assert_eq!(restarted(&log, ready, Loss::Torn { seed: 1 }), made);
}

#[test]
fn a_first_start_that_was_cut_short_is_taken_up_again() {
    let (log, _) = first_start();
    // Every eighth step, with a loss of each kind in turn: a start takes a while.
    let cuts = log.steps().iter().filter(|step| step.matters()).step_by(8);
    for (turn, step) in cuts.enumerate() {
        let loss = match turn % 3 {
            0 => Loss::Everything,
            1 => Loss::Nothing,
            _ => Loss::Torn { seed: step.sequence },
        };
        restarted(&log, step.sequence, loss);
    }
}
