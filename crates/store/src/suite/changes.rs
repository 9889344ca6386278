//! What a store on the backend does with changes.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use ambient::Timestamp;
use ambient::task;
use secret::SecretArray;

use crate::lease::{Lease, Rival};
use crate::suite::Site;
use crate::suite::fixture::{
    BY_OWNER, HERE, Jewels, Notes, Numbers, Opened, Papers, TABLES, block_on, named, note, open, place,
    putting, try_open_with,
};
use crate::{Change, CommitError, Purpose, ReadSet, StoreError, Unavailable, View, due, limits, table_spec};

fn conflicts<T: std::fmt::Debug>(result: Result<T, CommitError>) {
    assert!(matches!(result, Err(CommitError::Conflict)), "{result:?}");
}

/// Records, indexes, revisions, and that it is not new.
pub fn what_was_committed_is_there_after_reopening(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        assert!(opened.store.is_new());
        let first = opened.put(note(1, "a", 1)).await.revision;
        assert_eq!(opened.put(note(1, "b", 2)).await.revision, first + 1);
        let mut change = Change::new();
        change.delete::<Notes>(HERE, named("a"));
        change.put::<Notes>(HERE, named("c"), note(2, "c", 3));
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        opened.close().await;

        let opened = open(site);
        assert!(!opened.store.is_new());
        assert_eq!(opened.store.head_revision(), first + 2);
        assert_eq!(
            (opened.value("a"), opened.value("b"), opened.value("c")),
            (None, Some(2), Some(3))
        );
        assert_eq!(owned(&opened, 1), ["b"]);
        assert_eq!(opened.store.snapshot().count::<Notes>(HERE), 2);
        assert_eq!(opened.put(note(1, "d", 4)).await.revision, first + 3);
    });
}

/// And the other change stands.
pub fn a_change_on_a_changed_row_conflicts(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        opened.put(note(1, "a", 1)).await;
        let view = opened.store.snapshot().view();
        assert_eq!(view.get::<Notes>(HERE, &named("a")).unwrap().unwrap().value, 1);
        let reads = view.into_reads();
        assert!(opened.store.holds(&reads));
        opened.put(note(1, "a", 2)).await;
        assert!(!opened.store.holds(&reads));
        conflicts(opened.store.commit(reads, putting(note(1, "b", 9))).await);
        assert_eq!((opened.value("a"), opened.value("b")), (Some(2), None));
    });
}

/// As two callers do who both found that a name is free.
pub fn a_change_on_an_absence_that_ended_conflicts(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let reads = || {
            let view = opened.store.snapshot().view();
            assert!(view.get::<Notes>(HERE, &named("a")).unwrap().is_none());
            view.into_reads()
        };
        let (first, second) = (reads(), reads());
        opened
            .store
            .commit(first, putting(note(1, "a", 1)))
            .await
            .unwrap();
        conflicts(opened.store.commit(second, putting(note(1, "a", 2))).await);
        assert_eq!(opened.value("a"), Some(1));
    });
}

/// A row that comes, goes, or changes within what was scanned.
pub fn a_change_on_a_stretch_that_got_a_row_conflicts(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        opened.put_numbers([(1, 1), (3, 3), (5, 5)]).await;
        let scanned = || {
            let view = opened.store.snapshot().view();
            let from = 2_u32.to_be_bytes();
            let rows = view.scan::<Numbers>(HERE, Bound::Included(&from), 9).unwrap();
            assert!(rows.iter().all(|row| **row >= 3));
            view.into_reads()
        };
        let reads = scanned();
        opened.put_numbers([(1, 7)]).await;
        opened
            .store
            .commit(reads, putting(note(1, "before the stretch", 1)))
            .await
            .unwrap();
        for (key, number) in [(2, 20), (3, 30), (9, 90)] {
            let reads = scanned();
            opened.put_numbers([(key, number)]).await;
            conflicts(opened.store.commit(reads, putting(note(1, "within", 1))).await);
        }
        let reads = scanned();
        let mut change = Change::new();
        change.delete::<Numbers>(HERE, 5_u32.to_be_bytes());
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        conflicts(opened.store.commit(reads, putting(note(1, "within", 1))).await);
    });
}

