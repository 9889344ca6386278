//! What tests run besides themselves, built by cargo when it is first asked for.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The interposer's library: what `KEYSTEAD_INTERPOSER` names, or the one cargo builds.
pub fn interposer() -> io::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    given_or_built(
        &BUILT,
        "KEYSTEAD_INTERPOSER",
        &["--package", "interposer"],
        "interposer",
    )
}

/// The `keystead` program: what `KEYSTEAD_BIN` names, or the one cargo builds.
pub fn keystead() -> io::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    given_or_built(
        &BUILT,
        "KEYSTEAD_BIN",
        &["--package", "cli", "--bin", "keystead"],
        "keystead",
    )
}

/// An example program of `package`, as cargo builds it.
pub fn example(package: &str, name: &str) -> io::Result<PathBuf> {
    build(&["--package", package, "--example", name], name).map_err(io::Error::other)
}

fn given_or_built(
    built: &'static OnceLock<Result<PathBuf, String>>,
    variable: &str,
    selection: &[&str],
    target: &str,
) -> io::Result<&'static Path> {
    let path = built.get_or_init(|| match std::env::var_os(variable) {
        Some(path) => {
            std::fs::canonicalize(&path).map_err(|cause| format!("{variable}={}: {cause}", path.display()))
        }
        None => build(selection, target),
    });
    path.as_deref().map_err(|why| io::Error::other(why.as_str()))
}

/// Builds in the profile of the running test, and answers the path of the file that `target` became.
fn build(selection: &[&str], target: &str) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--quiet",
            "--message-format=json-render-diagnostics",
            "--manifest-path",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"))
        .args(selection)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if std::env::current_exe().is_ok_and(|path| path.components().any(|part| part.as_os_str() == "release")) {
        command.arg("--release");
    }
    let output = command
        .output()
        .map_err(|cause| format!("cargo can't be run: {cause}"))?;
    if !output.status.success() {
        return Err(format!("cargo could not build {target}: {}", output.status));
    }
    for line in output.stdout.lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else {
            continue;
        };
        if message
            .pointer("/reason")
            .is_some_and(|reason| reason == "compiler-artifact")
            && message.pointer("/target/name").is_some_and(|name| name == target)
            && let Some(file) = message
                .pointer("/filenames/0")
                .and_then(serde_json::Value::as_str)
        {
            return Ok(PathBuf::from(file));
        }
    }
    Err(format!("cargo built no file for {target}"))
}
