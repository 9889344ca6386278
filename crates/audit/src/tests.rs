//! The log as a whole, on a disk that fails, and on files that were tampered with.

mod hostile;
mod rolling;
mod sim;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ambient::{Clock, ManualClock, SeededEntropy, SystemClock, Timestamp};

use crate::log::{AuditLog, ChangeLag, Options, Recovered};
use crate::reader::{Reader, Start};
use crate::{AuditError, Frame, Health, Origin};
use sim::{Op, SimDisk};

fn options() -> Options {
    Options {
        first_segment: 2048,
        segment: 8192,
        retry: Duration::from_millis(1),
        on_flush: None,
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_seconds(1_660_000_000)))
}

fn open(disk: &SimDisk) -> Result<(AuditLog, Recovered), AuditError> {
    AuditLog::open_on(Arc::new(disk.clone()), options(), clock(), &SeededEntropy::new(7))
}

fn frames(disk: &SimDisk) -> Vec<Frame> {
    let reader = Reader::open_on(Arc::new(disk.clone()), Start::Oldest).unwrap();
    reader.map(|frame| frame.unwrap()).collect()
}

fn payloads(disk: &SimDisk) -> Vec<String> {
    let frames = frames(disk);
    assert!(
        frames
            .iter()
            .map(|frame| frame.sequence)
            .eq(1..=frames.len() as u64)
    );
    frames.iter().map(|frame| text(frame.payload())).collect()
}

fn text(payload: &[u8]) -> String {
    String::from_utf8(payload.to_vec()).unwrap()
}

async fn durable(log: &AuditLog, revision: u64) {
    let mut reached = log.durable_revision();
    reached.wait_for(|reached| *reached >= revision).await.unwrap();
}

#[tokio::test]
async fn what_was_appended_is_read_back_in_order_after_a_restart() {
    let disk = SimDisk::default();
    let (log, begun) = open(&disk).unwrap();
    assert!(begun.begun);
    for number in 0..100 {
        log.append(format!("call {number:040}").into_bytes())
            .await
            .unwrap();
    }
    log.queue_change(5, vec![b"change a".to_vec(), b"change b".to_vec()])
        .unwrap();
    durable(&log, 5).await;
    drop(log);

    let (log, found) = open(&disk).unwrap();
    assert_eq!(found.log_id, begun.log_id);
    assert_eq!(
        (found.begun, found.next_sequence, found.highest_revision),
        (false, 103, 5)
    );
    assert!(found.segments > 1, "{found:?}");
    assert_eq!(found.torn, None);
    log.append(b"last".to_vec()).await.unwrap();

    let all = frames(&disk);
    assert_eq!(all.len(), 103);
    assert_eq!(text(all[99].payload()), format!("call {:040}", 99));
    let second = Origin::Change {
        revision: 5,
        index: 1,
        count: 2,
    };
    assert_eq!(all[101].origin(), Some(second));
    assert_eq!(text(all[102].payload()), "last");
}

#[tokio::test]
async fn a_record_stands_behind_the_change_that_its_caller_saw() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    for revision in 1..50 {
        log.queue_change(revision, vec![format!("change {revision}").into_bytes()])
            .unwrap();
        log.append(format!("seen {revision}").into_bytes()).await.unwrap();
        assert!(*log.durable_revision().borrow() >= revision);
    }
    let all = payloads(&disk);
    let place = |text: String| all.iter().position(|payload| *payload == text).unwrap();
    assert!((1..50).all(|revision| place(format!("change {revision}")) < place(format!("seen {revision}"))));
}

#[tokio::test]
async fn a_change_that_is_queued_again_is_recorded_once() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    for revision in [1, 2, 2, 1, 3] {
        log.queue_change(revision, vec![format!("{revision}").into_bytes()])
            .unwrap();
    }
    drop(log);
    let (log, _) = open(&disk).unwrap();
    for revision in [2, 3, 4] {
        log.queue_change(revision, vec![format!("{revision}").into_bytes()])
            .unwrap();
    }
    log.close();
    assert_eq!(payloads(&disk), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_change_without_records_only_moves_the_durable_revision_on() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    log.queue_change(9, Vec::new()).unwrap();
    durable(&log, 9).await;
    assert_eq!(log.change_lag(), ChangeLag::default());
    assert!(payloads(&disk).is_empty());
}

