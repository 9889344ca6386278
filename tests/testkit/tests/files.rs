//! What the interposer sees, and what a power cut leaves of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use common::Disk;
use testkit::{Fault, Log, Loss, Operation, Recording, Tree};

fn cut(log: &Log, sequence: u64, loss: Loss) -> Tree {
    let mut replay = log.replay();
    replay.advance(sequence).unwrap();
    replay.power_cut(loss)
}

fn text(tree: &Tree, path: &str) -> Option<String> {
    tree.file(path).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn the_log_explains_whatever_rust_does_to_files() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run(
        "make-directory d
         create d/a
         write d/a x 5000
         write-at d/a 4090 y 10
         write-by-copy d/a again
         write-parts d/a one two
         flush d/a
         append-to d/log
         write d/log l 10
         write d/log m 10
         resize d/a 100
         resize d/a 9000
         copy d/a b
         mode b 640
         mode-of-open d/a 444
         link b c
         rename c d/e
         cut-open b
         write b new 1
         create gone
         remove gone
         make-directory deep
         make-directory deep/er
         create deep/er/file
         close deep/er/file
         remove-all deep
         rename d f",
    );
    assert!(files.end().success());
    let log = disk.finish();
    let all = cut(&log, log.last(), Loss::Nothing);
    assert_eq!(all.paths().collect::<Vec<_>>(), ["b", "f", "f/a", "f/e", "f/log"]);
    assert_eq!(text(&all, "b").unwrap(), "new");
    assert_eq!(text(&all, "f/log").unwrap(), "llllllllllmmmmmmmmmm");
}

#[test]
fn threads_are_recorded_in_the_order_of_their_effects() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("create a\nwrite-by-threads a 8");
    assert!(files.end().success());
    let log = disk.finish();
    assert_eq!(
        log.steps()
            .iter()
            .filter(|step| step.operation == Operation::Write)
            .count(),
        800
    );
}

#[test]
fn a_file_goes_by_the_name_it_has_now() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("make-directory d\ncreate d/a\nrename d e\nrename e/a e/b");
    let fault = disk.recording.inject(Fault::fail(libc::EIO).on("e/b")).unwrap();
    assert_eq!(files.ask("write d/a x 1"), format!("failed {}", libc::EIO));
    fault.lift().unwrap();
    files.run("write d/a x 1");
    files.end();
    let log = disk.finish();
    let write = log.steps().iter().find(|step| step.operation == Operation::Write);
    assert_eq!(write.unwrap().path, "e/b");
}

#[test]
fn a_change_that_was_not_recorded_is_noticed() {
    let disk = Disk::new();
    disk.files().run("create a\nwrite a x 10");
    disk.recording.finish().unwrap();
    std::fs::write(disk.recording.root().join("a"), "xxxxxyxxxx").unwrap();
    let error = disk.recording.finish().unwrap_err().to_string();
    assert!(error.contains("a: content"), "{error}");
}

#[test]
fn data_that_was_not_flushed_is_lost_and_what_was_flushed_stays() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("create a\nflush-directory .\nwrite a first 1");
    let flushed = files.run("flush a");
    let last = files.run("write a second 1");
    files.end();
    let log = disk.finish();
    assert_eq!(text(&cut(&log, flushed - 1, Loss::Everything), "a").unwrap(), "");
    assert_eq!(text(&cut(&log, flushed, Loss::Everything), "a").unwrap(), "first");
    assert_eq!(text(&cut(&log, last, Loss::Everything), "a").unwrap(), "first");
    assert_eq!(text(&cut(&log, last, Loss::Nothing), "a").unwrap(), "firstsecond");
}

#[test]
fn a_new_file_needs_a_flush_of_its_directory() {
    let disk = Disk::new();
    let mut files = disk.files();
    let unnamed = files.run("make-directory d\ncreate d/a\nwrite d/a x 1\nflush d/a\nflush-directory .");
    let named = files.run("flush-directory d");
    files.end();
    let log = disk.finish();
    assert_eq!(
        cut(&log, unnamed, Loss::Everything).paths().collect::<Vec<_>>(),
        ["d"]
    );
    assert_eq!(text(&cut(&log, named, Loss::Everything), "d/a").unwrap(), "x");
}

