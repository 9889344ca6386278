//! The recording of one directory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::{Log, Tree, artifact, format};

/// What programs do to the files below one directory, from a moment on at which all of it counts as durable.
///
/// One program at a time: the next may start when the one before has ended.
#[derive(Debug)]
pub struct Recording {
    root: PathBuf,
    interposer: &'static Path,
    base: Tree,
    control: File,
    rules: Mutex<()>,
    kept: TempDir,
}

impl Recording {
    /// Begins at the state that `root`, an existing directory, is in.
    pub fn of(root: &Path) -> io::Result<Recording> {
        let root = fs::canonicalize(root)?;
        let kept = tempfile::tempdir()?;
        File::create_new(kept.path().join("log"))?;
        let control = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(kept.path().join("control"))?;
        control.set_len(format::CONTROL_WORDS as u64 * 8)?;
        let recording = Recording {
            base: Tree::read(&root)?,
            root,
            interposer: artifact::interposer()?,
            control,
            rules: Mutex::new(()),
            kept,
        };
        recording.set_word(format::MAGIC_WORD, format::MAGIC)?;
        Ok(recording)
    }

    /// The recorded directory, without symbolic links in its path. Programs must name their files below it likewise.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Lets `command` run recorded.
    pub fn attach(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", self.interposer)
            .env(format::ROOT, &self.root)
            .env(format::LOG, self.kept.path().join("log"))
            .env(format::RULES, self.kept.path().join("control"));
    }

    /// The number of the last operation that was done. What a program has said by now rests on no later one.
    pub fn sequence(&self) -> io::Result<u64> {
        self.word(format::SEQUENCE_WORD)
    }

    /// What was done so far. A program may still be at work.
    pub fn log(&self) -> io::Result<Log> {
        let length = self.word(format::LENGTH_WORD)?;
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        File::open(self.kept.path().join("log"))?.read_exact_at(&mut bytes, 0)?;
        Log::parse(bytes, self.base.clone())
    }

    /// The same once the program has ended, after a look whether the log explains the directory as it is now:
    /// it does not if the program changed files in a way that the interposer does not see.
    pub fn finish(&self) -> io::Result<Log> {
        let log = self.log()?;
        log.explains(&self.root)?;
        Ok(log)
    }

    pub(crate) fn rules_lock(&self) -> MutexGuard<'_, ()> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A word of the control file, read until two readings agree, since a file is not read in one step.
    pub(crate) fn word(&self, word: usize) -> io::Result<u64> {
        let read = || {
            let mut bytes = [0; 8];
            self.control.read_exact_at(&mut bytes, word as u64 * 8)?;
            io::Result::Ok(u64::from_le_bytes(bytes))
        };
        let mut before = read()?;
        loop {
            let now = read()?;
            if now == before {
                return Ok(now);
            }
            before = now;
        }
    }

    pub(crate) fn set_word(&self, word: usize, value: u64) -> io::Result<()> {
        self.control.write_all_at(&value.to_le_bytes(), word as u64 * 8)
    }
}