#[tokio::test]
async fn a_closed_log_refuses_calls() {
    let (log, _) = open(&SimDisk::default()).unwrap();
    log.close();
    assert!(matches!(log.append(b"x".to_vec()).await, Err(AuditError::Closed)));
    assert!(matches!(
        log.queue_change(1, vec![b"x".to_vec()]),
        Err(AuditError::Closed)
    ));
}

#[tokio::test]
async fn a_record_past_the_limit_is_refused_and_one_larger_than_a_segment_is_not() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    let large = vec![b'x'; crate::limits::PAYLOAD + 1];
    assert!(matches!(
        log.append(large.clone()).await,
        Err(AuditError::TooLarge(_))
    ));
    assert!(matches!(
        log.queue_change(1, vec![large]),
        Err(AuditError::TooLarge(_))
    ));
    log.append(vec![b'y'; crate::limits::PAYLOAD]).await.unwrap();
    log.append(b"z".to_vec()).await.unwrap();
    assert_eq!(frames(&disk).len(), 2);
}

/// Fails each step of this kind while the switch is on.
fn switch(disk: &SimDisk, op: Op, kind: ErrorKind) -> Arc<AtomicBool> {
    let on = Arc::new(AtomicBool::new(true));
    let switch = on.clone();
    disk.fail_with(Some(Box::new(move |step| {
        (step == op && switch.load(Ordering::SeqCst)).then_some(kind)
    })));
    on
}

#[tokio::test]
async fn after_a_failed_flush_the_waiting_are_refused_and_the_log_goes_on_in_a_new_segment() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    log.append(b"before".to_vec()).await.unwrap();
    let failing = switch(&disk, Op::Flush, ErrorKind::StorageFull);
    let refused = log.append(b"refused".to_vec()).await.unwrap_err();
    assert!(refused.to_string().contains("000000000001.log"), "{refused}");
    assert!(matches!(log.health(), Health::Failing { ref reason, .. } if *reason == refused.to_string()));
    log.append(b"refused too".to_vec()).await.unwrap_err();
    failing.store(false, Ordering::SeqCst);
    log.append(b"after".to_vec()).await.unwrap();
    assert_eq!(log.health(), Health::Ok);
    // The first segment still shows what was refused, but the log does not hold it.
    assert!(
        disk.bytes("000000000001.log")
            .windows(7)
            .any(|bytes| bytes == b"refused")
    );
    assert_eq!(payloads(&disk), ["before", "after"]);
    let rebooted = disk.after_power_cut(3);
    assert_eq!(open(&rebooted).unwrap().1.next_sequence, 3);
    assert_eq!(payloads(&rebooted), ["before", "after"]);
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_waits_until_it_can() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    for op in [Op::Write, Op::Flush, Op::Rename, Op::FlushDir] {
        let failing = switch(&disk, op, ErrorKind::StorageFull);
        // Only a new segment renames, and this makes for one.
        let filler = vec![b'-'; 7000];
        let _ = log.append(filler.clone()).await;
        let _ = log.append(filler).await;
        let revision = *log.durable_revision().borrow() + 1;
        log.queue_change(revision, vec![b"one".to_vec(), vec![b'2'; 9000]])
            .unwrap();
        log.append(b"call".to_vec()).await.unwrap_err();
        assert_eq!(
            log.change_lag(),
            ChangeLag {
                changes: 1,
                bytes: 9003
            },
            "{op:?}"
        );
        failing.store(false, Ordering::SeqCst);
        durable(&log, revision).await;
        assert_eq!(log.change_lag(), ChangeLag::default());
        assert_eq!(log.health(), Health::Ok);
    }
    let ones = payloads(&disk).iter().filter(|payload| *payload == "one").count();
    assert_eq!(ones, 4);
}

