//! SQLite on a disk that loses power: with its flushes, nothing acknowledged is lost; without, something is.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::HashSet;

use common::Disk;
use rusqlite::Connection;
use testkit::{Fault, Log, Loss, Operation, Replay, Tree};

const ROWS: i64 = 60;

/// Commits rows, and answers the log and, for each row, the sequence number at which it was acknowledged.
fn committed(disk: &Disk, synchronous: &str) -> (Log, Vec<u64>) {
    let mut ledger = disk.ledger(synchronous);
    let acknowledged = (1..=ROWS).map(|row| ledger.run(&row.to_string())).collect();
    assert!(ledger.end().success());
    (disk.finish(), acknowledged)
}

/// Looks at the disk after every step that matters, and answers how many states it saw and the first complaint.
fn examine(log: &Log, mut replay: Replay<'_>, acknowledged: &[u64]) -> (usize, Option<String>) {
    let mut seen = HashSet::new();
    for step in log.steps().iter().filter(|step| step.matters()) {
        replay.advance(step.sequence).unwrap();
        let due = acknowledged.partition_point(|sequence| *sequence <= step.sequence);
        let losses = [
            Loss::Everything,
            Loss::Nothing,
            Loss::Torn { seed: step.sequence },
        ];
        for loss in losses {
            let tree = replay.power_cut(loss);
            if !seen.insert((tree.fingerprint(), due)) {
                continue;
            }
            if let Err(complaint) = rows_are_there(&tree, due) {
                let at = format!(
                    "after step {} ({:?} {}), {loss:?}",
                    step.sequence, step.operation, step.path
                );
                return (seen.len(), Some(format!("{at}: {complaint}")));
            }
        }
    }
    (seen.len(), None)
}

/// Opens the database of `tree`, and looks for the first `due` rows.
fn rows_are_there(tree: &Tree, due: usize) -> Result<(), String> {
    if due == 0 && tree.paths().all(|path| path != "ledger.db") {
        return Ok(());
    }
    let directory = tempfile::tempdir().unwrap();
    tree.write_to(directory.path()).unwrap();
    let count = || -> rusqlite::Result<(String, i64, i64)> {
        let database = Connection::open(directory.path().join("ledger.db"))?;
        database.pragma_update(None, "synchronous", "OFF")?;
        let check = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        let there = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
            row.get::<_, i64>(0)
        })?;
        if there == 0 {
            return Ok((check, 0, 0));
        }
        let (rows, last) =
            database.query_row("SELECT count(*), coalesce(max(number), 0) FROM row", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok((check, rows, last))
    };
    let (check, rows, last) = count().map_err(|cause| cause.to_string())?;
    if check != "ok" {
        return Err(check);
    }
    if rows != last {
        return Err(format!("{rows} rows, the last of which is {last}"));
    }
    if usize::try_from(rows).unwrap() < due {
        Err(format!("{rows} of {due} rows"))
    } else {
        Ok(())
    }
}

#[test]
fn full_synchronous_loses_nothing_at_any_step() {
    let disk = Disk::new();
    let (log, acknowledged) = committed(&disk, "FULL");
    let (states, complaint) = examine(&log, log.replay(), &acknowledged);
    assert_eq!(complaint, None);
    assert!(states > 300, "only {states} states");
    let flushed = |end: &str| {
        log.steps()
            .iter()
            .any(|step| step.is_flush() && step.path.ends_with(end))
    };
    assert!(
        flushed("-wal") && flushed(".db"),
        "SQLite's flushes were not seen"
    );
}

#[test]
fn synchronous_off_is_noticed() {
    let disk = Disk::new();
    let (log, acknowledged) = committed(&disk, "OFF");
    let (_, complaint) = examine(&log, log.replay(), &acknowledged);
    assert!(complaint.is_some());
}

#[test]
fn a_dropped_flush_of_the_log_is_noticed() {
    let disk = Disk::new();
    let fault = disk.recording.inject(Fault::drop_flush().on("*-wal")).unwrap();
    let (log, acknowledged) = committed(&disk, "FULL");
    assert!(fault.met().unwrap() > 0);
    let (_, complaint) = examine(&log, log.replay(), &acknowledged);
    assert!(complaint.is_some());
}

#[test]
fn leaving_out_the_flushes_of_any_one_file_is_noticed() {
    let disk = Disk::new();
    let (log, acknowledged) = committed(&disk, "FULL");
    let flushes = log.steps().iter().filter(|step| step.is_flush());
    let mut files: HashSet<&str> = flushes.map(|step| step.path.as_str()).collect();
    // Nothing is acknowledged yet while the database is made, with a journal of the older kind.
    assert!(files.remove("ledger.db-journal"));
    assert_eq!(files, HashSet::from(["", "ledger.db", "ledger.db-wal"]));
    for file in files {
        let replay = log.replay().without_flushes(|step| step.path == file);
        let (_, complaint) = examine(&log, replay, &acknowledged);
        assert!(complaint.is_some(), "{file:?}");
    }
}

#[test]
fn a_commit_whose_flush_fails_is_not_acknowledged() {
    let disk = Disk::new();
    let mut ledger = disk.ledger("FULL");
    let before = ledger.run("1");
    let flushes = [Operation::Flush, Operation::FlushData];
    disk.recording
        .inject(Fault::fail(libc::EIO).during(&flushes).on("*-wal").times(1))
        .unwrap();
    assert_eq!(ledger.ask("2"), "failed");
    ledger.end();
    let log = disk.finish();
    let (_, complaint) = examine(&log, log.replay(), &[before]);
    assert_eq!(complaint, None);
}
