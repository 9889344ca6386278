//! Attestation documents: taken apart and, at most, refused.
#![no_main]

use std::sync::LazyLock;

use ambient::Timestamp;
use attestation::{NITRO_ROOT, Verifier};
use libfuzzer_sys::fuzz_target;

static VERIFIER: LazyLock<Option<Verifier>> = LazyLock::new(|| Verifier::trusting([NITRO_ROOT]).ok());

fuzz_target!(|document: &[u8]| {
    let now = Timestamp::from_milliseconds(1_800_000_000_000);
    if let Some(verifier) = &*VERIFIER {
        assert!(verifier.verify(document, now).is_err());
    }
});
