//! Bodies of requests: each operation's decoder on any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for operation in kms::OPERATIONS {
        let _ = operation.decodes(kms::KMS.wire, body);
    }
});
