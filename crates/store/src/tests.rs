//! The store itself, on a backend that fails when it is told to.

use std::sync::Arc;

use ambient::task;

use crate::suite::fixture::{HERE, Jewels, Notes, Opened, block_on, note, open, putting, try_open};
use crate::suite::histories;
use crate::suite::memory::{Fault, Memory};
use crate::suite::{Site, fixture};
use crate::{Change, CommitError, Health, OpenError, ReadSet, Unavailable, limits};

crate::backend_suite!(Memory::new());

async fn commit(opened: &Opened, name: &str, value: u64) -> Result<u64, CommitError> {
    let mut change = putting(note(1, name, value));
    change.record(name.as_bytes().to_vec());
    opened
        .store
        .commit(ReadSet::new(), change)
        .await
        .map(|committed| committed.revision)
}

fn names(opened: &Opened) -> Vec<String> {
    let entries = opened.log.entries();
    entries
        .iter()
        .map(|(_, payloads)| String::from_utf8(payloads[0].clone()).unwrap())
        .collect()
}

#[test]
fn a_refused_group_leaves_nothing_and_the_store_goes_on() {
    block_on(async {
        let (memory, opened) = opened();
        let before = opened.store.head_revision();
        memory.plan([Some(Fault::Refused)]);
        let refused = commit(&opened, "a", 1).await;
        assert!(matches!(
            refused,
            Err(CommitError::Unavailable(Unavailable::Backend(_)))
        ));
        assert_eq!((opened.value("a"), opened.store.head_revision()), (None, before));
        assert_eq!(commit(&opened, "b", 1).await.unwrap(), before + 1);
        assert_eq!(names(&opened), ["b"]);
    });
}

#[test]
fn a_group_that_broke_the_backend_before_its_commit_is_told_as_not_committed() {
    block_on(async {
        let (memory, opened) = opened();
        memory.plan([Some(Fault::Broken)]);
        memory.fail_reopenings(usize::MAX);
        for name in ["a", "b"] {
            let refused = commit(&opened, name, 1).await;
            assert!(matches!(refused, Err(CommitError::Unavailable(_))), "{refused:?}");
        }
        memory.calm();
        commit(&opened, "c", 1).await.unwrap();
        assert_eq!(names(&opened), ["c"]);
    });
}

#[test]
fn views_and_snapshots_go_between_threads() {
    fn both<T: Send + Sync + 'static>() {}
    both::<crate::Store>();
    both::<crate::Snapshot>();
    both::<crate::View>();
    both::<crate::ReadSet>();
    both::<crate::Vault>();
    both::<crate::Turn>();
    fn sent<T: Send + 'static>() {}
    sent::<Change>();
}

#[test]
fn a_lost_group_of_unknown_outcome_is_told_as_not_committed() {
    block_on(async {
        let (memory, opened) = opened();
        memory.plan([Some(Fault::Lost)]);
        let lost = commit(&opened, "a", 1).await;
        assert!(matches!(lost, Err(CommitError::Unavailable(_))), "{lost:?}");
        assert_eq!(opened.value("a"), None);
        commit(&opened, "b", 1).await.unwrap();
        assert_eq!(names(&opened), ["b"]);
    });
}

#[test]
fn a_kept_group_of_unknown_outcome_is_told_as_committed_and_recorded_once() {
    block_on(async {
        let (memory, opened) = opened();
        memory.plan([Some(Fault::Kept)]);
        let revision = commit(&opened, "a", 1).await.unwrap();
        assert_eq!(
            (opened.value("a"), opened.store.head_revision()),
            (Some(1), revision)
        );
        commit(&opened, "b", 1).await.unwrap();
        assert_eq!(names(&opened), ["a", "b"]);
    });
}

