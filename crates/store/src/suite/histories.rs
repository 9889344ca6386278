//! Many callers at once, and a model that has to agree with what they saw.
//!
//! Every caller writes down what it read and what it wrote. Afterwards the committed changes are replayed, in the
//! order of their revisions, on a plain map: each must find there just what it had read, or the history was not
//! serializable.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::Arc;

use ambient::{Entropy, SeededEntropy, task};

use crate::suite::Site;
use crate::suite::fixture::{BY_OWNER, HERE, Note, Notes, Numbers, Opened, block_on, named, note, open};
use crate::{Change, CommitError, Snapshot, View};

const NOTES: u64 = 6;
const NUMBERS: u64 = 8;
const OWNERS: u64 = 3;

/// Small random numbers that follow from a seed.
struct Dice(SeededEntropy);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes).unwrap();
        u64::from_be_bytes(bytes) % sides
    }
}

#[derive(Debug, Clone)]
enum Seen {
    Note(String, Option<Note>),
    Number(u32, Option<u64>),
    Numbers {
        from: u32,
        limit: usize,
        rows: Vec<u64>,
    },
    Owned {
        owner: u8,
        limit: usize,
        names: Vec<String>,
    },
    Counted {
        owner: u8,
        count: usize,
    },
}

#[derive(Debug, Clone)]
enum Wrote {
    Note(String, Option<Note>),
    Number(u32, Option<u64>),
}

/// One try of one caller.
#[derive(Debug, Clone)]
pub(crate) struct Try {
    id: u64,
    seen: Vec<Seen>,
    wrote: Vec<Wrote>,
    /// The revision, if it was committed.
    outcome: Option<u64>,
}

#[derive(Debug, Default)]
struct Model {
    notes: BTreeMap<String, Note>,
    numbers: BTreeMap<u32, u64>,
}

impl Model {
    fn names(&self, owner: u8) -> Vec<String> {
        let owned = self.notes.values().filter(|note| note.owner == owner);
        owned.map(|note| note.name.clone()).collect()
    }

    fn agrees(&self, seen: &Seen) -> bool {
        match seen {
            Seen::Note(name, note) => self.notes.get(name) == note.as_ref(),
            Seen::Number(key, number) => self.numbers.get(key) == number.as_ref(),
            Seen::Numbers { from, limit, rows } => self
                .numbers
                .range(from..)
                .take(*limit)
                .map(|(_, number)| number)
                .eq(rows),
            Seen::Owned { owner, limit, names } => self
                .names(*owner)
                .into_iter()
                .take(*limit)
                .eq(names.iter().cloned()),
            Seen::Counted { owner, count } => self.names(*owner).len() == *count,
        }
    }

    fn apply(&mut self, wrote: &Wrote) {
        match wrote.clone() {
            Wrote::Note(name, Some(note)) => drop(self.notes.insert(name, note)),
            Wrote::Note(name, None) => drop(self.notes.remove(&name)),
            Wrote::Number(key, Some(number)) => drop(self.numbers.insert(key, number)),
            Wrote::Number(key, None) => drop(self.numbers.remove(&key)),
        }
    }
}

fn name_of(number: u64) -> String {
    format!("note {number}")
}

fn look(view: &View, dice: &Dice) -> Seen {
    match dice.roll(5) {
        0 => {
            let name = name_of(dice.roll(NOTES));
            let found = view.get::<Notes>(HERE, &named(&name)).unwrap();
            Seen::Note(name, found.map(|note| (*note).clone()))
        }
        1 => {
            let key = dice.roll(NUMBERS) as u32;
            let found = view.get::<Numbers>(HERE, &key.to_be_bytes()).unwrap();
            Seen::Number(key, found.map(|number| *number))
        }
        2 => {
            let (from, limit) = (dice.roll(NUMBERS) as u32, 1 + dice.roll(4) as usize);
            let found = view
                .scan::<Numbers>(HERE, Bound::Included(&from.to_be_bytes()), limit)
                .unwrap();
            let rows = found.iter().map(|number| **number).collect();
            Seen::Numbers { from, limit, rows }
        }
        3 => {
            let (owner, limit) = (dice.roll(OWNERS) as u8, 1 + dice.roll(3) as usize);
            let found = view
                .index::<Notes>(HERE, BY_OWNER, &[owner], None, limit)
                .unwrap();
            let names = found
                .iter()
                .map(|entry| String::from_utf8(entry.bytes[1..].to_vec()).unwrap());
            let names = names.collect();
            Seen::Owned { owner, limit, names }
        }
        _ => {
            let owner = dice.roll(OWNERS) as u8;
            let count = view
                .count_index::<Notes>(HERE, BY_OWNER, &[owner], usize::MAX)
                .unwrap();
            Seen::Counted { owner, count }
        }
    }
}

fn scribble(change: &mut Change, dice: &Dice, value: u64) -> Wrote {
    let gone = dice.roll(4) == 0;
    if dice.roll(2) == 0 {
        let name = name_of(dice.roll(NOTES));
        let note = (!gone).then(|| note(dice.roll(OWNERS) as u8, &name, value));
        match note.clone() {
            Some(note) => change.put::<Notes>(HERE, named(&name), note),
            None => change.delete::<Notes>(HERE, named(&name)),
        }
        Wrote::Note(name, note)
    } else {
        let key = dice.roll(NUMBERS) as u32;
        let number = (!gone).then_some(value);
        match number {
            Some(number) => change.put::<Numbers>(HERE, key.to_be_bytes(), number),
            None => change.delete::<Numbers>(HERE, key.to_be_bytes()),
        }
        Wrote::Number(key, number)
    }
}