#[tokio::test]
async fn changes_left_at_closing_are_told_by_the_durable_revision() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    let _failing = switch(&disk, Op::Flush, ErrorKind::StorageFull);
    log.queue_change(1, vec![b"one".to_vec()]).unwrap();
    log.close();
    assert_eq!(*log.durable_revision().borrow(), 0);
    disk.fail_with(None);
    let rebooted = disk.after_power_cut(0);
    let (log, _) = open(&rebooted).unwrap();
    log.queue_change(1, vec![b"one".to_vec()]).unwrap();
    log.close();
    assert_eq!(payloads(&rebooted), ["one"]);
}

#[tokio::test]
async fn records_that_were_durable_and_cannot_be_read_again_keep_the_log_failing() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    log.append(b"before".to_vec()).await.unwrap();
    let failing = switch(&disk, Op::Flush, ErrorKind::StorageFull);
    log.append(b"refused".to_vec()).await.unwrap_err();
    failing.store(false, Ordering::SeqCst);
    let whole = disk.bytes("000000000001.log");
    let mut damaged = whole.clone();
    damaged[150] ^= 1;
    disk.plant("000000000001.log", damaged);
    let refused = log.append(b"after".to_vec()).await.unwrap_err();
    assert!(matches!(refused, AuditError::Damaged { .. }), "{refused}");
    disk.plant("000000000001.log", whole);
    log.append(b"after".to_vec()).await.unwrap();
    assert_eq!(payloads(&disk), ["before", "after"]);
}

/// What callers know when the power goes.
#[derive(Default)]
struct Known {
    acknowledged: Vec<String>,
    durable: u64,
}

/// Records calls and changes until the disk gives out.
async fn work(disk: &SimDisk) -> Known {
    let mut known = Known::default();
    let Ok((log, _)) = open(disk) else {
        return known;
    };
    let mut revision = 0;
    for round in 0..24 {
        if round % 3 == 0 {
            revision += 1;
            log.queue_change(revision, change(revision)).unwrap();
        }
        let calls = [0, 1, 2].map(|caller| format!("call {round}.{caller} {}", "x".repeat(round * 17 % 600)));
        let [one, two, three] = calls.clone().map(|call| log.append(call.into_bytes()));
        let (one, two, three) = tokio::join!(one, two, three);
        for (call, outcome) in calls.into_iter().zip([one, two, three]) {
            if outcome.is_ok() {
                known.acknowledged.push(call);
            }
        }
        known.durable = *log.durable_revision().borrow();
        if disk.has_lost_power() {
            break;
        }
    }
    known
}

fn change(revision: u64) -> Vec<Vec<u8>> {
    let count = revision % 3 + 1;
    let payload = |index| {
        format!(
            "change {revision}.{index} {}",
            "y".repeat(revision as usize * 41 % 900)
        )
    };
    (0..count).map(|index| payload(index).into_bytes()).collect()
}

/// Starts again after the cut, and says what is wrong with what is found.
async fn judge(known: &Known, disk: &SimDisk) -> Result<(), String> {
    let (log, found) = open(disk).map_err(|cause| format!("the log does not open: {cause}"))?;
    let count = |all: &[String], text: &str| all.iter().filter(|payload| *payload == text).count();
    let before = read(disk)?;
    if let Some(lost) = known.acknowledged.iter().find(|call| count(&before, call) != 1) {
        return Err(format!(
            "{lost:.20} was acknowledged and is there {} times",
            count(&before, lost)
        ));
    }
    if found.highest_revision < known.durable {
        return Err(format!(
            "{} was durable, {} is found",
            known.durable, found.highest_revision
        ));
    }
    // The store queues again what its outbox still has; that may be everything.
    for revision in 1..=8 {
        log.queue_change(revision, change(revision)).unwrap();
    }
    log.append(b"the end".to_vec())
        .await
        .map_err(|cause| cause.to_string())?;
    drop(log);
    open(disk).map_err(|cause| format!("the log does not open again: {cause}"))?;
    let after = read(disk)?;
    if !after.starts_with(&before) {
        return Err("records were lost by going on".to_owned());
    }
    let changes: Vec<_> = after
        .iter()
        .filter(|payload| payload.starts_with("change"))
        .cloned()
        .collect();
    let expected: Vec<_> = (1..=8).flat_map(change).map(|payload| text(&payload)).collect();
    if changes != expected {
        return Err(format!("the changes are {changes:.12?}"));
    }
    let mut distinct = after.clone();
    distinct.sort();
    distinct.dedup();
    if distinct.len() != after.len() || after.last().is_none_or(|last| last != "the end") {
        return Err("a record is there twice, or out of order".to_owned());
    }
    Ok(())
}

