//! Prints, as JSON, what each service declares of its operations:
//! `{"kms": {"Encrypt": {"readOnly": true, "input": {…}, "output": {…}}}}`, where `output` is null for an operation
//! that answers with an empty body. `tests/conformance/test_drift.py` compares it with the published models.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on its standard streams"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;

use engine::{AnyOperation, Service};
use model::Schema;
use serde::Serialize;

const SERVICES: &[&Service] = &[&kms::KMS];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declared {
    read_only: bool,
    input: &'static Schema,
    output: Option<&'static Schema>,
}

fn declared(operation: &&dyn AnyOperation) -> (&'static str, Declared) {
    let spec = operation.spec();
    let output = spec.has_output.then(|| operation.output());
    (
        spec.name,
        Declared {
            read_only: spec.read_only,
            input: operation.input(),
            output,
        },
    )
}

fn main() -> ExitCode {
    let all: BTreeMap<&str, BTreeMap<&str, Declared>> = SERVICES
        .iter()
        .map(|service| (service.name, service.operations.iter().map(declared).collect()))
        .collect();
    match serde_json::to_string_pretty(&all) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(cause) => {
            eprintln!("schemas: {cause}");
            ExitCode::FAILURE
        }
    }
}