#[test]
fn who_waits_for_an_unknown_outcome_is_told_it_once_the_backend_is_back_though_nobody_else_asks() {
    for fault in [Fault::Kept, Fault::Lost] {
        block_on(async {
            let (memory, opened) = opened();
            let before = opened.store.head_revision();
            memory.plan([Some(fault)]);
            memory.fail_reopenings(2 * limits::REOPENINGS);
            let outcome = commit(&opened, "a", 1).await;
            let kept = fault == Fault::Kept;
            match outcome {
                Ok(revision) => assert_eq!((kept, revision), (true, before + 1)),
                Err(CommitError::Unavailable(Unavailable::Backend(_))) => assert!(!kept),
                Err(error) => panic!("{error:?}"),
            }
            assert_eq!(opened.value("a"), kept.then_some(1));
            commit(&opened, "b", 1).await.unwrap();
            let expected: &[&str] = if kept { &["a", "b"] } else { &["b"] };
            assert_eq!(names(&opened), expected);
        });
    }
}

#[test]
fn what_may_be_lost_is_not_seen_and_the_next_change_that_finds_the_backend_back_settles_it() {
    for fault in [Fault::Kept, Fault::Lost] {
        block_on(async {
            let (memory, opened) = opened();
            let opened = Arc::new(opened);
            memory.plan([Some(fault)]);
            memory.fail_reopenings(usize::MAX);
            let first = in_doubt(&opened, &memory).await;
            let refused = commit(&opened, "b", 1).await;
            assert!(matches!(refused, Err(CommitError::Unavailable(_))), "{refused:?}");
            assert!(!first.is_finished());
            assert_eq!(opened.value("a"), None);
            memory.calm();
            commit(&opened, "c", 1).await.unwrap();
            let kept = fault == Fault::Kept;
            assert_eq!(first.await.unwrap().is_ok(), kept);
            let expected: &[&str] = if kept { &["a", "c"] } else { &["c"] };
            assert_eq!(names(&opened), expected);
        });
    }
}

/// Begins to commit "a", and waits until its outcome is in doubt.
async fn in_doubt(opened: &Arc<Opened>, memory: &Memory) -> task::JoinHandle<Result<u64, CommitError>> {
    let committing = task::spawn({
        let opened = Arc::clone(opened);
        async move { commit(&opened, "a", 1).await }
    });
    let mut health = opened.store.health_changes();
    health.wait_for(|health| !health.is_ok()).await.unwrap();
    assert!(memory.must_reopen());
    committing
}

#[test]
fn an_outcome_that_stays_unknown_is_told_as_such_at_the_end_and_settled_by_the_next_start() {
    for fault in [Fault::Kept, Fault::Lost] {
        block_on(async {
            let (memory, opened) = opened();
            let opened = Arc::new(opened);
            memory.plan([Some(fault)]);
            memory.fail_reopenings(usize::MAX);
            let unknown = in_doubt(&opened, &memory).await;
            assert!(opened.store.close().await.is_err());
            let unknown = unknown.await.unwrap();
            assert!(
                matches!(unknown, Err(CommitError::OutcomeUnknown(_))),
                "{unknown:?}"
            );
            drop(opened);
            memory.calm();
            let opened = self::open(&memory);
            let waiting = opened.store.outbox().unwrap();
            assert_eq!(waiting.len(), usize::from(fault == Fault::Kept));
            assert_eq!(opened.value("a").is_some(), fault == Fault::Kept);
        });
    }
}

#[test]
fn the_store_says_that_it_fails_and_by_itself_that_it_is_back() {
    block_on(async {
        let (memory, opened) = opened();
        assert!(opened.store.health().is_ok());
        memory.plan([Some(Fault::Broken)]);
        memory.fail_reopenings(usize::MAX);
        assert!(commit(&opened, "a", 1).await.is_err());
        assert!(matches!(opened.store.health(), Health::Failing(_)));
        memory.calm();
        let mut health = opened.store.health_changes();
        health.wait_for(Health::is_ok).await.unwrap();
        commit(&opened, "b", 1).await.unwrap();
        opened.store.close().await.unwrap();
        assert!(matches!(opened.store.health(), Health::Closed));
        opened.store.close().await.unwrap();
    });
}

