//! Audit entries: read, and rendered as CloudTrail's JSON.
#![no_main]

use audit::Entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    if let Ok(entry) = Entry::decode(payload) {
        let _ = audit::render(&entry);
    }
});