/// A page depends on what it shows, not on what comes after.
pub fn a_change_behind_the_end_of_a_limited_scan_does_not_conflict(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        opened.put_numbers([(1, 1), (3, 3), (5, 5)]).await;
        let scanned = || {
            let view = opened.store.snapshot().view();
            assert_eq!(view.scan::<Numbers>(HERE, Bound::Unbounded, 2).unwrap().len(), 2);
            view.into_reads()
        };
        let reads = scanned();
        opened.put_numbers([(4, 4), (5, 6)]).await;
        opened
            .store
            .commit(reads, putting(note(1, "a", 1)))
            .await
            .unwrap();
        let reads = scanned();
        opened.put_numbers([(2, 2)]).await;
        conflicts(opened.store.commit(reads, putting(note(1, "a", 2))).await);
    });
}

/// What the rows say is not looked at.
pub fn names_alone_conflict_only_when_rows_come_or_go(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        opened.put_numbers([(1, 1), (2, 2)]).await;
        let listed = || {
            let view = opened.store.snapshot().view();
            let names = view.scan_names::<Numbers>(HERE, Bound::Unbounded, 9).unwrap();
            assert_eq!(names[0].name(), 1_u32.to_be_bytes());
            view.into_reads()
        };
        let reads = listed();
        opened.put_numbers([(1, 9)]).await;
        opened
            .store
            .commit(reads, putting(note(1, "a", 1)))
            .await
            .unwrap();
        let reads = listed();
        opened.put_numbers([(3, 3)]).await;
        conflicts(opened.store.commit(reads, putting(note(1, "a", 2))).await);
    });
}

fn owned(opened: &Opened, owner: u8) -> Vec<String> {
    let view = opened.store.snapshot().view();
    let rows = view
        .index::<Notes>(HERE, BY_OWNER, &[owner], None, usize::MAX)
        .unwrap();
    rows.iter()
        .map(|entry| {
            let held = view.get_row::<Notes>(&entry.row).unwrap().unwrap();
            assert_eq!(entry.bytes[1..], *held.name.as_bytes());
            held.name.clone()
        })
        .collect()
}

/// And one whose entries lie elsewhere does not.
pub fn a_change_on_an_index_that_got_an_entry_conflicts(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        opened.put(note(1, "a", 1)).await;
        let listed = |after: Option<&[u8]>, limit| {
            let view = opened.store.snapshot().view();
            view.index::<Notes>(HERE, BY_OWNER, &[1], after, limit).unwrap();
            view.into_reads()
        };
        let reads = listed(None, 9);
        opened.put(note(2, "b", 1)).await;
        opened
            .store
            .commit(reads, putting(note(3, "c", 1)))
            .await
            .unwrap();
        let reads = listed(None, 9);
        opened.put(note(1, "b", 1)).await; // moves from owner 2 to owner 1
        conflicts(opened.store.commit(reads, putting(note(3, "c", 2))).await);
        let reads = listed(Some(b"\x01b"), 9);
        opened.put(note(1, "aa", 1)).await;
        opened
            .store
            .commit(reads, putting(note(3, "c", 3)))
            .await
            .unwrap();
        let reads = listed(None, 1);
        opened.put(note(1, "ab", 1)).await;
        opened
            .store
            .commit(reads, putting(note(3, "c", 4)))
            .await
            .unwrap();
    });
}