#[test]
fn a_store_whose_writer_died_does_not_close_in_order() {
    struct Deadly;
    impl crate::Observer for Deadly {
        fn begins(&self, _: usize) {
            panic!("on purpose");
        }
        fn ended(&self, _: bool) {}
        fn reopens(&self, _: &crate::backend::BackendError) {}
    }
    block_on(async {
        let (store, _) = crate::Store::open(
            Memory::new().open().unwrap(),
            &fixture::TABLES,
            fixture::root_key(),
            fixture::entropy(),
            Arc::new(fixture::Log::default()),
            crate::StoreOptions::new().observer(Arc::new(Deadly)),
        )
        .unwrap();
        let unknown = store.commit(ReadSet::new(), putting(note(1, "a", 1))).await;
        assert!(
            matches!(unknown, Err(CommitError::OutcomeUnknown(_))),
            "{unknown:?}"
        );
        assert!(store.close().await.is_err());
        assert!(matches!(store.health(), Health::Dead));
    });
}

#[test]
fn a_backend_that_does_not_come_back_refuses_changes_until_it_does() {
    block_on(async {
        let (memory, opened) = opened();
        memory.fail_rests(1);
        commit(&opened, "a", 1).await.unwrap();
        memory.fail_reopenings(usize::MAX);
        for _ in 0..2 {
            let refused = commit(&opened, "b", 1).await;
            assert!(matches!(refused, Err(CommitError::Unavailable(_))), "{refused:?}");
        }
        memory.calm();
        commit(&opened, "c", 1).await.unwrap();
        assert_eq!(names(&opened), ["a", "c"]);
    });
}

#[test]
fn a_store_that_is_damaged_after_a_failure_takes_no_more_changes() {
    block_on(async {
        let (memory, opened) = opened();
        memory.plan([Some(Fault::Garbled)]);
        let unknown = commit(&opened, "a", 1).await;
        assert!(
            matches!(unknown, Err(CommitError::OutcomeUnknown(_))),
            "{unknown:?}"
        );
        let refused = commit(&opened, "b", 1).await;
        assert!(
            matches!(refused, Err(CommitError::Unavailable(Unavailable::Damaged(_)))),
            "{refused:?}"
        );
        assert!(opened.store.turn().await.is_err());
        assert!(matches!(opened.store.health(), Health::Damaged(_)));
        assert!(opened.store.close().await.is_err());
        drop(opened);
        assert!(matches!(
            try_open(&memory).map(|_| ()),
            Err(OpenError::RolledBack)
        ));
    });
}

