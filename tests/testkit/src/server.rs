//! The real server as a child process.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ambient::task;

use crate::{Recording, artifact};

/// How long a server may take to be ready or to end, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that is not yet started.
#[derive(Debug)]
pub struct Launch {
    command: Command,
    data_directory: PathBuf,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    output: Output,
    data_directory: PathBuf,
    url: String,
    admin: String,
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// All it wrote to standard error.
    pub stderr: String,
}

impl Ended {
    /// Whether it ended by this signal.
    pub fn by_signal(&self, signal: i32) -> bool {
        self.status.signal() == Some(signal)
    }
}

/// Standard error of a child, read as it comes.
#[derive(Debug)]
struct Output {
    lines: Receiver<String>,
    text: Arc<Mutex<String>>,
}

impl Launch {
    /// `keystead server` on this data directory, on free ports.
    pub fn on(data_directory: &Path) -> io::Result<Launch> {
        Ok(Launch::of(Command::new(artifact::keystead()?), data_directory))
    }

    fn of(mut command: Command, data_directory: &Path) -> Launch {
        command
            .arg("server")
            .arg("--data-dir")
            .arg(data_directory)
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        Launch {
            command,
            data_directory: data_directory.to_owned(),
        }
    }

    /// With more arguments.
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Launch {
        self.command.args(arguments);
        self
    }

    /// With an environment variable.
    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Launch {
        self.command.env(name, value.into());
        self
    }

    /// Under the interposer. The data directory must lie below the recorded one, and be named without symbolic links.
    pub fn recorded(mut self, recording: &Recording) -> Launch {
        recording.attach(&mut self.command);
        self
    }

    /// Starts it, and waits until it says it is ready. The error of one that ends instead holds all it said.
    pub fn start(mut self) -> io::Result<Server> {
        let mut child = self.command.spawn()?;
        let output = Output::of(child.stderr.take())?;
        match output.wait_for(ready_line) {
            Ok((url, admin)) => Ok(Server {
                child,
                output,
                data_directory: self.data_directory,
                url,
                admin,
            }),
            Err(why) => {
                child.kill()?;
                let status = child.wait()?;
                let said = output.whole();
                Err(io::Error::other(format!(
                    "the server {why} ({status}); it said:\n{said}"
                )))
            }
        }
    }

    /// Starts it, and waits until it ends by itself: one that should refuse to start.
    pub fn refused(mut self) -> io::Result<Ended> {
        let mut child = self.command.spawn()?;
        let output = Output::of(child.stderr.take())?;
        let ready = output.wait_for(ready_line);
        if !matches!(ready, Err(Waited::Ended)) {
            child.kill()?;
        }
        let ended = ended(child, output)?;
        match ready {
            Err(Waited::Ended) => Ok(ended),
            _ => Err(io::Error::other(format!(
                "the server did not refuse; it said:\n{}",
                ended.stderr
            ))),
        }
    }
}

impl Server {
    /// Where it answers AWS's clients: `https://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where health and metrics are: `http://127.0.0.1:PORT`.
    pub fn admin(&self) -> &str {
        &self.admin
    }

    /// Its data directory.
    pub fn data_directory(&self) -> &Path {
        &self.data_directory
    }