/// Sixteen callers, each of whom adds only while there are fewer than five.
pub fn a_limit_counted_by_an_index_can_not_be_raced(site: &dyn Site) {
    block_on(async {
        let opened = Arc::new(open(site));
        let callers: Vec<_> = (0..16)
            .map(|caller| {
                let opened = opened.clone();
                task::spawn(async move {
                    loop {
                        let view = opened.store.snapshot().view();
                        if view.count_index::<Notes>(HERE, BY_OWNER, &[1], 9).unwrap() >= 5 {
                            return;
                        }
                        let change = putting(note(1, &format!("of {caller}"), 0));
                        match opened.store.commit(view.into_reads(), change).await {
                            Ok(_) => return,
                            Err(error) => assert!(matches!(error, CommitError::Conflict), "{error}"),
                        }
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(owned(&opened, 1).len(), 5);
    });
}

/// Page by page, in order, before and after reopening.
pub fn index_entries_follow_their_records(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        for name in ["d", "b", "a", "c"] {
            opened.put(note(1, name, 0)).await;
        }
        opened.put(note(2, "x", 0)).await;
        opened.put(note(2, "b", 0)).await;
        let mut change = Change::new();
        change.delete::<Notes>(HERE, named("d"));
        change.put::<Notes>(HERE, named("e"), note(9, "e", 0));
        change.put::<Notes>(HERE, named("e"), note(1, "e", 0)); // the last write counts
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        check_entries(&opened);
        opened.close().await;
        check_entries(&open(site));
    });
}

fn check_entries(opened: &Opened) {
    assert_eq!(owned(opened, 1), ["a", "c", "e"]);
    assert_eq!(owned(opened, 2), ["b", "x"]);
    assert_eq!(owned(opened, 9), Vec::<String>::new());
    let view = opened.store.snapshot().view();
    let page = view
        .index::<Notes>(HERE, BY_OWNER, &[1], Some(b"\x01a"), 1)
        .unwrap();
    assert_eq!(page[0].bytes, b"\x01c");
    let all = view
        .count_index::<Notes>(HERE, BY_OWNER, &[], usize::MAX)
        .unwrap();
    assert_eq!(all, 5);
}

/// As a decision by one view and a change by another.
pub fn a_permit_joins_its_reads_to_a_change(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        opened.put(note(1, "policy", 1)).await;
        let decided = opened.store.snapshot().view();
        decided.get::<Notes>(HERE, &named("policy")).unwrap();
        opened.put(note(1, "other", 1)).await;
        let view = opened.store.snapshot().view();
        view.get::<Notes>(HERE, &named("other")).unwrap();
        let mut reads = view.reads();
        reads.join(decided.into_reads());
        opened
            .store
            .commit(reads.clone(), putting(note(1, "done", 1)))
            .await
            .unwrap();
        opened.put(note(1, "policy", 2)).await;
        conflicts(opened.store.commit(reads, putting(note(1, "done", 2))).await);
    });
}

/// While others hammer on the same row.
pub fn a_turn_meets_no_conflict(site: &dyn Site) {
    block_on(async {
        let opened = Arc::new(open(site));
        opened.put(note(1, "counter", 0)).await;
        let others: Vec<_> = (0..4)
            .map(|_| {
                let opened = opened.clone();
                task::spawn(async move {
                    for _ in 0..25 {
                        opened.put(note(1, "noise", 1)).await;
                        increment(&opened).await;
                    }
                })
            })
            .collect();
        for other in others {
            other.await.unwrap();
        }
        assert_eq!(opened.value("counter"), Some(100));
    });
}

async fn increment(opened: &Opened) {
    let turn = opened.store.turn().await.unwrap();
    let view = turn.snapshot().view();
    let before = view.get::<Notes>(HERE, &named("counter")).unwrap().unwrap().value;
    assert!(view.get_cold::<Papers>(HERE, &[0; 4]).await.unwrap().is_none());
    turn.commit(view.into_reads(), putting(note(1, "counter", before + 1)))
        .await
        .unwrap();
}

/// Whether it was used or not.
pub fn a_dropped_turn_lets_the_others_go_on(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let turn = opened.store.turn().await.unwrap();
        let kept = turn.snapshot().clone();
        drop(turn);
        opened.put(note(1, "a", 1)).await;
        assert!(kept.revision() < opened.store.head_revision());
        drop(opened.store.turn()); // never awaited
        opened.put(note(1, "a", 2)).await;
    });
}

/// Whatever is committed.
pub fn a_snapshot_does_not_change(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        opened.put(note(1, "a", 1)).await;
        let snapshot = opened.store.snapshot();
        for value in 2..50 {
            opened.put(note(1, "a", value)).await;
        }
        let value = |view: View| view.get::<Notes>(HERE, &named("a")).unwrap().unwrap().value;
        assert_eq!(value(snapshot.view()), 1);
        assert_eq!(value(opened.store.snapshot().view()), 49);
        assert!(*opened.store.revisions().borrow() == opened.store.head_revision());
    });
}

