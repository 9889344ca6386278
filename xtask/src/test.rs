//! `cargo xtask test`: every test of the project, by one command.

use std::path::Path;
use std::process::Command;

use crate::Stop;
use crate::libtest::CargoTest;
use crate::lines;
use crate::pytest::Pytest;
use crate::python;
use crate::suites::{Suite, Tally, Watch, report};
use crate::workspace::{Workspace, cargo};

const CONFORMANCE: &str = "conformance (boto3, aws CLI, Encryption SDK)";

/// How the product is built for its tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; cryptography and the store are optimised all the same.
    Debug,
    /// As it ships.
    Release,
}

impl Profile {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Profile::Debug => &[],
            Profile::Release => &["--release"],
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Profile::Debug => "debug",
            Profile::Release => "release",
        }
    }
}

/// Runs all suites, prints the table and the sum, and fails when any test did.
pub(crate) fn run(profile: Profile) -> Result<(), Stop> {
    let missing = missing();
    if !missing.is_empty() {
        return Err(Stop::new(format!(
            "the tests need what this machine lacks:\n  {}",
            missing.join("\n  ")
        )));
    }
    let workspace = Workspace::load()?;
    let mut suites = Vec::new();
    suites.extend(attempt("build of the binary", || binaries(profile)));
    suites.extend(attempt("cargo test", || rust(profile)));
    suites.extend(attempt(CONFORMANCE, || conformance(&workspace, profile)));
    if report(&suites) {
        Ok(())
    } else {
        Err(Stop::new("some tests failed; they are named above"))
    }
}

/// What a part of the run comes to; one that could not even start is a failure among the others.
fn attempt(name: &str, part: impl FnOnce() -> Result<Vec<Suite>, Stop>) -> Vec<Suite> {
    let watch = Watch::start();
    part().unwrap_or_else(|stop| {
        println!("{name}: {stop}");
        vec![Suite {
            name: name.to_owned(),
            tally: Tally::of(false),
            took: watch.read(),
        }]
    })
}

/// What must be installed before anything can run, with the way to install it.
fn missing() -> Vec<&'static str> {
    let mut missing = Vec::new();
    if !python::quietly("cc", &["--version"]) {
        missing.push("cc, a C compiler (Debian, Ubuntu: apt-get install build-essential)");
    }
    if !python::quietly("openssl", &["version"]) {
        missing.push(
            "openssl, which the product's answers are checked with (Debian, Ubuntu: apt-get install openssl)",
        );
    }
    missing.extend(python::missing());
    missing
}

/// Builds the programs that the suites start: the product, and the printer of its schemas.
fn binaries(profile: Profile) -> Result<Vec<Suite>, Stop> {
    let watch = Watch::start();
    let status = lines::watch(
        cargo()
            .args(["build", "--locked", "--bin", "keystead", "--bin", "schemas"])
            .args(profile.arguments()),
        |_| {},
    )?;
    let tally = Tally {
        failed: u64::from(!status.success()),
        ..Tally::default()
    };
    Ok(vec![Suite {
        name: "build of the binary".to_owned(),
        tally,
        took: watch.read(),
    }])
}

fn rust(profile: Profile) -> Result<Vec<Suite>, Stop> {
    let mut run = CargoTest::start();
    let status = lines::watch(
        cargo()
            .args(["test", "--locked", "--workspace", "--no-fail-fast"])
            .args(profile.arguments())
            .env("CARGO_TERM_COLOR", "never"),
        |line| run.line(line),
    )?;
    Ok(run.finish(status.success()))
}

fn conformance(workspace: &Workspace, profile: Profile) -> Result<Vec<Suite>, Stop> {
    let watch = Watch::start();
    let python = python::environment(workspace)?;
    let built = workspace.target.join(profile.folder());
    let mut run = Pytest::default();
    let status = lines::watch(
        Command::new(python)
            .args(["-m", "pytest", "-q", "-rfE", "--color=no", "--durations=10"])
            .arg(Path::new("tests/conformance"))
            .current_dir(&workspace.root)
            .env("KEYSTEAD_BIN", built.join("keystead"))
            .env("KEYSTEAD_SCHEMAS", built.join("schemas"))
            .env("PYTHONDONTWRITEBYTECODE", "1"),
        |line| run.line(line),
    )?;
    let tally = run.finish(status.success());
    Ok(vec![Suite {
        name: CONFORMANCE.to_owned(),
        tally,
        took: watch.read(),
    }])
}