#[test]
fn a_rename_without_a_flush_of_the_directory_may_be_lost_and_is_never_half_done() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("create a\nwrite a old 1\nflush a\nflush-directory .");
    let renamed = files.run("create b\nwrite b new 1\nflush b\nrename b a");
    let flushed = files.run("flush-directory .");
    files.end();
    let log = disk.finish();
    assert_eq!(text(&cut(&log, renamed, Loss::Everything), "a").unwrap(), "old");
    assert_eq!(text(&cut(&log, flushed, Loss::Everything), "a").unwrap(), "new");
    let seen: Vec<(String, bool)> = (0..50)
        .map(|seed| cut(&log, renamed, Loss::Torn { seed }))
        .map(|tree| (text(&tree, "a").unwrap(), tree.file("b").is_some()))
        .collect();
    for state in [("old", false), ("old", true), ("new", false)] {
        assert!(seen.contains(&(state.0.to_owned(), state.1)), "{state:?}");
    }
    assert!(!seen.contains(&("new".to_owned(), true)));
}

#[test]
fn a_rename_before_the_data_is_flushed_may_leave_an_empty_file() {
    let disk = Disk::new();
    let mut files = disk.files();
    let last = files.run("create b\nwrite b new 1\nrename b a\nflush-directory .");
    files.end();
    assert_eq!(
        text(&cut(&disk.finish(), last, Loss::Everything), "a").unwrap(),
        ""
    );
}

#[test]
fn a_rename_between_directories_is_whole_or_not_there() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("make-directory d\nmake-directory e\ncreate d/a\nflush-directory d\nflush-directory .");
    let moved = files.run("create e/b\nrename d/a e/a");
    let flushed = files.run("flush-directory e");
    files.end();
    let log = disk.finish();
    for seed in 0..50 {
        let tree = cut(&log, moved, Loss::Torn { seed });
        assert_ne!(
            tree.file("d/a").is_some(),
            tree.file("e/a").is_some(),
            "seed {seed}"
        );
    }
    let after = cut(&log, flushed, Loss::Everything);
    assert_eq!(after.paths().collect::<Vec<_>>(), ["d", "e", "e/a", "e/b"]);
}

#[test]
fn a_write_over_flushed_data_may_be_torn_at_sectors() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("create a\nwrite a o 16384\nflush a\nflush-directory .");
    let written = files.run("write-at a 0 n 16384");
    files.end();
    let log = disk.finish();
    let mut torn = 0;
    for seed in 0..40 {
        let bytes = cut(&log, written, Loss::Torn { seed }).file("a").unwrap();
        assert_eq!(bytes.len(), 16384);
        assert!(
            bytes
                .chunks(512)
                .all(|sector| sector.iter().all(|byte| *byte == sector[0])),
            "seed {seed}"
        );
        torn += u32::from(bytes.contains(&b'o') && bytes.contains(&b'n'));
    }
    assert!(torn > 5, "{torn} of 40 were torn");
}

#[test]
fn writes_through_a_synced_descriptor_are_durable_at_once() {
    let disk = Disk::new();
    let mut files = disk.files();
    let last = files.run("create a\nflush-directory .\nclose a\nopen-synced a\nwrite a x 3");
    files.end();
    assert_eq!(
        text(&cut(&disk.finish(), last, Loss::Everything), "a").unwrap(),
        "xxx"
    );
}

#[test]
fn a_rebuilt_tree_is_written_as_it_is() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("make-directory d\ncreate d/a\nresize d/a 10000000\nwrite-at d/a 5000000 x 10000\nmode d 500");
    files.end();
    let log = disk.finish();
    let tree = cut(&log, log.last(), Loss::Nothing);
    let copy = tempfile::tempdir().unwrap();
    tree.write_to(copy.path()).unwrap();
    assert_eq!(
        Tree::read(copy.path()).unwrap().differences(&tree),
        Vec::<String>::new()
    );
    assert_eq!(Tree::read(copy.path()).unwrap().fingerprint(), tree.fingerprint());
}