fn walk(snapshot: &Snapshot, dice: &Dice, id: u64) -> (View, Vec<Seen>, Change, Vec<Wrote>) {
    let view = snapshot.view();
    let seen = (0..1 + dice.roll(3)).map(|_| look(&view, dice)).collect();
    let mut change = Change::new();
    let wrote = (0..1 + dice.roll(3))
        .map(|_| scribble(&mut change, dice, id))
        .collect();
    change.record(id.to_be_bytes().to_vec());
    (view, seen, change, wrote)
}

async fn caller(opened: Arc<Opened>, caller: u64, seed: u64, tries: u64) -> Vec<Try> {
    let dice = Dice(SeededEntropy::new(
        seed.wrapping_mul(1_000_003).wrapping_add(caller),
    ));
    let mut all = Vec::new();
    for number in 0..tries {
        let id = caller << 32 | number;
        let (outcome, seen, wrote) = if dice.roll(16) == 0
            && let Ok(turn) = opened.store.turn().await
        {
            let (view, seen, change, wrote) = walk(turn.snapshot(), &dice, id);
            let outcome = turn.commit(view.into_reads(), change).await;
            assert!(
                !matches!(outcome, Err(CommitError::Conflict)),
                "a conflict within a turn"
            );
            (outcome, seen, wrote)
        } else {
            let (view, seen, change, wrote) = walk(&opened.store.snapshot(), &dice, id);
            (opened.store.commit(view.into_reads(), change).await, seen, wrote)
        };
        let outcome = match outcome {
            Ok(committed) => {
                assert!(
                    opened.store.head_revision() >= committed.revision,
                    "answered before it was visible"
                );
                Some(committed.revision)
            }
            Err(CommitError::Conflict | CommitError::Unavailable(_)) => None,
            Err(error @ (CommitError::Refused(_) | CommitError::OutcomeUnknown(_))) => panic!("{error}"),
        };
        all.push(Try {
            id,
            seen,
            wrote,
            outcome,
        });
    }
    all
}

/// Runs `callers` at once on an open store, each with so many tries.
pub(crate) async fn run(opened: &Arc<Opened>, seed: u64, callers: Range<u64>, tries: u64) -> Vec<Try> {
    let all: Vec<_> = callers
        .map(|number| task::spawn(caller(opened.clone(), number, seed, tries)))
        .collect();
    let mut done = Vec::new();
    for caller in all {
        done.extend(caller.await.unwrap());
    }
    done
}

/// Replays what the log says was committed, and compares the end with what the store holds. Returns how many
/// changes were committed.
pub(crate) fn judge(tries: Vec<Try>, log: &[(u64, Vec<Vec<u8>>)], opened: &Opened) -> usize {
    let mut model = Model::default();
    let mut tries: BTreeMap<u64, Try> = tries.into_iter().map(|tried| (tried.id, tried)).collect();
    let mut last = 0;
    for (revision, payloads) in log {
        assert!(*revision > last, "the log got revision {revision} after {last}");
        last = *revision;
        let id = u64::from_be_bytes(payloads[0].as_slice().try_into().unwrap());
        let tried = tries
            .remove(&id)
            .expect("the log got a change twice, or one that nobody made");
        match tried.outcome {
            Some(answered) => assert_eq!(answered, *revision),
            None => panic!("a refused change was committed: {tried:?}"),
        }
        for seen in &tried.seen {
            assert!(
                model.agrees(seen),
                "at revision {revision} {seen:?} is not what {model:?} says"
            );
        }
        tried.wrote.iter().for_each(|wrote| model.apply(wrote));
    }
    let lost = tries.values().find(|tried| tried.outcome.is_some());
    assert!(lost.is_none(), "an answered change is not in the log: {lost:?}");
    compare(&model, opened);
    log.len()
}

fn compare(model: &Model, opened: &Opened) {
    let view = opened.store.snapshot().view();
    let numbers = view.scan::<Numbers>(HERE, Bound::Unbounded, usize::MAX).unwrap();
    assert!(
        numbers
            .iter()
            .map(|number| **number)
            .eq(model.numbers.values().copied())
    );
    let mut notes = view.scan::<Notes>(HERE, Bound::Unbounded, usize::MAX).unwrap();
    notes.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(
        notes
            .iter()
            .map(|note| (**note).clone())
            .eq(model.notes.values().cloned())
    );
    for owner in 0..OWNERS as u8 {
        let entries = view
            .index::<Notes>(HERE, BY_OWNER, &[owner], None, usize::MAX)
            .unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry.bytes[1..].to_vec()).collect();
        let expected: Vec<_> = model.names(owner).into_iter().map(String::into_bytes).collect();
        assert_eq!(names, expected);
    }
}

/// For some seeds; before and after reopening.
pub fn concurrent_changes_are_as_if_made_one_by_one(site: &dyn Site) {
    block_on(async {
        let opened = Arc::new(open(site));
        let tries = run(&opened, 1, 0..8, 60).await;
        let log = opened.log.entries();
        let committed = judge(tries.clone(), &log, &opened);
        assert!(committed > 60, "only {committed} changes were committed");
        opened.store.close().await.unwrap();
        drop(opened);
        judge(tries, &log, &open(site));
    });
}