fn read(disk: &SimDisk) -> Result<Vec<String>, String> {
    let reader = Reader::open_on(Arc::new(disk.clone()), Start::Oldest).map_err(|cause| cause.to_string())?;
    let frames: Result<Vec<Frame>, AuditError> = reader.collect();
    let frames = frames.map_err(|cause| cause.to_string())?;
    if !frames
        .iter()
        .map(|frame| frame.sequence)
        .eq(1..=frames.len() as u64)
    {
        return Err("sequence numbers have gaps".to_owned());
    }
    Ok(frames.iter().map(|frame| text(frame.payload())).collect())
}

#[tokio::test]
async fn a_power_cut_at_any_step_loses_nothing_that_was_acknowledged() {
    let mut cuts = 0;
    for step in 1.. {
        let disk = SimDisk::default();
        disk.cut_power_at(step);
        let known = work(&disk).await;
        if !disk.has_lost_power() {
            break;
        }
        cuts += 1;
        for seed in 0..8 {
            let rebooted = disk.after_power_cut(step * 100 + seed);
            judge(&known, &rebooted)
                .await
                .unwrap_or_else(|what| panic!("cut at step {step}, seed {seed}: {what}"));
        }
    }
    assert!(cuts > 60, "only {cuts} steps");
}

#[tokio::test]
async fn a_process_killed_at_any_step_loses_nothing_that_was_acknowledged() {
    for step in 1..100 {
        let disk = SimDisk::default();
        disk.cut_power_at(step);
        let known = work(&disk).await;
        // The machine goes on: what was written is there, flushed or not.
        disk.cut_power_at(u64::MAX / 2);
        judge(&known, &disk)
            .await
            .unwrap_or_else(|what| panic!("killed at step {step}: {what}"));
    }
}

#[tokio::test]
async fn a_power_cut_during_recovery_loses_nothing() {
    for step in (20..100).step_by(7) {
        let disk = SimDisk::default();
        disk.cut_power_at(step);
        let known = work(&disk).await;
        for again in 1..12 {
            let rebooted = disk.after_power_cut(step);
            rebooted.cut_power_at(again);
            let _ = open(&rebooted);
            let rebooted = rebooted.after_power_cut(again);
            judge(&known, &rebooted)
                .await
                .unwrap_or_else(|what| panic!("cut at step {step}, then at {again}: {what}"));
        }
    }
}

#[tokio::test]
async fn a_disk_that_only_claims_to_flush_is_found_out() {
    let failures = AtomicU64::new(0);
    for step in 1..120 {
        let disk = SimDisk::default();
        disk.ignore_flushes(3);
        disk.cut_power_at(step);
        let known = work(&disk).await;
        for seed in 0..4 {
            if judge(&known, &disk.after_power_cut(step * 10 + seed))
                .await
                .is_err()
            {
                failures.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    assert!(failures.into_inner() > 0);
}

#[tokio::test]
async fn a_torn_tail_is_set_aside_and_zeroed() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    log.append(b"whole".to_vec()).await.unwrap();
    drop(log);
    let mut bytes = disk.bytes("000000000001.log");
    let end = 128 + 16 + 1 + 5;
    bytes[end..end + 9].copy_from_slice(b"\0\0\0\x20torn!");
    disk.plant("000000000001.log", bytes);
    let (_log, found) = open(&disk).unwrap();
    let torn = found.torn.unwrap();
    assert_eq!(
        (torn.path.to_str().unwrap(), torn.bytes),
        ("sim/torn-000000000001-150", 9)
    );
    assert_eq!(disk.bytes("torn-000000000001-150"), b"\0\0\0\x20torn!");
    assert!(
        disk.bytes("000000000001.log")[end..]
            .iter()
            .all(|byte| *byte == 0)
    );
    assert_eq!(payloads(&disk), ["whole"]);
}

#[tokio::test]
async fn a_broken_record_before_a_later_group_is_damage_and_no_torn_tail() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    for call in ["one", "two", "three"] {
        log.append(call.as_bytes().to_vec()).await.unwrap();
    }
    drop(log);
    let whole = disk.bytes("000000000001.log");
    for at in [128, 130, 133, 143, 144, 147] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        disk.plant("000000000001.log", bytes);
        assert!(
            matches!(open(&disk), Err(AuditError::Damaged { offset: 128, .. })),
            "byte {at}"
        );
    }
}