#[test]
fn a_recording_begins_with_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("d")).unwrap();
    std::fs::write(directory.path().join("d/a"), "before").unwrap();
    let recording = Recording::of(directory.path()).unwrap();
    let disk = Disk { recording, directory };
    let mut files = disk.files();
    let last = files.run("open d/a\nwrite d/a x 6");
    files.end();
    let log = disk.finish();
    assert_eq!(text(&cut(&log, last, Loss::Everything), "d/a").unwrap(), "before");
    assert_eq!(text(&cut(&log, last, Loss::Nothing), "d/a").unwrap(), "xxxxxx");
}

#[test]
fn faults_come_and_go_while_a_program_runs() {
    let disk = Disk::new();
    let recording = &disk.recording;
    let mut files = disk.files();
    files.run("make-directory d\ncreate d/a\ncreate b\nwrite d/a x 1");
    let full = recording.inject(Fault::fail(libc::ENOSPC).on("d/*")).unwrap();
    assert_eq!(files.ask("write d/a y 1"), format!("failed {}", libc::ENOSPC));
    files.run("write b y 1");
    assert_eq!(full.met().unwrap(), 1);
    full.lift().unwrap();
    files.run("write d/a z 1");

    let broken = Fault::fail(libc::EIO)
        .during(&[Operation::Flush])
        .after(1)
        .times(1);
    let broken = recording.inject(broken).unwrap();
    files.run("flush b");
    assert_eq!(files.ask("flush b"), format!("failed {}", libc::EIO));
    files.run("flush b");
    assert_eq!(broken.met().unwrap(), 1);

    let short = recording.inject(Fault::short_write(3).on("b").times(1)).unwrap();
    assert_eq!(files.ask("write-once b long 1"), "failed 3");
    assert_eq!(short.met().unwrap(), 1);

    for (operation, line) in [
        (Operation::Create, "create c"),
        (Operation::Rename, "rename b c"),
        (Operation::Unlink, "remove b"),
        (Operation::MakeDirectory, "make-directory e"),
        (Operation::Resize, "resize b 100"),
        (Operation::Mode, "mode b 600"),
        (Operation::Open, "open d/a"),
    ] {
        let fault = recording
            .inject(Fault::fail(libc::EACCES).during(&[operation]))
            .unwrap();
        assert_eq!(files.ask(line), format!("failed {}", libc::EACCES), "{line}");
        fault.lift().unwrap();
    }
    files.end();
    let all = cut(&disk.finish(), u64::MAX, Loss::Nothing);
    assert_eq!(
        (text(&all, "d/a").unwrap(), text(&all, "b").unwrap()),
        ("xz".to_owned(), "ylon".to_owned())
    );
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the delay is real")]
fn a_delayed_flush_takes_its_time_and_covers_what_was_written_before_it() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("create a\nwrite a x 1\nflush-directory .");
    let slow = disk
        .recording
        .inject(Fault::delay(Duration::from_millis(80)).on("a"))
        .unwrap();
    let start = std::time::Instant::now();
    let last = files.run("flush a");
    assert!(start.elapsed() >= Duration::from_millis(80));
    assert_eq!(slow.met().unwrap(), 1);
    files.end();
    assert_eq!(
        text(&cut(&disk.finish(), last, Loss::Everything), "a").unwrap(),
        "x"
    );
}

#[test]
fn a_dropped_flush_says_it_succeeded_and_loses_the_data() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("create a\nwrite a x 1\nflush-directory .");
    disk.recording
        .inject(Fault::drop_flush().on("a").times(1))
        .unwrap();
    let dropped = files.run("flush a");
    let flushed = files.run("flush a");
    files.end();
    let log = disk.finish();
    assert_eq!(text(&cut(&log, dropped, Loss::Everything), "a").unwrap(), "");
    assert_eq!(text(&cut(&log, flushed, Loss::Everything), "a").unwrap(), "x");
    assert!(log.steps().iter().any(|step| step.dropped && step.path == "a"));
}

