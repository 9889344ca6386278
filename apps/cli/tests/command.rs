//! The real command: its lines, its exit codes, and a first start that is killed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const KEYSTEAD: &str = env!("CARGO_BIN_EXE_keystead");

fn keystead(arguments: &[&str]) -> Command {
    let mut command = Command::new(KEYSTEAD);
    command
        .args(arguments)
        .env_remove("AWS_ACCESS_KEY_ID")
        .stdin(Stdio::null());
    command
}

fn server(data: &Path, more: &[&str]) -> Command {
    let data = data.to_str().unwrap();
    let ports = [
        "server",
        "--data-dir",
        data,
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ];
    let mut command = keystead(&ports);
    command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(mut command: Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A server that is killed unless it was stopped.
struct Running(Child);

impl Running {
    fn start(data: &Path) -> (Running, Vec<String>) {
        let mut running = Running(server(data, &[]).spawn().unwrap());
        let mut said = Vec::new();
        for line in BufReader::new(running.0.stderr.as_mut().unwrap()).lines() {
            said.push(line.unwrap());
            if said.last().unwrap().starts_with("keystead is ready: ") {
                return (running, said);
            }
        }
        panic!("it ended before it was ready: {said:?}");
    }

    fn terminate(mut self) -> i32 {
        let pid = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.0.wait().unwrap().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_shell_evaluates_what_env_prints_while_the_server_runs() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("our data's");
    let (running, said) = Running::start(&data);
    let url = said.last().unwrap().split(' ').nth(3).unwrap().to_owned();
    let script = format!(
        "eval \"$({KEYSTEAD} env)\" && cat \"$AWS_CA_BUNDLE\" \"$AWS_CONFIG_FILE\" \"$AWS_SHARED_CREDENTIALS_FILE\" \
         && echo \"$AWS_ENDPOINT_URL $AWS_PROFILE $AWS_REGION\" && eval \"$({KEYSTEAD} env --unset)\" \
         && echo \"now: ${{AWS_ENDPOINT_URL-}}\""
    );
    let mut shell = Command::new("sh");
    std::os::unix::fs::symlink(&data, place.path().join("keystead-data")).unwrap();
    shell.args(["-euc", &script]);
    shell.current_dir(place.path()).env_remove("AWS_ACCESS_KEY_ID");
    let (code, printed, complaints) = ended(shell);
    assert_eq!((code, complaints.as_str()), (0, ""));
    assert!(printed.starts_with("-----BEGIN CERTIFICATE-----"), "{printed}");
    assert!(printed.contains("aws_access_key_id = AKIA"), "{printed}");
    assert!(
        printed.ends_with(&format!("{url} keystead us-east-1\nnow: \n")),
        "{printed}"
    );
    assert_eq!(running.terminate(), 0);
}

#[test]
fn env_without_a_data_directory_is_refused_in_one_line() {
    let place = tempfile::tempdir().unwrap();
    let absent = place.path().join("absent");
    let (code, printed, complaint) = ended(keystead(&["env", "--data-dir", absent.to_str().unwrap()]));
    assert_eq!((code, printed.as_str()), (1, ""));
    assert_eq!(
        complaint,
        format!(
            "keystead: there is no Keystead data directory at {0}: start one with `keystead server --data-dir {0}`, \
             or name another with --data-dir\n",
            absent.display()
        )
    );
}

#[test]
fn env_says_when_the_callers_own_access_key_would_win() {
    let place = tempfile::tempdir().unwrap();
    let (running, _) = Running::start(place.path());
    let mut env = keystead(&["env", "--data-dir", place.path().to_str().unwrap()]);
    env.env("AWS_ACCESS_KEY_ID", "AKIASOMEBODYELSE");
    let (code, printed, warning) = ended(env);
    assert_eq!((code, printed.lines().count()), (0, 6));
    assert!(
        warning.starts_with("keystead: AWS_ACCESS_KEY_ID is set"),
        "{warning}"
    );
    drop(running);
}

#[test]
fn usage_errors_and_mistakes_have_their_own_exit_codes_and_one_line() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let file = place.path().join("keystead.toml");
    std::fs::write(&file, "listne = \"127.0.0.1:0\"\n").unwrap();
    for (more, code) in [
        (&["--frobnicate"][..], 2),
        (&["--listen", "nonsense"], 2),
        (&["--tls", "off", "--listen", "0.0.0.0:0"], 1),
        (&["--listen", "0.0.0.0:0"], 1),
        (&["--config", file.to_str().unwrap()], 1),
        (&["--config", "/nowhere/keystead.toml"], 1),
        (&["--root-key", "file:/nowhere/root.key"], 1),
        (&["--root-key", "passphrase-env:KEYSTEAD_TEST_NO_SUCH"], 1),
        (&["--tls", "/nowhere/c.pem,/nowhere/k.pem"], 1),
    ] {
        let mut command = server(&data, &[]);
        // An option that is given twice is refused, so these stand in for those of `server`.
        if more.contains(&"--listen") {
            command = keystead(&[
                "server",
                "--data-dir",
                data.to_str().unwrap(),
                "--admin-listen",
                "127.0.0.1:0",
            ]);
        }
        command.args(more);
        let (ended_with, printed, complaint) = ended(command);
        assert_eq!(
            (ended_with, printed.as_str()),
            (code, ""),
            "{more:?}: {complaint}"
        );
        assert!(
            complaint.starts_with("keystead: ") && complaint.lines().count() == 1,
            "{more:?}: {complaint}"
        );
    }
    assert_eq!(ended(keystead(&["server", "--help"])).0, 0);
    assert_eq!(ended(keystead(&["--version"])).0, 0);
}

#[test]
fn a_first_start_that_is_killed_at_any_of_its_steps_is_completed_by_the_next() {
    for step in [
        "local/lock",
        "local/root.key",
        "store/keystead.db",
        "local/credentials",
        "local/ca.pem",
        "local/config",
    ] {
        let place = tempfile::tempdir().unwrap();
        let mut killed = Running(server(place.path(), &[]).spawn().unwrap());
        while !place.path().join(step).exists() {
            assert!(killed.0.try_wait().unwrap().is_none(), "it ended before {step}");
            std::thread::yield_now();
        }
        drop(killed);
        let key = std::fs::read(place.path().join("local/root.key"));

        let (running, _) = Running::start(place.path());
        if let Ok(key) = key {
            assert_eq!(
                std::fs::read(place.path().join("local/root.key")).unwrap(),
                key,
                "{step}"
            );
        }
        assert_eq!(running.terminate(), 0);
        let (again, said) = Running::start(place.path());
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(again.terminate(), 0);
    }
}