/// They come to the log once, in order; what was not drained is offered again after reopening.
pub fn audit_records_wait_in_the_outbox_until_they_are_drained(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let mut revisions = Vec::new();
        for value in 0..5_u8 {
            let mut change = putting(note(1, "a", u64::from(value)));
            change.record(vec![value]);
            change.record(vec![value, value]);
            revisions.push(
                opened
                    .store
                    .commit(ReadSet::new(), change)
                    .await
                    .unwrap()
                    .revision,
            );
        }
        let logged: Vec<_> = (0..5_u8)
            .map(|value| {
                (
                    revisions[usize::from(value)],
                    vec![vec![value], vec![value, value]],
                )
            })
            .collect();
        assert_eq!(opened.log.entries(), logged);
        assert_eq!(opened.store.logged_revision(), 0);
        opened.store.drained(revisions[2]);
        opened.put(note(1, "b", 1)).await;
        opened.close().await;

        let opened = open(site);
        let waiting: Vec<_> = opened.store.outbox().unwrap().into_iter().collect();
        let waiting: Vec<_> = waiting
            .into_iter()
            .map(|waiting| (waiting.revision, waiting.payloads))
            .collect();
        assert_eq!(waiting, logged[3..]);
        assert_eq!(opened.log.entries(), []);
        assert_eq!(opened.store.logged_revision(), revisions[2]);
        opened.store.drained(revisions[4]);
        opened.close().await; // without another change
        let opened = open(site);
        assert_eq!(opened.store.outbox().unwrap(), []);
        assert_eq!(opened.store.logged_revision(), revisions[4]);
    });
}

/// And a view that saw it before opens it no more than the others.
pub fn a_secret_comes_out_of_the_vault_alone_and_goes_when_it_is_destroyed(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let key = [1; 4];
        let mut change = Change::new();
        change.put_secret::<Jewels>(HERE, key, SecretArray::copied_from(&[42; 32]).unwrap());
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        let view = opened.store.snapshot().view();
        for _ in 0..2 {
            let secret = opened.vault.open::<Jewels>(&view, HERE, &key).unwrap().unwrap();
            assert_eq!(secret.expose(), &[42; 32]);
        }
        assert!(
            opened
                .vault
                .open::<Jewels>(&view, HERE, &[2; 4])
                .unwrap()
                .is_none()
        );
        let reads = view.into_reads();
        let mut change = Change::new();
        change.destroy::<Jewels>(HERE, key);
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        let view = opened.store.snapshot().view();
        assert!(opened.vault.open::<Jewels>(&view, HERE, &key).unwrap().is_none());
        assert!(!opened.store.holds(&reads));
        opened.close().await;
        let opened = open(site);
        let view = opened.store.snapshot().view();
        assert!(opened.vault.open::<Jewels>(&view, HERE, &key).unwrap().is_none());
    });
}

/// They are counted by the head as all others are.
pub fn cold_rows_are_read_and_checked_at_the_backend(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let put = |text: &str| {
            let mut change = Change::new();
            change.put::<Papers>(HERE, [1; 4], text.to_owned());
            change
        };
        opened.store.commit(ReadSet::new(), put("first")).await.unwrap();
        let view = opened.store.snapshot().view();
        let held = view.get_cold::<Papers>(HERE, &[1; 4]).await.unwrap().unwrap();
        assert_eq!(*held, "first");
        assert!(view.get_cold::<Papers>(HERE, &[2; 4]).await.unwrap().is_none());
        let early = opened.store.snapshot().view();
        opened.store.commit(ReadSet::new(), put("second")).await.unwrap();
        conflicts(opened.store.commit(view.into_reads(), put("third")).await);
        let superseded = early.get_cold::<Papers>(HERE, &[1; 4]).await;
        assert!(matches!(superseded, Err(StoreError::Superseded)));
        opened.close().await;
        let opened = open(site);
        let view = opened.store.snapshot().view();
        assert_eq!(
            *view.get_cold::<Papers>(HERE, &[1; 4]).await.unwrap().unwrap(),
            "second"
        );
        let mut change = Change::new();
        change.delete::<Papers>(HERE, [1; 4]);
        opened.store.commit(view.into_reads(), change).await.unwrap();
        assert_eq!(opened.store.snapshot().count::<Papers>(HERE), 0);
        opened.close().await;
        open(site);
    });
}

