//! Ciphertext blobs: parsed, and opened under a key that did not make them.
#![no_main]

use std::collections::BTreeMap;

use crypto::{Material, ciphertext};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|blob: &[u8]| {
    let Ok(parsed) = ciphertext::parse(blob) else { return };
    if let Ok(material) = Material::generate(&ambient::SeededEntropy::new(1)) {
        assert!(ciphertext::open(&material, &parsed, &BTreeMap::new()).is_err());
    }
});
