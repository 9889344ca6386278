//! The grace of what is to be destroyed: uptime between the moment when it was first seen to be due and its
//! destruction, in which an operator can still call it back.
//!
//! It is counted on the monotonic clock, and written down in steps, so that a short restart costs at most a step. A
//! wall clock that jumps, or a long time without us, starts it again: then it can't be told whether the date that
//! was reached is true.

use std::collections::HashMap;
use std::time::Duration;

use ambient::{Monotonic, Timestamp};
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::due::Item;
use store::{Change, Domain, NameBuffer, Names, RowName, StoreError, Table, TableId, Unreadable, View};

use crate::limits;

/// The graces under way, in memory.
pub(crate) struct Graces {
    whole: Duration,
    last: (Timestamp, Monotonic),
    /// A restart was too long ago, or the clock jumped, and the worker was not told yet.
    restarted: bool,
    served: HashMap<Item, Served>,
}

#[derive(Default, Clone, Copy)]
struct Served {
    in_all: Duration,
    written: Duration,
}

/// What the passing of time means for the graces.
#[derive(Default)]
pub(crate) struct Steps {
    /// Whether they began anew.
    pub(crate) restarted: bool,
    /// Graces to be written down, with what they have had.
    pub(crate) to_write: Vec<(Item, Duration)>,
    /// Graces that are over.
    pub(crate) over: Vec<Item>,
}

impl Graces {
    /// Those that are written down, going on where they were unless that is too long ago.
    pub(crate) fn load(
        view: &View,
        now: Timestamp,
        monotonic: Monotonic,
        whole: Duration,
    ) -> Result<Graces, StoreError> {
        let mut graces = Graces {
            whole,
            last: (now, monotonic),
            restarted: false,
            served: HashMap::new(),
        };
        for row in view.scan::<Waiting>(Domain::Installation, std::ops::Bound::Unbounded, usize::MAX)? {
            let written = Timestamp::from_milliseconds(row.written_ms);
            let gap = now.since(written).max(written.since(now));
            let whole = gap <= limits::GRACE_GAP;
            graces.restarted |= !whole && row.served_ms > 0;
            let in_all = if whole {
                Duration::from_millis(row.served_ms)
            } else {
                Duration::ZERO
            };
            graces.served.insert(
                row.item(),
                Served {
                    in_all,
                    written: in_all,
                },
            );
        }
        Ok(graces)
    }

    /// Begins the grace of `item`. A grace of the same subject for another date, that was called off, is no more.
    pub(crate) fn begin(&mut self, item: &Item) {
        self.served.retain(|other, _| {
            (other.kind, other.domain, &other.subject) != (item.kind, item.domain, &item.subject)
        });
        self.served.insert(item.clone(), Served::default());
    }

    /// Lets a grace that is over be so again after `wait`, since its work could not be done.
    pub(crate) fn put_off(&mut self, item: &Item, wait: Duration) {
        if let Some(served) = self.served.get_mut(item) {
            served.in_all = self.whole.saturating_sub(wait);
            served.written = served.in_all.min(served.written);
        }
    }

    /// Forgets the grace of `item`.
    pub(crate) fn end(&mut self, item: &Item) {
        self.served.remove(item);
    }

    /// Counts the time since the last call.
    pub(crate) fn pass(&mut self, now: Timestamp, monotonic: Monotonic) -> Steps {
        let up = monotonic.since(self.last.1);
        let expected = self.last.0.after(up);
        let jumped = now.since(expected).max(expected.since(now)) > limits::GRACE_GAP;
        self.last = (now, monotonic);
        let mut steps = Steps {
            restarted: std::mem::take(&mut self.restarted),
            ..Steps::default()
        };
        for (item, served) in &mut self.served {
            if jumped {
                steps.restarted = true;
                *served = Served::default();
                steps.to_write.push((item.clone(), Duration::ZERO));
                continue;
            }
            served.in_all += up;
            if served.in_all >= self.whole {
                steps.over.push(item.clone());
            } else if served.in_all - served.written >= limits::GRACE_STEP {
                served.written = served.in_all;
                steps.to_write.push((item.clone(), served.in_all));
            }
        }
        steps
    }

    /// How long until a grace may be over or has to be written down.
    pub(crate) fn next_check(&self) -> Duration {
        let left = self
            .served
            .values()
            .map(|served| self.whole.saturating_sub(served.in_all));
        left.min().unwrap_or(limits::GRACE_STEP).min(limits::GRACE_STEP)
    }
}

/// Writes a grace down.
pub(crate) fn put(change: &mut Change, item: &Item, now: Timestamp, served: Duration) {
    let record = Grace {
        due_ms: item.due.milliseconds(),
        kind: item.kind,
        domain: item.domain.number(),
        subject: item.subject.clone(),
        served_ms: u64::try_from(served.as_millis()).unwrap_or(u64::MAX),
        written_ms: now.milliseconds(),
    };
    change.put::<Waiting>(Domain::Installation, Subject::of(item), record);
}

/// Takes a grace away.
pub(crate) fn remove(change: &mut Change, item: &Item) {
    change.delete::<Waiting>(Domain::Installation, Subject::of(item));
}

/// Whether a grace still stands, for this very date; the answer joins what `view` has read.
pub(crate) fn stands(view: &View, item: &Item) -> Result<bool, StoreError> {
    let grace = view.get::<Waiting>(Domain::Installation, &Subject::of(item))?;
    Ok(grace.is_some_and(|grace| grace.item() == *item))
}

