//! `keystead audit tail` on logs that are absent, empty, alive and damaged.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use ambient::{SeededEntropy, SystemClock, Timestamp};
use audit::{AuditLog, Entry, EventType, Identity, Options};

fn tail(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystead"));
    command
        .args(["audit", "tail", "--data-dir"])
        .arg(data)
        .args(arguments);
    command.stdin(Stdio::null());
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    tail(data, arguments).output().unwrap()
}

/// What a run that went well printed.
fn printed(data: &Path, arguments: &[&str]) -> Vec<String> {
    let output = run(data, arguments);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    names(&String::from_utf8(output.stdout).unwrap())
}

/// The event names of records, one a line.
fn names(text: &str) -> Vec<String> {
    text.lines().map(name).collect()
}

fn name(line: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(line).unwrap();
    record["eventName"].as_str().unwrap().to_owned()
}

/// The one line that a refused run said.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

fn log(data: &Path) -> AuditLog {
    let entropy = SeededEntropy::new(1);
    let clock = Arc::new(SystemClock::start());
    let options = Options {
        first_segment: 8192,
        ..Options::default()
    };
    let (log, _) = AuditLog::open(&data.join("audit"), options, clock, &entropy).unwrap();
    log
}

async fn record(log: &AuditLog, name: &str) {
    let entry = Entry {
        event_id: "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        time: Timestamp::from_seconds(1_660_171_107),
        event_type: EventType::ApiCall,
        event_source: "kms.amazonaws.com",
        event_name: name,
        region: "us-east-1",
        recipient: "111122223333".parse().unwrap(),
        identity: Identity {
            kind: None,
            principal_id: None,
            arn: None,
            account: None,
            access_key_id: None,
            user_name: None,
            session: None,
            invoked_by: None,
            identity_provider: None,
        },
        source_ip: "192.0.2.7",
        user_agent: None,
        request_id: None,
        read_only: true,
        error_code: None,
        error_message: None,
        request_parameters: None,
        response_elements: None,
        additional: None,
        service_event_details: None,
        resources: Vec::new(),
        tls: None,
        shared_event_id: None,
    };
    log.append(entry.encode()).await.unwrap();
}

#[tokio::test]
async fn a_log_that_is_written_is_read_whole_or_from_its_end() {
    let data = tempfile::tempdir().unwrap();
    let log = log(data.path());
    assert_eq!(printed(data.path(), &[]), [""; 0]);
    for name in ["CreateKey", "Encrypt", "Decrypt"] {
        record(&log, name).await;
    }
    assert_eq!(printed(data.path(), &[]), ["CreateKey", "Encrypt", "Decrypt"]);
    assert_eq!(printed(data.path(), &["-n", "2"]), ["Encrypt", "Decrypt"]);
    assert_eq!(printed(data.path(), &["-n", "9"]).len(), 3);
    assert_eq!(printed(data.path(), &["-n", "0"]), [""; 0]);
    log.close();
    assert_eq!(printed(data.path(), &["-n", "1"]), ["Decrypt"]);
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

#[tokio::test]
async fn a_log_is_followed_until_the_follower_is_interrupted() {
    let data = tempfile::tempdir().unwrap();
    let log = log(data.path());
    record(&log, "CreateKey").await;
    let mut follower = tail(data.path(), &["-n", "1", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert_eq!(name(&lines.next().unwrap().unwrap()), "CreateKey");
    for each in ["Encrypt", "Decrypt"] {
        record(&log, each).await;
        assert_eq!(name(&lines.next().unwrap().unwrap()), each);
    }
    signal(&follower, "INT");
    assert!(follower.wait().unwrap().success());
    assert!(lines.next().is_none());
    log.close();
}

#[test]
fn an_empty_log_is_no_error() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("audit")).unwrap();
    assert_eq!(printed(data.path(), &[]), [""; 0]);
    assert_eq!(printed(data.path(), &["-n", "5"]), [""; 0]);
}

#[test]
fn a_number_of_records_that_is_none_is_refused() {
    let output = run(Path::new("."), &["-n", "many"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "keystead: -n does not take \"many\": give a number of records\n"
    );
}

#[test]
fn a_directory_without_a_log_is_refused_by_name() {
    let data = tempfile::tempdir().unwrap();
    for absent in [data.path().to_owned(), data.path().join("absent")] {
        let said = complaint(&run(&absent, &[]));
        let wanted = format!(
            "keystead: there is no Keystead data directory at {}:",
            absent.display()
        );
        assert!(said.starts_with(&wanted), "{said}");
    }
}

#[tokio::test]
async fn what_comes_before_a_damaged_place_is_shown_and_the_place_is_told() {
    let data = tempfile::tempdir().unwrap();
    let first = log(data.path());
    for name in ["CreateKey", "Encrypt"] {
        record(&first, name).await;
    }
    first.close();
    let segment = data.path().join("audit/000000000001.log");
    let bytes = fs::read(&segment).unwrap();
    let second = bytes.windows(7).position(|window| window == b"Encrypt").unwrap();
    // A record that fails its checksum at the log's end may be one that is being written, so another follows it.
    let again = log(data.path());
    let mut number = 0;
    while !data.path().join("audit/000000000002.log").exists() {
        record(&again, &format!("Decrypt{number}")).await;
        number += 1;
        assert!(number < 500, "the first segment does not fill up");
    }
    again.close();
    let file = fs::OpenOptions::new().write(true).open(&segment).unwrap();
    file.write_all_at(b"X", second as u64).unwrap();
    let output = run(data.path(), &[]);
    assert_eq!(names(std::str::from_utf8(&output.stdout).unwrap()), ["CreateKey"]);
    let said = complaint(&output);
    assert!(said.starts_with("keystead: the audit log is damaged: "), "{said}");
    assert!(said.contains("000000000001.log"), "{said}");
}

#[tokio::test]
async fn a_record_of_a_later_version_is_told_by_its_number() {
    let data = tempfile::tempdir().unwrap();
    let log = log(data.path());
    record(&log, "CreateKey").await;
    log.append(vec![250, 1, 2, 3]).await.unwrap();
    log.close();
    let output = run(data.path(), &[]);
    assert_eq!(names(std::str::from_utf8(&output.stdout).unwrap()), ["CreateKey"]);
    let said = complaint(&output);
    assert!(
        said.starts_with(
            "keystead: record 2 of the audit log can't be shown (the entry has schema version 250"
        ),
        "{said}"
    );
    assert!(
        said.trim_end().ends_with("use the newer keystead that wrote it"),
        "{said}"
    );
}

#[tokio::test]
async fn a_reader_that_stops_early_is_no_error() {
    let data = tempfile::tempdir().unwrap();
    let log = log(data.path());
    for _ in 0..500 {
        record(&log, "Encrypt").await;
    }
    log.close();
    let mut reader = tail(data.path(), &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(reader.stdout.take());
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
