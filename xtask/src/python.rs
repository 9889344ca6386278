//! The Python virtual environment that drives the conformance tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Stop;
use crate::workspace::Workspace;

/// The oldest Python that the pinned requirements support.
const OLDEST: (u32, u32) = (3, 10);

/// Makes `.venv` when it is missing or was made from other requirements, and returns its interpreter.
pub(crate) fn environment(workspace: &Workspace) -> Result<PathBuf, Stop> {
    let venv = workspace.root.join(".venv");
    let python = venv.join("bin/python");
    let requirements = workspace.root.join("tests/conformance/requirements.txt");
    let wanted = fs::read_to_string(&requirements)
        .map_err(|cause| Stop::new(format!("cannot read {}: {cause}", requirements.display())))?;
    // Written last, so that an environment left half made is made again.
    let stamp = venv.join("requirements.txt");
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    println!("making {} (once; the packages come from PyPI)", venv.display());
    make(&venv)?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg("-r")
        .arg(&requirements))
    .map_err(|stop| {
        Stop::new(format!(
            "{stop}\npip could not install tests/conformance/requirements.txt; is PyPI reachable?"
        ))
    })?;
    fs::write(&stamp, wanted)
        .map_err(|cause| Stop::new(format!("cannot write {}: {cause}", stamp.display())))?;
    Ok(python)
}

fn make(venv: &Path) -> Result<(), Stop> {
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))
}

/// What is missing to make the environment; empty when nothing is.
pub(crate) fn missing() -> Vec<&'static str> {
    let (major, minor) = OLDEST;
    let recent = format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))");
    if !quietly("python3", &["-c", "pass"]) {
        vec!["python3 (Debian, Ubuntu: apt-get install python3 python3-venv)"]
    } else if !quietly("python3", &["-c", &recent]) {
        vec!["python3 of version 3.10 or later"]
    } else if !quietly("python3", &["-c", "import venv, ensurepip"]) {
        vec!["python3-venv (Debian, Ubuntu: apt-get install python3-venv)"]
    } else {
        Vec::new()
    }
}

/// True when the program exists and ends well.
pub(crate) fn quietly(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a program to its end, which must be a good one.
pub(crate) fn run(command: &mut Command) -> Result<(), Stop> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .map_err(|cause| Stop::new(format!("cannot run {program}: {cause}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Stop::new(format!("{program} failed: {status}")))
    }
}