    /// Its process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// All it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        self.output.text()
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub fn kill(mut self) -> io::Result<Ended> {
        self.child.kill()?;
        self.finish()
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn terminate(self) -> io::Result<Ended> {
        self.signal("TERM")?;
        self.finish()
    }

    /// Waits until it ends by itself.
    pub fn wait(self) -> io::Result<Ended> {
        self.finish()
    }

    /// Sends a signal by its name without "SIG", such as `STOP`.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        // The child is not waited for before this returns, so its process id is still its own.
        let status = Command::new("/bin/sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &self.child.id().to_string()])
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("no signal {name} was sent")))
        }
    }

    fn finish(mut self) -> io::Result<Ended> {
        let waited = self.output.wait_for(|_| None::<()>);
        if matches!(waited, Err(Waited::TooLong)) {
            self.child.kill()?;
        }
        let status = self.child.wait()?;
        let stderr = self.output.whole();
        match waited {
            Err(Waited::TooLong) => Err(io::Error::other(format!(
                "the server did not end; it said:\n{stderr}"
            ))),
            _ => Ok(Ended { status, stderr }),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ended(mut child: Child, output: Output) -> io::Result<Ended> {
    let status = child.wait()?;
    let stderr = output.whole();
    Ok(Ended { status, stderr })
}

/// The addresses in `keystead is ready: https://127.0.0.1:PORT (admin http://127.0.0.1:PORT)`.
fn ready_line(line: &str) -> Option<(String, String)> {
    let (_, rest) = line.split_once("keystead is ready: ")?;
    let (url, rest) = rest.split_once(" (admin ")?;
    let (admin, _) = rest.split_once(')')?;
    Some((url.to_owned(), admin.to_owned()))
}

#[derive(Debug)]
enum Waited {
    Ended,
    TooLong,
}

impl std::fmt::Display for Waited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Waited::Ended => "ended before it was ready",
            Waited::TooLong => "was not ready in time",
        })
    }
}

impl Output {
    fn of(stderr: Option<ChildStderr>) -> io::Result<Output> {
        let stderr = stderr.ok_or_else(|| io::Error::other("standard error is not piped"))?;
        let (send, lines) = channel();
        let text = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&text);
        task::thread("server-stderr", move || {
            let mut reader = BufReader::new(stderr);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let said = String::from_utf8_lossy(&line).into_owned();
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push_str(&said);
                let _ = send.send(said); // Nobody may be waiting any more.
                line.clear();
            }
        })?;
        Ok(Output { lines, text })
    }

    /// The first line of which `wanted` makes something.
    fn wait_for<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> Result<T, Waited> {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    if let Some(found) = wanted(&line) {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(Waited::Ended),
                Err(RecvTimeoutError::Timeout) => return Err(Waited::TooLong),
            }
        }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All that was said, once the process has ended.
    fn whole(&self) -> String {
        let _ = self.wait_for(|_| None::<()>);
        self.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "echo 'keystead is ready: https://127.0.0.1:4711 (admin http://127.0.0.1:4712)' >&2";

    /// A stand-in for the server: a shell script, which blocks in `read` once it is ready.
    fn stand_in(script: &str) -> Launch {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        Launch::of(command, Path::new("data"))
    }

    fn waiting(trap: &str) -> Launch {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        let script = format!(
            "mkfifo {fifo} && exec 3<>{fifo} && rm -r {directory}; {trap}; echo starting >&2; {READY}; read line <&3",
            fifo = fifo.display(),
            directory = directory.keep().display(),
        );
        stand_in(&script)
    }

    #[test]
    fn a_server_is_started_once_it_says_it_is_ready() {
        let server = waiting("true").start().unwrap();
        assert_eq!(
            (server.url(), server.admin()),
            ("https://127.0.0.1:4711", "http://127.0.0.1:4712")
        );
        assert!(server.stderr().starts_with("starting\n"));
        assert!(server.kill().unwrap().by_signal(9));
    }

    #[test]
    fn a_server_is_asked_to_end_and_heard_out() {
        let server = waiting("trap 'echo drained >&2; exit 0' TERM").start().unwrap();
        let ended = server.terminate().unwrap();
        assert!(
            ended.status.success() && ended.stderr.ends_with("drained\n"),
            "{ended:?}"
        );
    }

    #[test]
    fn a_server_that_ends_instead_says_why() {
        let launch = || stand_in("echo 'the port is busy' >&2; exit 2");
        let error = launch().start().unwrap_err().to_string();
        assert!(
            error.contains("exit status: 2") && error.contains("the port is busy"),
            "{error}"
        );
        let ended = launch().refused().unwrap();
        assert_eq!(
            (ended.status.code(), ended.stderr.as_str()),
            (Some(2), "the port is busy\n")
        );
    }

    #[test]
    fn a_server_that_should_refuse_and_does_not_is_an_error() {
        assert!(waiting("true").refused().is_err());
    }
}
