//! What was done to a file since it was last durable.

use std::collections::{BTreeMap, BTreeSet};

use super::image::{Image, PAGE};
use crate::dice::Dice;

/// Changes of one file that no flush has covered, in order.
#[derive(Debug, Default)]
pub(crate) struct Pending<'a> {
    pages: BTreeMap<u64, Vec<Piece<'a>>>,
    sizes: Vec<SizeChange>,
}

/// The part of a write that falls on one page.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    sequence: u64,
    start: usize,
    end: usize,
    /// As many bytes, or none for zeros.
    data: Option<&'a [u8]>,
    /// A flush that should have covered it failed.
    in_doubt: bool,
}

#[derive(Debug, Clone, Copy)]
struct SizeChange {
    sequence: u64,
    size: u64,
    shrinks: bool,
}

/// What happened to one page, in order.
#[derive(Debug, Clone, Copy)]
enum Event<'p, 'a> {
    Piece(&'p Piece<'a>),
    /// The file was cut at this byte of the page, or before the page (0).
    Cut(usize),
}

/// How much of the changes is kept.
struct Kept {
    /// The first so many changes of size.
    sizes: usize,
    /// Nothing later than this.
    until: u64,
    /// Bytes that are kept or lost together.
    sector: usize,
}

impl<'a> Pending<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.sizes.is_empty()
    }

    /// The size that the program sees.
    pub(crate) fn size(&self, durable: &Image) -> u64 {
        self.sizes.last().map_or(durable.size(), |change| change.size)
    }

    pub(crate) fn write(&mut self, sequence: u64, offset: u64, data: &'a [u8], durable: &Image) {
        let mut rest = data;
        let mut at = offset;
        while !rest.is_empty() {
            let start = (at % PAGE as u64) as usize;
            let (piece, after) = rest.split_at(rest.len().min(PAGE - start));
            self.piece(
                sequence,
                at / PAGE as u64,
                (start, start + piece.len()),
                Some(piece),
            );
            at += piece.len() as u64;
            rest = after;
        }
        if !data.is_empty() && at > self.size(durable) {
            self.resize(sequence, at, durable);
        }
    }

    /// Zeros from `offset` on, inside the file's size.
    pub(crate) fn zero(&mut self, sequence: u64, offset: u64, length: u64, durable: &Image) {
        let end = offset.saturating_add(length).min(self.size(durable));
        let mut at = offset;
        while at < end {
            let number = at / PAGE as u64;
            let start = (at % PAGE as u64) as usize;
            let next = ((number + 1) * PAGE as u64).min(end);
            self.piece(sequence, number, (start, start + (next - at) as usize), None);
            at = next;
        }
    }

    fn piece(&mut self, sequence: u64, page: u64, (start, end): (usize, usize), data: Option<&'a [u8]>) {
        self.pages.entry(page).or_default().push(Piece {
            sequence,
            start,
            end,
            data,
            in_doubt: false,
        });
    }

    pub(crate) fn resize(&mut self, sequence: u64, size: u64, durable: &Image) {
        let before = self.size(durable);
        if size != before {
            self.sizes.push(SizeChange {
                sequence,
                size,
                shrinks: size < before,
            });
        }
    }

    /// A flush that covered all up to `until` failed.
    pub(crate) fn doubt(&mut self, until: u64) {
        for piece in self.pages.values_mut().flatten() {
            piece.in_doubt |= piece.sequence <= until;
        }
    }

    /// A flush that covered all up to `until` succeeded: moves it into `durable`.
    pub(crate) fn flush(&mut self, until: u64, durable: &mut Image) {
        let kept = Kept {
            sizes: self.sizes.partition_point(|change| change.sequence <= until),
            until,
            sector: PAGE,
        };
        // A page is written as it is in memory, so one change that is not in doubt brings the others with it.
        let written = |events: &[Event<'_, '_>]| {
            let certain = |event: &Event<'_, '_>| match event {
                Event::Piece(piece) => !piece.in_doubt,
                Event::Cut(_) => true,
            };
            events.iter().any(certain)
        };
        let mut unwritten = BTreeSet::new();
        *durable = self.survived(std::mem::take(durable), &kept, |page, events, _| {
            if written(events) {
                return events.len();
            }
            unwritten.insert(page);
            0
        });
        self.sizes.drain(..kept.sizes);
        self.pages.retain(|page, pieces| {
            if !unwritten.contains(page) {
                pieces.retain(|piece| piece.sequence > until);
            }
            !pieces.is_empty()
        });
    }

    /// All of it on top of `durable`: what a killed program leaves.
    pub(crate) fn all(&self, durable: &Image) -> Image {
        let kept = Kept {
            sizes: self.sizes.len(),
            until: u64::MAX,
            sector: PAGE,
        };
        self.survived(durable.clone(), &kept, |_, events, _| events.len())
    }

    /// Some of it, sector by sector.
    pub(crate) fn torn(&self, durable: &Image, sector: usize, dice: &mut Dice) -> Image {
        let kept = Kept {
            sizes: dice.between(0, self.sizes.len()),
            until: u64::MAX,
            sector,
        };
        self.survived(durable.clone(), &kept, |_, events, least| {
            dice.between(least, events.len())
        })
    }

    /// The durable `image` with what is `kept`. For each sector, `choose` says how many of its page's events it has
    /// seen, of at least as many as it is told.
    fn survived(
        &self,
        mut image: Image,
        kept: &Kept,
        mut choose: impl FnMut(u64, &[Event<'_, '_>], usize) -> usize,
    ) -> Image {
        let (sizes, lost) = self.sizes.split_at(kept.sizes.min(self.sizes.len()));
        let until = lost
            .iter()
            .find(|change| change.shrinks)
            .map_or(kept.until, |cut| kept.until.min(cut.sequence - 1));
        let cuts: Vec<&SizeChange> = sizes.iter().filter(|change| change.shrinks).collect();
        let mut touched: BTreeSet<u64> = self.pages.keys().copied().collect();
        if let Some(lowest) = cuts.iter().map(|cut| cut.size).min() {
            touched.extend(image.pages_from(lowest / PAGE as u64));
        }
        for number in touched {
            let events = self.events(number, until, &cuts);
            if events.is_empty() {
                continue;
            }
            let mut page = image.page(number);
            for (index, sector) in page.chunks_mut(kept.sector).enumerate() {
                let start = index * kept.sector;
                let end = start + sector.len();
                let cut_here = |event: &Event<'_, '_>| matches!(event, Event::Cut(at) if *at < end);
                let least = events.iter().rposition(cut_here).map_or(0, |last| last + 1);
                let seen = choose(number, &events, least);
                for event in events.iter().take(seen) {
                    event.apply(sector, start);
                }
            }
            image.put(number, page);
        }
        let size = sizes.last().map_or(image.size(), |change| change.size);
        image.resize(size);
        image
    }

    fn events<'p>(&'p self, number: u64, until: u64, cuts: &[&SizeChange]) -> Vec<Event<'p, 'a>> {
        let first = number * PAGE as u64;
        let mut events: Vec<(u64, Event<'p, 'a>)> = Vec::new();
        for piece in self.pages.get(&number).into_iter().flatten() {
            if piece.sequence <= until {
                events.push((piece.sequence, Event::Piece(piece)));
            }
        }
        for cut in cuts {
            let at = cut.size.saturating_sub(first);
            if at < PAGE as u64 {
                events.push((cut.sequence, Event::Cut(at as usize)));
            }
        }
        events.sort_by_key(|(sequence, _)| *sequence);
        events.into_iter().map(|(_, event)| event).collect()
    }
}