#[test]
fn of_a_group_that_is_too_much_the_changes_that_are_not_are_committed() {
    block_on(async {
        let (memory, opened) = opened();
        let opened = Arc::new(opened);
        memory.limit_rows(Some(memory.rows() + 20));
        // While the turn lasts the others queue, and so share a group.
        let turn = opened.store.turn().await.unwrap();
        let large = {
            let mut change = Change::new();
            (0..50).for_each(|number: u64| {
                let name = format!("large {number}");
                change.put::<Notes>(HERE, crate::HashedName(name.clone()), note(1, &name, 0));
            });
            let opened = opened.clone();
            task::spawn(async move { opened.store.commit(ReadSet::new(), change).await })
        };
        let small: Vec<_> = (0..5)
            .map(|number| {
                let opened = opened.clone();
                task::spawn(async move { commit(&opened, &format!("small {number}"), 0).await })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(turn);
        assert!(matches!(large.await.unwrap(), Err(CommitError::Unavailable(_))));
        for change in small {
            change.await.unwrap().unwrap();
        }
        assert_eq!(names(&opened).len(), 5);
    });
}

#[test]
fn traces_of_a_destroyed_secret_are_erased_before_the_answer() {
    block_on(async {
        let (memory, opened) = opened();
        let destroy = || {
            let mut change = Change::new();
            change.destroy::<Jewels>(HERE, [1; 4]);
            opened.store.commit(ReadSet::new(), change)
        };
        let before = memory.erasures();
        commit(&opened, "a", 1).await.unwrap();
        assert_eq!(memory.erasures(), before);
        destroy().await.unwrap();
        assert_eq!(memory.erasures(), before + 1);
        memory.fail_erasures(1);
        destroy().await.unwrap(); // by reopening
        assert_eq!(memory.erasures(), before + 2);
        memory.fail_erasures(1);
        memory.fail_reopenings(limits::REOPENINGS);
        destroy().await.unwrap(); // by another reopening
        assert_eq!(memory.erasures(), before + 3);
    });
}

#[test]
fn a_change_whose_caller_went_away_is_made_all_the_same() {
    block_on(async {
        let (_, opened) = opened();
        let turn = opened.store.turn().await.unwrap();
        let mut forgotten = Box::pin(commit(&opened, "a", 1));
        let waited =
            std::future::poll_fn(|context| std::task::Poll::Ready(forgotten.as_mut().poll(context))).await;
        assert!(waited.is_pending());
        drop(forgotten);
        drop(turn);
        commit(&opened, "b", 1).await.unwrap();
        assert_eq!(opened.value("a"), Some(1));
        assert_eq!(names(&opened), ["a", "b"]);
    });
}

#[test]
fn changes_are_refused_while_too_many_audit_records_wait() {
    block_on(async {
        let (_, opened) = opened();
        let mut change = Change::new();
        (0..=limits::OUTBOX_ROWS).for_each(|_| change.record(Vec::new()));
        let revision = opened
            .store
            .commit(ReadSet::new(), change)
            .await
            .unwrap()
            .revision;
        let refused = commit(&opened, "a", 1).await;
        assert!(matches!(
            refused,
            Err(CommitError::Unavailable(Unavailable::LogBehind(_)))
        ));
        opened.store.drained(revision);
        commit(&opened, "a", 1).await.unwrap();
    });
}

fn opened() -> (Memory, Opened) {
    let memory = Memory::new();
    let opened = open(&memory);
    (memory, opened)
}

/// What anybody can see, at any moment and under any fault, is durable.
async fn watch(memory: Memory, opened: Arc<Opened>, stop: Arc<std::sync::atomic::AtomicBool>) -> usize {
    let mut looks = 0;
    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
        let seen = opened.store.head_revision();
        assert!(
            seen <= memory.revision(),
            "revision {seen} is visible and not durable"
        );
        looks += 1;
        tokio::task::yield_now().await;
    }
    looks
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn histories_are_serializable_under_faults(
        seed in proptest::prelude::any::<u64>(),
        faults in proptest::collection::vec(
            proptest::prop_oneof![
                12 => proptest::prelude::Just(None),
                1 => proptest::prelude::Just(Some(Fault::Refused)),
                1 => proptest::prelude::Just(Some(Fault::Broken)),
                1 => proptest::prelude::Just(Some(Fault::Lost)),
                1 => proptest::prelude::Just(Some(Fault::Kept)),
            ],
            0..60,
        ),
        reopenings in 0..12_usize,
    ) {
        block_on(async {
            let (memory, opened) = opened();
            let opened = Arc::new(opened);
            memory.plan(faults);
            memory.fail_reopenings(reopenings);
            let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
            let watcher = task::spawn(watch(memory.clone(), opened.clone(), stop.clone()));
            let mut tries = histories::run(&opened, seed, 0..6, 25).await;
            // One more change, on a calm backend.
            memory.calm();
            tries.extend(histories::run(&opened, seed, 6..7, 1).await);
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(watcher.await.unwrap() > 0);
            let log = opened.log.entries();
            histories::judge(tries.clone(), &log, &opened);
            opened.store.close().await.unwrap();
            drop(opened);
            histories::judge(tries, &log, &open(&memory));
        });
    }
}
