//! A sample program under the interposer, driven line by line.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;
use testkit::{Log, Recording, artifact};

/// A recorded directory, in which sample programs run.
pub(crate) struct Disk {
    pub(crate) recording: Recording,
    pub(crate) directory: TempDir,
}

impl Disk {
    pub(crate) fn new() -> Disk {
        let directory = tempfile::tempdir().unwrap();
        let recording = Recording::of(directory.path()).unwrap();
        Disk { recording, directory }
    }

    pub(crate) fn files(&self) -> Program<'_> {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        self.start(
            BUILT.get_or_init(|| artifact::example("testkit", "files").unwrap()),
            &[],
        )
    }

    pub(crate) fn ledger(&self, synchronous: &str) -> Program<'_> {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let path = BUILT.get_or_init(|| artifact::example("testkit", "ledger").unwrap());
        let database = self.recording.root().join("ledger.db");
        let mut program = self.start(path, &[database.to_str().unwrap(), synchronous]);
        assert_eq!(program.answer(), "ready");
        program
    }

    fn start(&self, path: &PathBuf, arguments: &[&str]) -> Program<'_> {
        let mut command = Command::new(path);
        command
            .args(arguments)
            .current_dir(self.recording.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        self.recording.attach(&mut command);
        let mut child = command.spawn().unwrap();
        Program {
            recording: &self.recording,
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    pub(crate) fn finish(&self) -> Log {
        self.recording.finish().unwrap()
    }
}

pub(crate) struct Program<'a> {
    recording: &'a Recording,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Program<'_> {
    /// Sends a line and answers what the program says to it; empty if it is gone.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    /// Does each line, all of which must succeed, and answers the sequence number after the last.
    pub(crate) fn run(&mut self, script: &str) -> u64 {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert_eq!(self.ask(line), "done", "{line}");
        }
        self.recording.sequence().unwrap()
    }

    pub(crate) fn end(mut self) -> ExitStatus {
        drop(self.input.take());
        self.child.wait().unwrap()
    }
}