impl Event<'_, '_> {
    /// Does it to the sector that begins at byte `start` of the page.
    fn apply(&self, sector: &mut [u8], start: usize) {
        match self {
            Event::Cut(at) => {
                if let Some(beyond) = sector.get_mut(at.saturating_sub(start)..) {
                    beyond.fill(0);
                }
            }
            Event::Piece(piece) => {
                let end = start + sector.len();
                let (from, to) = (piece.start.max(start), piece.end.min(end));
                if from >= to {
                    return;
                }
                let Some(room) = sector.get_mut(from - start..to - start) else {
                    return;
                };
                match piece
                    .data
                    .and_then(|data| data.get(from - piece.start..to - piece.start))
                {
                    Some(data) => room.copy_from_slice(data),
                    None => room.fill(0),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(bytes: &[u8]) -> Image {
        let mut image = Image::default();
        let mut pending = Pending::default();
        pending.write(1, 0, bytes, &image);
        pending.flush(1, &mut image);
        image
    }

    #[test]
    fn a_flush_covers_what_was_written_before_it_began() {
        let mut durable = image(b"aaaa");
        let mut pending = Pending::default();
        pending.write(2, 0, b"bb", &durable);
        pending.write(3, 4, b"cc", &durable);
        pending.flush(2, &mut durable);
        assert_eq!(durable.bytes(), b"bbaa");
        assert_eq!(pending.all(&durable).bytes(), b"bbaacc");
    }

    #[test]
    fn a_page_whose_flush_failed_is_covered_only_when_written_again() {
        let mut durable = image(&[b'a'; 2 * PAGE]);
        let mut pending = Pending::default();
        pending.write(2, 0, b"1", &durable);
        pending.write(3, PAGE as u64, b"2", &durable);
        pending.doubt(3);
        pending.write(4, PAGE as u64 + 1, b"3", &durable);
        pending.flush(4, &mut durable);
        let bytes = durable.bytes();
        assert_eq!((bytes[0], &bytes[PAGE..PAGE + 3]), (b'a', &b"23a"[..]));
        assert_eq!(pending.all(&durable).bytes()[0], b'1');
    }

    #[test]
    fn what_follows_a_cut_is_not_there_without_it() {
        let durable = image(&[b'a'; 3 * PAGE]);
        let mut pending = Pending::default();
        pending.write(2, 0, &[b'b'; PAGE], &durable);
        pending.resize(3, 100, &durable);
        pending.write(4, 100, &[b'c'; 2 * PAGE], &durable);
        for seed in 0..200 {
            let torn = pending.torn(&durable, 512, &mut Dice::new(seed, 0)).bytes();
            if torn.contains(&b'c') {
                assert!(
                    !torn[100..].contains(&b'a') && !torn[100..].contains(&b'b'),
                    "seed {seed}"
                );
            }
        }
    }

    #[test]
    fn a_torn_write_leaves_whole_sectors_of_old_and_new() {
        let durable = image(&[b'a'; 4 * PAGE]);
        let mut pending = Pending::default();
        pending.write(2, 0, &[b'b'; 4 * PAGE], &durable);
        let torn = pending.torn(&durable, 512, &mut Dice::new(7, 0)).bytes();
        let new = torn.chunks(512).filter(|sector| sector == &[b'b'; 512]).count();
        let old = torn.chunks(512).filter(|sector| sector == &[b'a'; 512]).count();
        assert_eq!((new + old, new > 0, old > 0), (32, true, true));
    }
}