/// However many ask at once.
pub fn domains_keep_their_rows_apart_and_are_created_once(site: &dyn Site) {
    block_on(async {
        let opened = Arc::new(open(site));
        let places = [
            place(1, "us-east-1"),
            place(1, "eu-west-1"),
            place(2, "us-east-1"),
        ];
        assert_eq!(opened.store.domain(&places[0]), None);
        let callers: Vec<_> = (0..12)
            .map(|caller| {
                let (opened, place) = (opened.clone(), places[caller % 3].clone());
                task::spawn(async move { opened.store.create_domain(&place).await.unwrap() })
            })
            .collect();
        let mut domains = Vec::new();
        for caller in callers {
            domains.push(caller.await.unwrap());
        }
        assert!(
            domains[3..]
                .iter()
                .zip(&domains)
                .all(|(later, earlier)| later == earlier)
        );
        for (domain, value) in domains.iter().take(3).zip(0..) {
            let mut change = Change::new();
            change.put::<Notes>(*domain, named("a"), note(1, "a", value));
            opened.store.commit(ReadSet::new(), change).await.unwrap();
        }
        opened.store.close().await.unwrap();
        drop(opened);

        let opened = open(site);
        let snapshot = opened.store.snapshot();
        assert_eq!(snapshot.places().len(), 3);
        for (place, value) in places.iter().zip(0..) {
            let domain = snapshot.domain(place).unwrap();
            let view = snapshot.view();
            assert_eq!(
                view.get::<Notes>(domain, &named("a")).unwrap().unwrap().value,
                value
            );
            assert_eq!(view.count_index::<Notes>(domain, BY_OWNER, &[1], 9).unwrap(), 1);
        }
        let unknown = crate::Domain::from_number(77);
        let missing = snapshot.view().get::<Notes>(unknown, &named("a"));
        assert!(matches!(missing, Err(StoreError::UnknownDomain)));
    });
}

/// However late they come.
pub fn a_lease_fences_the_changes_of_its_former_holder(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let (now, span) = (Timestamp::from_seconds(1000), Duration::from_secs(30));
        let acquire =
            |holder: u8, rival, now| Lease::acquire(&opened.store, "worker", [holder; 16], rival, now, span);
        let mut first = acquire(1, Rival::MayLive, now).await.unwrap().unwrap();
        assert!(acquire(2, Rival::MayLive, now).await.unwrap().is_none());
        assert!(first.renew(&opened.store, now, span).await.unwrap());
        let view = opened.store.snapshot().view();
        first.join(&view).unwrap().unwrap();
        let late = view.into_reads();
        let second = acquire(2, Rival::MayLive, now.after(span))
            .await
            .unwrap()
            .unwrap();
        conflicts(opened.store.commit(late, putting(note(1, "late", 1))).await);
        assert!(!first.renew(&opened.store, now, span).await.unwrap());
        let view = opened.store.snapshot().view();
        assert!(first.join(&view).unwrap().is_err());
        assert!(second.join(&view).unwrap().is_ok());
        assert!(acquire(3, Rival::IsGone, now).await.unwrap().is_some());
    });
}

