//! The fault rules, as they stand in the control file at the moment of a call.

use std::sync::atomic::Ordering;

use crate::format::{self, FIRST_RULE, Operation, PATTERN_BYTES, RULE_SLOTS, RULE_WORDS};
use crate::path::Place;
use crate::sys;
use crate::world::World;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on as it is.
    Proceed,
    /// It fails with this error number, and does nothing.
    Fail(libc::c_int),
    /// It writes at most so many bytes.
    Short(usize),
    /// It says it succeeded, and does nothing.
    Drop,
}

/// Asks the rules about `operation` on `place`, waits as they say, and answers what the first of them that does
/// more than wait makes of the call. Holds no lock meanwhile.
pub(crate) fn consult(world: &World, operation: Operation, place: &Place) -> Verdict {
    consult_any(world, operation, &[place])
}

/// The same for a call with two paths, of which a rule may match either.
pub(crate) fn consult_any(world: &World, operation: Operation, places: &[&Place]) -> Verdict {
    let mut verdict = Verdict::Proceed;
    for slot in 0..RULE_SLOTS {
        let Some((action, argument)) = acting(world, slot, operation, places) else {
            continue;
        };
        match action {
            format::ACTION_DELAY => sys::wait(argument),
            format::ACTION_KILL => sys::kill_self(),
            _ if verdict != Verdict::Proceed => {}
            format::ACTION_FAIL => verdict = Verdict::Fail(argument as libc::c_int),
            format::ACTION_SHORT => verdict = Verdict::Short(argument as usize),
            format::ACTION_DROP => verdict = Verdict::Drop,
            _ => sys::die("a rule with an unknown action"),
        }
    }
    verdict
}

/// Action and argument of a rule, if it matches and its turn has come.
fn acting(world: &World, slot: usize, operation: Operation, places: &[&Place]) -> Option<(u64, u64)> {
    let word = |place| world.word(FIRST_RULE + slot * RULE_WORDS + place);
    if word(format::RULE_STATE).load(Ordering::Acquire) != format::ACTIVE {
        return None;
    }
    let load = |place| word(place).load(Ordering::Relaxed);
    if load(format::RULE_OPERATIONS) & operation.bit() == 0 {
        return None;
    }
    let mut pattern = [0; PATTERN_BYTES];
    for (at, chunk) in pattern.chunks_exact_mut(8).enumerate() {
        chunk.copy_from_slice(&load(format::RULE_PATTERN + at).to_le_bytes());
    }
    let pattern = pattern.get(..load(format::RULE_PATTERN_LENGTH) as usize)?;
    if !places.iter().any(|place| format::matches(pattern, place.bytes())) {
        return None;
    }
    let earlier = word(format::RULE_MATCHES).fetch_add(1, Ordering::Relaxed);
    let acts = earlier
        .checked_sub(load(format::RULE_SKIP))
        .is_some_and(|turn| turn < load(format::RULE_TIMES));
    acts.then(|| (load(format::RULE_ACTION), load(format::RULE_ARGUMENT)))
}