#[tokio::test]
async fn segments_that_are_missing_foreign_renamed_or_newer_are_refused() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    for _ in 0..40 {
        log.append(vec![b'x'; 600]).await.unwrap();
    }
    drop(log);
    let names: Vec<_> = (1..=4).map(|number| format!("{number:012}.log")).collect();
    let copy = |leave_out: &str| {
        let other = SimDisk::default();
        for name in names.iter().filter(|name| *name != leave_out) {
            other.plant(name, disk.bytes(name));
        }
        other
    };
    let says = |disk: &SimDisk, what: &str| {
        let refusal = open(disk).map(|_| ()).unwrap_err().to_string();
        assert!(refusal.contains(what), "{refusal}");
    };
    open(&copy("")).unwrap();
    says(&copy(&names[1]), "000000000002.log, is missing");
    says(
        &copy(&names[0]),
        "the segments before it, from 000000000001.log on, are missing",
    );
    for missing in &names[..2] {
        assert!(
            Reader::open_on(Arc::new(copy(missing)), Start::Oldest)
                .unwrap()
                .any(|frame| frame.is_err())
        );
    }

    let renamed = copy(&names[3]);
    renamed.plant(&names[3], disk.bytes(&names[2]));
    says(&renamed, "renamed");

    let foreign = SimDisk::default();
    let entropy = SeededEntropy::new(8);
    let (log, _) = AuditLog::open_on(Arc::new(foreign.clone()), options(), clock(), &entropy).unwrap();
    for _ in 0..40 {
        log.append(vec![b'x'; 600]).await.unwrap();
    }
    drop(log);
    let mixed = copy(&names[3]);
    mixed.plant(&names[3], foreign.bytes(&names[3]));
    says(&mixed, "another log");

    let shortened = copy("");
    shortened.plant(&names[1], disk.bytes(&names[1])[..1000].to_vec());
    says(&shortened, "shorter than it was");

    let newer = copy("");
    let mut bytes = disk.bytes(&names[3]);
    bytes[9] = 2;
    newer.plant(&names[3], bytes);
    says(&newer, "start the newer keystead");
}

#[tokio::test]
async fn a_reader_follows_a_live_log_through_failures_and_new_segments() {
    let disk = SimDisk::default();
    let clock = clock();
    let mut reader = Reader::open_on(Arc::new(disk.clone()), Start::Oldest).unwrap();
    assert_eq!(reader.read().unwrap(), None);
    let (log, _) = open(&disk).unwrap();
    assert_eq!(reader.read().unwrap(), None);
    let mut seen = Vec::new();
    for number in 0..60 {
        let failing = (number % 7 == 3).then(|| switch(&disk, Op::Flush, ErrorKind::StorageFull));
        if let Some(failing) = failing {
            log.append(vec![b'r'; 300]).await.unwrap_err();
            if number % 2 == 0 {
                // A reader may see what is refused at last.
                let early = reader.read().unwrap();
                assert!(early.is_none_or(|frame| frame.payload() == vec![b'r'; 300]));
            }
            failing.store(false, Ordering::SeqCst);
        }
        log.append(format!("{number} {}", "x".repeat(500)).into_bytes())
            .await
            .unwrap();
        let frame = reader
            .follow(clock.as_ref(), Duration::from_secs(1))
            .await
            .unwrap();
        seen.push(text(frame.payload()));
    }
    assert_eq!(seen, payloads(&disk));
}