/// The table of graces, by what they are about.
pub(crate) struct Waiting;

pub(crate) struct Subject(u8, Domain, Vec<u8>);

impl Subject {
    fn of(item: &Item) -> Subject {
        Subject(item.kind, item.domain, item.subject.clone())
    }
}

impl RowName for Subject {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&[self.0]);
        out.extend(&self.1.number().to_be_bytes());
        out.extend(&self.2);
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Grace {
    #[n(0)]
    due_ms: i64,
    #[n(1)]
    kind: u8,
    #[n(2)]
    domain: u32,
    #[cbor(n(3), with = "minicbor::bytes")]
    subject: Vec<u8>,
    #[n(4)]
    served_ms: u64,
    #[n(5)]
    written_ms: i64,
}

impl Grace {
    fn item(&self) -> Item {
        Item {
            due: Timestamp::from_milliseconds(self.due_ms),
            kind: self.kind,
            domain: Domain::from_number(self.domain),
            subject: self.subject.clone(),
        }
    }
}

impl Table for Waiting {
    const ID: TableId = TableId(14);
    const NAME: &'static str = "graces";
    const FORMAT: u8 = 1;
    type Key = Subject;
    type Record = Grace;

    fn encode(record: &Grace, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Grace, Unreadable> {
        store::cbor::decode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn item() -> Item {
        Item {
            due: Timestamp::from_seconds(0),
            kind: 1,
            domain: Domain::Installation,
            subject: vec![1],
        }
    }

    fn graces() -> (Graces, Timestamp, Monotonic) {
        let (now, monotonic) = (Timestamp::from_seconds(1_000_000), Monotonic::default());
        let mut graces = Graces {
            whole: 24 * HOUR,
            last: (now, monotonic),
            restarted: false,
            served: HashMap::new(),
        };
        graces.begin(&item());
        (graces, now, monotonic)
    }

    #[test]
    fn a_grace_is_over_after_its_whole_uptime() {
        let (mut graces, now, monotonic) = graces();
        for hour in 1..24 {
            let steps = graces.pass(now.after(HOUR * hour), monotonic.after(HOUR * hour));
            assert!(steps.over.is_empty() && !steps.restarted);
            assert_eq!(steps.to_write, [(item(), HOUR * hour)]);
        }
        let steps = graces.pass(now.after(HOUR * 24), monotonic.after(HOUR * 24));
        assert_eq!(steps.over, [item()]);
    }

    #[test]
    fn a_wall_clock_that_jumps_starts_a_grace_again() {
        for wall in [now_plus(48 * 3600), now_plus(-7200)] {
            let (mut graces, now, monotonic) = graces();
            graces.pass(now.after(HOUR), monotonic.after(HOUR));
            let steps = graces.pass(wall, monotonic.after(HOUR + Duration::from_secs(1)));
            assert!(steps.restarted && steps.over.is_empty());
            let later = graces.pass(wall.after(HOUR * 23), monotonic.after(HOUR * 24));
            assert!(later.over.is_empty());
        }
    }

    fn now_plus(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    #[test]
    fn a_clock_that_only_drifts_does_not() {
        let (mut graces, now, monotonic) = graces();
        let steps = graces.pass(now.after(HOUR + Duration::from_secs(300)), monotonic.after(HOUR));
        assert!(!steps.restarted);
    }

    #[test]
    fn a_clock_that_is_set_back_a_little_does_not() {
        let (mut graces, now, monotonic) = graces();
        graces.pass(now.after(HOUR), monotonic.after(HOUR));
        let back = now.after(HOUR - Duration::from_secs(1));
        assert!(
            !graces
                .pass(back, monotonic.after(HOUR + Duration::from_secs(1)))
                .restarted
        );
        let steps = graces.pass(now.after(HOUR * 24), monotonic.after(HOUR * 24));
        assert_eq!(steps.over, [item()]);
    }

    #[test]
    fn a_subject_that_falls_due_anew_gets_its_whole_grace_anew() {
        let (mut graces, now, monotonic) = graces();
        graces.pass(now.after(HOUR * 23), monotonic.after(HOUR * 23));
        let anew = Item {
            due: Timestamp::from_seconds(7),
            ..item()
        };
        graces.begin(&anew);
        assert!(
            graces
                .pass(now.after(HOUR * 25), monotonic.after(HOUR * 25))
                .over
                .is_empty()
        );
        assert_eq!(
            graces.pass(now.after(HOUR * 47), monotonic.after(HOUR * 47)).over,
            [anew]
        );
    }

    #[test]
    fn what_was_put_off_is_over_again_later() {
        let (mut graces, now, monotonic) = graces();
        assert_eq!(
            graces.pass(now.after(HOUR * 24), monotonic.after(HOUR * 24)).over,
            [item()]
        );
        graces.put_off(&item(), HOUR);
        assert!(
            graces
                .pass(now.after(HOUR * 24), monotonic.after(HOUR * 24))
                .over
                .is_empty()
        );
        assert_eq!(graces.next_check(), limits::GRACE_STEP);
        assert_eq!(
            graces.pass(now.after(HOUR * 25), monotonic.after(HOUR * 25)).over,
            [item()]
        );
    }
}