/// And is done once.
pub fn due_work_comes_in_the_order_of_time(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let item = |seconds, subject: &str| due::Item {
            due: Timestamp::from_seconds(seconds),
            kind: 1,
            domain: HERE,
            subject: subject.as_bytes().to_vec(),
        };
        let mut change = Change::new();
        for (seconds, subject) in [(30, "c"), (-5, "a"), (20, "b"), (40, "d")] {
            due::put(&mut change, &item(seconds, subject));
        }
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        let view = opened.store.snapshot().view();
        let found = due::due(&view, Timestamp::from_seconds(30), 9).unwrap();
        assert_eq!(found, [item(-5, "a"), item(20, "b"), item(30, "c")]);
        assert_eq!(due::due(&view, Timestamp::from_seconds(99), 2).unwrap().len(), 2);
        assert_eq!(due::next(&view).unwrap(), Some(Timestamp::from_seconds(-5)));
        let twice = [0, 1].map(|_| {
            let view = opened.store.snapshot().view();
            assert!(due::stands(&view, &found[0]).unwrap());
            let mut change = Change::new();
            due::remove(&mut change, &found[0]);
            opened.store.commit(view.into_reads(), change)
        });
        let [first, second] = twice;
        first.await.unwrap();
        conflicts(second.await);
        let view = opened.store.snapshot().view();
        assert_eq!(due::next(&view).unwrap(), Some(Timestamp::from_seconds(20)));
    });
}

/// And for what they were sealed to.
pub fn tokens_open_only_for_their_purpose_and_domain(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let elsewhere = opened.store.create_domain(&place(1, "us-east-1")).await.unwrap();
        let snapshot = opened.store.snapshot();
        let sealed = snapshot
            .seal(HERE, Purpose::Marker, &[b"ListKeys"], b"position")
            .unwrap();
        let open = |domain, purpose, aad: &[u8]| snapshot.open(domain, purpose, &[aad], &sealed);
        assert_eq!(
            open(HERE, Purpose::Marker, b"ListKeys").unwrap().expose(),
            b"position"
        );
        assert!(open(HERE, Purpose::Token, b"ListKeys").is_err());
        assert!(open(elsewhere, Purpose::Marker, b"ListKeys").is_err());
        assert!(open(HERE, Purpose::Marker, b"ListAliases").is_err());
    });
}

/// For reading and for writing.
pub fn an_undeclared_table_is_refused(site: &dyn Site) {
    block_on(async {
        let opened = try_open_with(site, &[table_spec::<Notes>()]).unwrap();
        let read = opened
            .store
            .snapshot()
            .view()
            .get::<Numbers>(HERE, &[0; 4])
            .map(|_| ());
        assert!(matches!(read, Err(StoreError::UnknownTable("numbers"))));
        let mut change = Change::new();
        change.put::<Numbers>(HERE, [0; 4], 1);
        let written = opened.store.commit(ReadSet::new(), change).await;
        assert!(matches!(
            written,
            Err(CommitError::Refused(StoreError::UnknownTable("numbers")))
        ));
        opened.close().await;
        let twice = try_open_with(site, &[TABLES[0], TABLES[0]]);
        assert!(matches!(twice, Err(crate::OpenError::TableTaken(200))));
    });
}

/// Nor are its index entries.
pub fn one_more_row_than_a_chunk_of_loading_is_no_less_there(site: &dyn Site) {
    block_on(async {
        let rows = u32::try_from(limits::LOAD_CHUNK).unwrap() + 1;
        let opened = open(site);
        opened
            .put_numbers((0..rows).map(|number| (number, u64::from(number))))
            .await;
        for name in ["a", "b"] {
            opened.put(note(1, name, 1)).await;
        }
        opened.close().await;
        let opened = open(site);
        assert_eq!(opened.store.snapshot().count::<Numbers>(HERE), u64::from(rows));
        let view = opened.store.snapshot().view();
        let last = view
            .get::<Numbers>(HERE, &(rows - 1).to_be_bytes())
            .unwrap()
            .unwrap();
        assert_eq!(*last, u64::from(rows - 1));
        assert_eq!(owned(&opened, 1), ["a", "b"]);
    });
}

/// And says so.
pub fn a_closed_store_refuses_changes(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let store = opened.store.clone();
        opened.close().await;
        let refused = store.commit(ReadSet::new(), putting(note(1, "a", 1))).await;
        assert!(matches!(
            refused,
            Err(CommitError::Unavailable(Unavailable::Closed))
        ));
        assert!(store.turn().await.is_err());
        store.close().await.unwrap();
    });
}
