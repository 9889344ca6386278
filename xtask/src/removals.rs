//! Takes checks out of a copy of the sources, one at a time, and asks whether a test notices.
//!
//! `tests/removals.toml` lists them. A removal that no test of its package notices fails, and so does one that can't be
//! applied or does not compile: the table follows the sources.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::Stop;
use crate::suites::{Suite, Tally, Watch, report};
use crate::workspace::Workspace;

/// What is not copied: what is built, and what is not ours.
const LEFT_OUT: [&str; 3] = ["target", ".git", ".venv"];

#[derive(Debug, Deserialize)]
struct Table {
    removal: Vec<Removal>,
}

#[derive(Debug, Deserialize)]
struct Removal {
    /// The check, in a sentence.
    name: String,
    /// The file it stands in.
    file: PathBuf,
    /// The text of it, which occurs once.
    remove: String,
    /// What stands there instead.
    with: String,
}

/// What came of a removal.
enum Outcome {
    /// The test that failed.
    Noticed(String),
    Missed,
    Refused(String),
}

/// Applies every removal, or those whose names have one of `words` in them.
pub(crate) fn run(words: &[&str]) -> Result<(), Stop> {
    let workspace = Workspace::load()?;
    let removals = chosen(&workspace, words)?;
    let copy = workspace.target.join("removals");
    copy_anew(&workspace.root, &copy)
        .map_err(|cause| Stop::new(format!("cannot copy the sources to {}: {cause}", copy.display())))?;
    let packages: BTreeSet<&str> = removals.iter().map(|(_, package)| package.as_str()).collect();
    let mut suites = Vec::new();
    for package in packages {
        // What fails without any removal would notice every one.
        let watch = Watch::start();
        let well = matches!(test(&copy, &workspace, package)?, Outcome::Missed);
        suites.push(Suite {
            name: format!("{package} as it is"),
            tally: Tally::of(well),
            took: watch.read(),
        });
    }
    for (removal, package) in &removals {
        let watch = Watch::start();
        let outcome = apply(removal, package, &copy, &workspace)?;
        match &outcome {
            Outcome::Noticed(by) => println!("{}: noticed by {by}", removal.name),
            Outcome::Missed => println!("no test notices that this is gone: {}", removal.name),
            Outcome::Refused(why) => println!("{}: {why}", removal.name),
        }
        suites.push(Suite {
            name: removal.name.clone(),
            tally: Tally::of(matches!(outcome, Outcome::Noticed(_))),
            took: watch.read(),
        });
    }
    match report(&suites) {
        true => Ok(()),
        false => Err(Stop::new("some checks could go without a test noticing")),
    }
}

/// The removals, each with the package that its file belongs to.
fn chosen(workspace: &Workspace, words: &[&str]) -> Result<Vec<(Removal, String)>, Stop> {
    let path = workspace.root.join("tests/removals.toml");
    let text = fs::read_to_string(&path)
        .map_err(|cause| Stop::new(format!("cannot read {}: {cause}", path.display())))?;
    let table: Table =
        toml::from_str(&text).map_err(|cause| Stop::new(format!("{}: {cause}", path.display())))?;
    let wanted = |removal: &Removal| words.is_empty() || words.iter().any(|word| removal.name.contains(word));
    table
        .removal
        .into_iter()
        .filter(wanted)
        .map(|removal| {
            let holds = |folder: &Path| removal.file.starts_with(folder);
            let package = workspace
                .packages
                .iter()
                .find(|package| holds(workspace.folder(package)))
                .ok_or_else(|| Stop::new(format!("{} is in no package", removal.file.display())))?;
            Ok((removal, package.name.clone()))
        })
        .collect()
}

fn apply(removal: &Removal, package: &str, copy: &Path, workspace: &Workspace) -> Result<Outcome, Stop> {
    let path = copy.join(&removal.file);
    let failed = |cause: io::Error| Stop::new(format!("{}: {cause}", path.display()));
    let whole = fs::read_to_string(&path).map_err(failed)?;
    match whole.matches(&removal.remove).count() {
        1 => {}
        times => {
            return Ok(Outcome::Refused(format!(
                "its text occurs {times} times in {}; mend tests/removals.toml",
                removal.file.display()
            )));
        }
    }
    fs::write(&path, whole.replacen(&removal.remove, &removal.with, 1)).map_err(failed)?;
    let outcome = test(copy, workspace, package);
    fs::write(&path, whole).map_err(failed)?;
    outcome
}

/// Tests a package of the copy; `Missed` where all went well.
fn test(copy: &Path, workspace: &Workspace, package: &str) -> Result<Outcome, Stop> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", &workspace.target)
        .args([
            "test",
            "--quiet",
            "--offline",
            "--locked",
            "--lib",
            "--tests",
            "--package",
            package,
        ]);
    let done = command
        .output()
        .map_err(|cause| Stop::new(format!("cannot run cargo: {cause}")))?;
    let complaints = String::from_utf8_lossy(&done.stderr);
    Ok(match done.status.success() {
        true => Outcome::Missed,
        false if complaints.contains("could not compile") => {
            let first = complaints.lines().find(|line| line.starts_with("error"));
            Outcome::Refused(format!(
                "it does not compile without it: {}",
                first.unwrap_or_default()
            ))
        }
        false => match first_failure(&String::from_utf8_lossy(&done.stdout)) {
            Some(test) => Outcome::Noticed(test),
            None => Outcome::Refused(format!(
                "the tests ended without a failure: {}",
                complaints.trim()
            )),
        },
    })
}

/// The first test in libtest's list of failures.
fn first_failure(output: &str) -> Option<String> {
    let mut lines = output.lines().skip_while(|line| *line != "failures:").skip(1);
    // What the failed tests printed comes first, then the list under the same heading.
    let mut names = lines.by_ref().skip_while(|line| *line != "failures:").skip(1);
    names.find_map(|line| line.strip_prefix("    ").map(str::to_owned))
}

fn copy_anew(from: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let (source, copy) = (entry.path(), to.join(&name));
        // A folder that says it is a cache holds nothing of ours.
        if entry.file_type()?.is_dir() {
            if !source.join("CACHEDIR.TAG").exists() {
                copy_anew(&source, &copy)?;
            }
        } else {
            fs::copy(&source, &copy)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::first_failure;

    #[test]
    fn the_first_failed_test_is_read_from_the_list_at_the_end() {
        let output = "\nfailures:\n\n---- a::b stdout ----\n    not this\n\n\nfailures:\n    a::b\n    c\n\ntest result: FAILED";
        assert_eq!(first_failure(output).as_deref(), Some("a::b"));
        assert_eq!(first_failure("error: killed by a signal"), None);
    }
}
