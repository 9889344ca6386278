//! Prints, as JSON, what each service declares of its operations:
//! `{"kms": {"Encrypt": {"readOnly": true, "input": {…}, "output": {…}}}}`, where `output` is null for an operation
//! that answers with an empty body. `tests/conformance/test_drift.py` compares it with the published models.
//!
//! With `--key-specs`, the kinds of key in place of that, in the table's order:
//! `[{"name": "HMAC_256", "dataKeyPairs": false, "uses": [{"usage": "GENERATE_VERIFY_MAC", "algorithms": ["HMAC_SHA_256"]}]}]`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on its standard streams"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;

use crypto::specs::{KEY_SPECS, KeySpec, Use};
use engine::{AnyOperation, Service};
use model::Schema;
use serde::Serialize;

const SERVICES: &[&Service] = &[&iam::IAM, &kms::KMS, &sts::STS];

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    name: &'static str,
    data_key_pairs: bool,
    uses: Vec<Useful>,
}

#[derive(Serialize)]
struct Useful {
    usage: &'static str,
    algorithms: Vec<&'static str>,
}

fn kind(spec: &&KeySpec) -> Kind {
    let useful = |one: &Use| Useful {
        usage: one.usage().as_str(),
        algorithms: one.algorithms(),
    };
    Kind {
        name: spec.name,
        data_key_pairs: spec.data_key_pairs,
        uses: spec.uses.iter().map(useful).collect(),
    }
}

fn operations() -> serde_json::Result<String> {
    let all: BTreeMap<&str, BTreeMap<&str, Declared>> = SERVICES
        .iter()
        .map(|service| (service.name, service.operations.iter().map(declared).collect()))
        .collect();
    serde_json::to_string_pretty(&all)
}

fn key_specs() -> serde_json::Result<String> {
    serde_json::to_string_pretty(&KEY_SPECS.iter().map(kind).collect::<Vec<_>>())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let printed = match words.as_slice() {
        [] => operations(),
        ["--key-specs"] => key_specs(),
        _ => {
            eprintln!("usage: schemas [--key-specs]");
            return ExitCode::FAILURE;
        }
    };
    match printed {
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