#[tokio::test]
async fn a_reader_that_follows_looks_again_when_its_time_has_come() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    let clock = clock();
    let mut reader = Reader::open_on(Arc::new(disk.clone()), Start::Oldest).unwrap();
    let of_reader = clock.clone();
    let following = ambient::task::spawn(async move {
        reader
            .follow(of_reader.as_ref(), Duration::from_secs(1))
            .await
            .unwrap()
    });
    tokio::task::yield_now().await;
    log.append(b"late".to_vec()).await.unwrap();
    assert!(!following.is_finished());
    clock.advance(Duration::from_secs(1));
    assert_eq!(following.await.unwrap().payload(), b"late");
}

#[tokio::test]
async fn a_reader_begins_where_it_is_told() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    for number in 1..=50 {
        log.append(format!("{number} {}", "x".repeat(200)).into_bytes())
            .await
            .unwrap();
    }
    let first = |start| {
        let mut reader = Reader::open_on(Arc::new(disk.clone()), start).unwrap();
        reader.read().unwrap().map(|frame| frame.sequence)
    };
    assert_eq!(first(Start::Oldest), Some(1));
    for sequence in 1..=50 {
        assert_eq!(first(Start::Sequence(sequence)), Some(sequence));
    }
    assert_eq!(first(Start::Sequence(51)), None);
    assert_eq!(first(Start::Last(0)), None);
    assert_eq!(first(Start::Last(3)), Some(48));
    assert_eq!(first(Start::Last(47)), Some(4));
    assert_eq!(first(Start::Last(1000)), Some(1));
}

#[tokio::test]
async fn many_callers_share_a_flush() {
    let flushes = Arc::new(AtomicU64::new(0));
    let frames_told = Arc::new(AtomicU64::new(0));
    let (count, total) = (flushes.clone(), frames_told.clone());
    let options = Options {
        on_flush: Some(Arc::new(move |flush| {
            count.fetch_add(1, Ordering::Relaxed);
            total.fetch_add(flush.frames, Ordering::Relaxed);
        })),
        ..Options::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit");
    let (log, _) = AuditLog::open(
        &path,
        options,
        Arc::new(SystemClock::start()),
        &SeededEntropy::new(1),
    )
    .unwrap();
    let mut callers = Vec::new();
    for caller in 0..32 {
        let log = log.clone();
        callers.push(ambient::task::spawn(async move {
            for call in 0..20 {
                log.append(format!("{caller}.{call}").into_bytes()).await.unwrap();
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(frames_told.load(Ordering::Relaxed), 640);
    assert!(flushes.load(Ordering::Relaxed) < 320);
    let mut found: Vec<_> = Reader::open(&path, Start::Oldest)
        .unwrap()
        .map(|frame| text(frame.unwrap().payload()))
        .collect();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 640);
}

#[tokio::test]
async fn a_full_queue_makes_callers_wait_and_loses_none() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    let mut callers = Vec::new();
    for caller in 0..24 {
        let log = log.clone();
        callers.push(ambient::task::spawn(async move {
            log.append(vec![caller; crate::limits::QUEUE / 8]).await.unwrap();
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(frames(&disk).len(), 24);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_its_record() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    {
        let mut append = Box::pin(log.append(b"gone".to_vec()));
        let waker = std::task::Waker::noop();
        let _ = append.as_mut().poll(&mut std::task::Context::from_waker(waker));
    }
    log.append(b"next".to_vec()).await.unwrap();
    assert_eq!(payloads(&disk), ["gone", "next"]);
}

#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit");
    let clock: Arc<dyn Clock> = clock();
    let (log, _) = AuditLog::open(&path, options(), clock.clone(), &SeededEntropy::new(1)).unwrap();
    let refused = crate::RefusedStream::open(&path, clock).unwrap();
    drop((log, refused));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for directory in [path.clone(), path.join("refused")] {
        assert_eq!(mode(&directory), 0o700);
    }
    for file in ["000000000001.log", "refused/current.jsonl"] {
        assert_eq!(mode(&path.join(file)), 0o600, "{file}");
    }
}