#[test]
fn a_flush_can_be_left_out_of_a_replay() {
    let disk = Disk::new();
    let mut files = disk.files();
    let last = files.run("create a\nwrite a x 1\nflush a\nflush-directory .");
    files.end();
    let log = disk.finish();
    let mut replay = log.replay().without_flushes(|step| step.path == "a");
    replay.advance(last).unwrap();
    assert_eq!(text(&replay.power_cut(Loss::Everything), "a").unwrap(), "");
}

#[test]
fn a_flush_after_one_that_failed_covers_only_what_was_written_again() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("create a\nflush-directory .\nwrite a x 4096\nwrite a y 4096");
    let fault = Fault::fail(libc::EIO).during(&[Operation::FlushData]).times(1);
    disk.recording.inject(fault).unwrap();
    assert_eq!(files.ask("flush-data a"), format!("failed {}", libc::EIO));
    let again = files.run("write-at a 4096 z 1\nflush-data a");
    files.end();
    let bytes = cut(&disk.finish(), again, Loss::Everything).file("a").unwrap();
    assert_eq!(
        (bytes.len(), bytes[0], bytes[4096], bytes[4097]),
        (8192, 0, b'z', b'y')
    );
}

#[test]
fn a_program_can_be_killed_at_a_step_and_another_goes_on_in_the_same_recording() {
    let disk = Disk::new();
    let mut files = disk.files();
    files.run("create a\nwrite a x 1");
    let kill = disk
        .recording
        .inject(Fault::kill().on("a").during(&[Operation::Write]).after(1))
        .unwrap();
    files.run("write a y 1");
    assert_eq!(files.ask("write a z 1"), "");
    assert_eq!(files.end().signal(), Some(libc::SIGKILL));
    kill.lift().unwrap();
    assert_eq!(
        text(&cut(&disk.finish(), u64::MAX, Loss::Nothing), "a").unwrap(),
        "xy"
    );

    let mut files = disk.files();
    files.run("open a\nwrite-at a 2 z 1");
    files.end();
    assert_eq!(
        text(&cut(&disk.finish(), u64::MAX, Loss::Nothing), "a").unwrap(),
        "xyz"
    );
}

#[test]
fn random_work_is_explained_by_the_log() {
    for seed in 1..=8 {
        let disk = Disk::new();
        let mut files = disk.files();
        let mut state: u64 = seed;
        let mut roll = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for directory in 0..3 {
            files.run(&format!("make-directory {directory}"));
        }
        for _ in 0..300 {
            let path = format!("{}/{}", roll(3), roll(4));
            let other = format!("{}/{}", roll(3), roll(4));
            // Some of them fail: nothing may be recorded for those.
            files.ask(&match roll(14) {
                0 | 1 => format!("create {path}"),
                2 => format!("open {path}"),
                3 => format!("cut-open {path}"),
                4 | 5 => format!("write {path} {} {}", roll(10), 1 + roll(9000)),
                6 | 7 => format!("write-at {path} {} {} {}", roll(20000), roll(10), 1 + roll(9000)),
                8 => format!("resize {path} {}", roll(20000)),
                9 => format!("rename {path} {other}"),
                10 => format!("remove {path}"),
                11 => format!("link {path} {other}"),
                12 => format!("flush {path}"),
                _ => format!("flush-directory {}", roll(3)),
            });
        }
        files.end();
        let log = disk.finish();
        // Every state can be built at every step, and what is durable is there in each.
        let mut replay = log.replay();
        for step in log.steps() {
            replay.advance(step.sequence).unwrap();
            replay.power_cut(Loss::Torn { seed: step.sequence });
            replay.power_cut(Loss::Everything);
        }
    }
}
