//! Policies of every kind: parsed, compiled, and then asked.
#![no_main]

#[path = "../shared/policy.rs"]
mod shared;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| shared::ask(text));
