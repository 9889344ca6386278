//! How much of what happened in a run.

use std::fmt;

use crate::call::{Call, Outcome};

/// Calls of some operations that were acknowledged.
#[derive(Debug, Default)]
pub struct Tally {
    counts: [u64; KINDS.len()],
}

/// The operations that are counted, and what they make.
const KINDS: [(&str, &str); 6] = [
    ("ImportKeyMaterial", "imports"),
    ("DeleteImportedKeyMaterial", "losses of imported material"),
    ("ReplicateKey", "replicas"),
    ("UpdatePrimaryRegion", "moves of primaries"),
    ("Sign", "signatures"),
    ("GenerateMac", "MACs"),
];

impl Tally {
    /// Counts these calls as well.
    pub fn add(&mut self, calls: &[Call]) {
        for call in calls.iter().filter(|call| call.outcome == Outcome::Done) {
            for ((operation, _), count) in KINDS.iter().zip(&mut self.counts) {
                *count += u64::from(call.operation == *operation);
            }
        }
    }

    /// How often that happened which happened the least.
    pub fn least(&self) -> u64 {
        self.counts.iter().copied().min().unwrap_or(0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = KINDS.iter().zip(&self.counts);
        let texts: Vec<String> = counted
            .map(|((_, what), count)| format!("{count} {what}"))
            .collect();
        out.write_str(&texts.join(", "))
    }
}
