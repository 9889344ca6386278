//! Segments that nobody's writer wrote.

use std::sync::Arc;

use ambient::{SeededEntropy, Timestamp};
use proptest::prelude::*;

use super::sim::SimDisk;
use super::{clock, options};
use crate::log::AuditLog;
use crate::reader::{Reader, Start};
use crate::segment::{Checksum, Header, RecordHead, name_of};
use crate::{Entry, render};

/// Does all that one can do with a directory; what it holds may be anything.
fn exercise(disk: &SimDisk) {
    for start in [Start::Oldest, Start::Last(2), Start::Sequence(3)] {
        if let Ok(mut reader) = Reader::open_on(Arc::new(disk.clone()), start) {
            while let Ok(Some(frame)) = reader.read() {
                if let Ok(entry) = frame.entry() {
                    render(&entry);
                }
            }
        }
    }
    let opened = AuditLog::open_on(Arc::new(disk.clone()), options(), clock(), &SeededEntropy::new(1));
    if let Ok((log, found)) = opened {
        let _ = log.queue_change(found.highest_revision.saturating_add(1), vec![b"more".to_vec()]);
        log.close();
        let last = Reader::open_on(Arc::new(disk.clone()), Start::Last(1))
            .unwrap()
            .next();
        if found.highest_revision < u64::MAX {
            assert_eq!(last.unwrap().unwrap().payload(), b"more");
        }
    }
}

/// Two segments with some records.
fn image() -> Vec<(String, Vec<u8>)> {
    let disk = SimDisk::default();
    let (log, _) = super::open(&disk).unwrap();
    for revision in 1..40 {
        let payload = |size: u64| vec![revision as u8; size as usize];
        log.queue_change(
            revision,
            vec![payload(revision), payload(40 - revision), payload(3)],
        )
        .unwrap();
    }
    log.close();
    let numbers = crate::segment::numbers(&disk).unwrap();
    numbers
        .into_iter()
        .map(|number| (name_of(number), disk.bytes(&name_of(number))))
        .collect()
}

#[derive(Debug, Clone)]
enum Edit {
    Flip(usize, u8),
    Cut(usize),
    Zero(usize, usize),
    Copy(usize, usize, usize),
    Insert(usize, Vec<u8>),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = || prop_oneof![0_usize..300, 0_usize..20_000];
    prop_oneof![
        (at(), 1_u8..).prop_map(|(at, mask)| Edit::Flip(at, mask)),
        at().prop_map(Edit::Cut),
        (at(), 1_usize..600).prop_map(|(at, count)| Edit::Zero(at, count)),
        (at(), at(), 1_usize..600).prop_map(|(from, to, count)| Edit::Copy(from, to, count)),
        (at(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    let length = bytes.len();
    let within = |at: usize| at % length.max(1);
    match edit {
        _ if length == 0 => {}
        Edit::Flip(at, mask) => bytes[within(*at)] ^= mask,
        Edit::Cut(at) => bytes.truncate(within(*at)),
        Edit::Zero(at, count) => {
            let from = within(*at);
            bytes[from..(from + count).min(length)].fill(0);
        }
        Edit::Copy(from, to, count) => {
            let (from, to) = (within(*from), within(*to));
            let count = (*count).min(length - from.max(to));
            bytes.copy_within(from..from + count, to);
        }
        Edit::Insert(at, more) => {
            let at = within(*at);
            bytes.splice(at..at, more.iter().copied());
        }
    }
}

/// A header that is well formed and may say anything.
fn header(number: u64) -> impl Strategy<Value = Header> {
    let any_number = || prop_oneof![0_u64..5, 100_u64..300, any::<u64>()];
    (any_number(), any_number(), any_number(), any::<i64>()).prop_map(move |(first, highest, end, begun)| {
        Header {
            log_id: [9; 16],
            number,
            first_sequence: first,
            highest_revision: highest,
            previous_end: end,
            begun: Timestamp::from_milliseconds(begun),
        }
    })
}

/// Records with right checksums and anything else.
fn segment(number: u64) -> impl Strategy<Value = (String, Vec<u8>)> {
    let frame = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (any::<[u8; 12]>(), prop::collection::vec(any::<u8>(), 0..9))
            .prop_map(|(head, rest)| { [&[2_u8][..], &head, &rest].concat() }),
        prop::sample::select(vec![[0; 12], [u8::MAX; 12]]).prop_map(|head| [&[2_u8][..], &head].concat()),
        prop::collection::vec(any::<u8>(), 0..60).prop_map(|cbor| [&[1_u8, 1][..], &cbor].concat()),
    ];
    let distance = prop_oneof![Just(0_u32), 0_u32..300, any::<u32>()];
    let records = prop::collection::vec((frame, distance, 0_u64..3), 0..12);
    (header(number), records, 0_usize..100).prop_map(move |(header, records, zeros)| {
        let checksum = Checksum::of_log(&header.log_id);
        let mut bytes = header.encode();
        let mut sequence = header.first_sequence;
        for (frame, distance, skipped) in records {
            sequence = sequence.wrapping_add(skipped / 2);
            let head = RecordHead {
                length: frame.len() as u32,
                checksum: checksum.of(sequence, distance, &frame),
                distance,
                sequence: sequence as u32,
            };
            bytes.extend_from_slice(&head.encode());
            bytes.extend_from_slice(&frame);
            sequence = sequence.wrapping_add(1);
        }
        bytes.resize(bytes.len() + zeros, 0);
        (name_of(number), bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn edited_segments_are_read_or_refused(edits in prop::collection::vec((any::<prop::sample::Index>(), edit()), 1..4)) {
        let mut image = image();
        for (which, edit) in &edits {
            let which = which.index(image.len());
            apply(&mut image[which].1, edit);
        }
        let disk = SimDisk::default();
        for (name, bytes) in image {
            disk.plant(&name, bytes);
        }
        exercise(&disk);
    }

    #[test]
    fn what_an_edited_log_still_shows_is_what_was_written(which in any::<prop::sample::Index>(), at in 0_usize..20_000, mask in 1_u8..) {
        let image = image();
        let disk = SimDisk::default();
        let which = which.index(image.len());
        for (index, (name, bytes)) in image.iter().enumerate() {
            let mut bytes = bytes.clone();
            if index == which {
                apply(&mut bytes, &Edit::Flip(at, mask));
            }
            disk.plant(name, bytes);
        }
        let whole = SimDisk::default();
        for (name, bytes) in image {
            whole.plant(&name, bytes);
        }
        let expected = super::frames(&whole);
        let reader = Reader::open_on(Arc::new(disk), Start::Oldest).unwrap();
        let shown: Vec<_> = reader.map_while(Result::ok).collect();
        prop_assert!(expected.starts_with(&shown));
    }

    #[test]
    fn crafted_segments_are_read_or_refused(first in segment(1), second in segment(2), both in any::<bool>()) {
        let disk = SimDisk::default();
        disk.plant(&first.0, first.1);
        if both {
            disk.plant(&second.0, second.1);
        }
        exercise(&disk);
    }

    #[test]
    fn decoding_and_rendering_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300), schema in any::<bool>()) {
        if schema {
            bytes.insert(0, crate::SCHEMA);
        }
        if let Ok(entry) = Entry::decode(&bytes) {
            render(&entry);
        }
    }
}
