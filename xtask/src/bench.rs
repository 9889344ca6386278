//! `cargo xtask bench`: builds the server and the benchmark as they ship, and runs the benchmark.

use std::process::Command;

use crate::Stop;
use crate::workspace::{Workspace, cargo};

/// Runs the benchmark, which reads the arguments itself. It lies in a crate of its own, so that this tool stays quick
/// to build.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Stop> {
    let built = Workspace::load()?.target.join("release");
    succeed(cargo().args([
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--package=cli",
        "--package=bench",
        "--bins",
    ]))?;
    succeed(
        Command::new(built.join("bench"))
            .args(arguments)
            .env("KEYSTEAD_BIN", built.join("keystead")),
    )
}

fn succeed(command: &mut Command) -> Result<(), Stop> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Stop::new(format!("{program}: {status}"))),
        Err(cause) => Err(Stop::new(format!("cannot run {program}: {cause}"))),
    }
}
