//! `keystead demo`, as people see it.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The screen of `keystead demo --exit` with what differs between runs left out.
///
/// `KEYSTEAD_GOLDEN=write` writes it anew.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/demo.txt");
const LAST_LINE: &str = "Demo complete. Its server is stopped and its files are removed.";

fn demo(temporary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystead"));
    command.arg("demo").args(arguments).env("TMPDIR", temporary);
    command.stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// What stays the same in a line of the screen, in every run.
fn stable(line: &str, temporary: &Path) -> String {
    let line = line
        .replace(&*temporary.to_string_lossy(), "/tmp")
        .replace(env!("CARGO_BIN_EXE_keystead"), "keystead");
    if line.trim_start().starts_with("report.csv.sealed  ") && !line.contains("times") {
        return "              report.csv.sealed  (16 bytes)".to_owned();
    }
    let words = line.split_inclusive(' ').map(|word| {
        let bare = word.trim_end_matches([' ', ',', '.', '…', ':']);
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let kind = if bare.starts_with("https://127.0.0.1:") {
            "(endpoint)"
        } else if bare.starts_with("/tmp/keystead-demo-") {
            "(directory)"
        } else if bare.len() == 36 && is_hex(bare) {
            "(key id)"
        } else if bare.len() == 8 && is_hex(bare) {
            "(material)"
        } else if bare.len() == 8 && bare.split(':').count() == 3 {
            "hh:mm:ss"
        } else {
            return word.to_owned();
        };
        word.replacen(bare, kind, 1)
    });
    words.collect()
}

#[test]
fn the_demo_shows_the_main_job_on_a_page() {
    let temporary = tempfile::tempdir().unwrap();
    let output = demo(temporary.path(), &["--exit"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let screen = text(&output);
    assert_eq!(screen.lines().last(), Some(LAST_LINE));
    assert!(screen.lines().count() <= 62, "{screen}");
    let lines: Vec<String> = screen
        .lines()
        .map(|line| stable(line, temporary.path()))
        .collect();
    // The program's path is as long as the place of the build, and no other line may be wider than a screen.
    for line in lines.iter().filter(|line| !line.contains("keystead ")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
    let lines = lines.join("\n") + "\n";
    if std::env::var_os("KEYSTEAD_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(GOLDEN, &lines).unwrap();
    }
    assert_eq!(lines, std::fs::read_to_string(GOLDEN).unwrap());
}

#[test]
fn the_demo_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    assert!(
        demo(temporary.path(), &["--exit"])
            .output()
            .unwrap()
            .status
            .success()
    );
    assert!(entries(temporary.path()).is_empty());
}

/// A demo whose server stays, read up to the line that says so.
fn staying(temporary: &Path) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut child = demo(temporary, &[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut screen = String::new();
    while !screen.ends_with("The server stays until you press Ctrl-C.\n") {
        assert_ne!(out.read_line(&mut screen).unwrap(), 0, "{screen}");
    }
    (child, out, screen)
}

/// Sends a signal; the shell has its own `kill` wherever no program of that name is installed.
fn signal(child: &Child, name: &str) {
    let script = format!("kill -s {name} {}", child.id());
    assert!(
        Command::new("/bin/sh")
            .args(["-c", &script])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn without_exit_its_server_stays_until_it_is_interrupted() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut child, mut out, screen) = staying(temporary.path());
    let place = entries(temporary.path()).remove(0);
    let exports = screen.lines().find(|line| line.contains(" env ")).unwrap();
    let command = exports.trim().trim_start_matches("eval ").trim_matches('"');
    let exports = Command::new("sh")
        .args(["-c", &format!("echo {command}")])
        .output()
        .unwrap();
    let exports = text(&exports);
    assert!(
        exports.contains(&*place.join("data/local/ca.pem").to_string_lossy()),
        "{exports}"
    );
    let tail = Command::new(env!("CARGO_BIN_EXE_keystead"))
        .args(["audit", "tail", "-n", "1", "--data-dir"])
        .arg(place.join("data"))
        .output()
        .unwrap();
    assert!(text(&tail).contains(r#""eventName":"Decrypt""#), "{tail:?}");
    signal(&child, "INT");
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(rest.lines().last(), Some(LAST_LINE));
    assert!(entries(temporary.path()).is_empty());
}

#[test]
fn no_secret_is_printed() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut child, mut out, screen) = staying(temporary.path());
    let place = entries(temporary.path()).remove(0);
    let local = place.join("data/local");
    let credentials = std::fs::read_to_string(local.join("credentials")).unwrap();
    let secrets = credentials
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(_, value)| value.to_owned());
    let root = std::fs::read_to_string(local.join("root.key")).unwrap();
    for secret in secrets.chain([root.trim().to_owned()]) {
        assert!(secret.len() >= 20, "{secret}");
        assert!(!screen.contains(&secret));
    }
    signal(&child, "TERM");
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_temporary_directory_that_cannot_be_written_is_told_in_one_line() {
    let temporary = tempfile::tempdir().unwrap();
    let output = demo(&temporary.path().join("absent"), &["--exit"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("can't be made"), "{said}");
    assert!(said.contains("TMPDIR"), "{said}");
}

#[test]
fn a_reader_that_stops_early_ends_the_demo_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut child = demo(temporary.path(), &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    assert!(entries(temporary.path()).is_empty());
}
