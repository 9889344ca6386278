//! `keystead audit tail`

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ambient::SystemClock;
use audit::{AuditError, Frame, Reader, Start, UnreadableEntry};
use clap::Args;
use server::DirectoryError;
use server::config::DEFAULT_DATA_DIRECTORY;

use crate::commands::Failed;
use crate::interrupt;

/// How often the log's end is looked at for new records.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The server's data directory; the server may be running
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA_DIRECTORY)]
    data_dir: PathBuf,
    /// Only the last N records [default: all there are]
    #[arg(short = 'n', value_name = "N", value_parser = count)]
    last: Option<u64>,
    /// Goes on with new records as they come, until interrupted
    #[arg(long)]
    follow: bool,
}

/// Why records can't be printed; it prints as what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
enum TailError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("{path} may not be read by this user: run this as the user that the server runs as", path = .0.display())]
    Forbidden(PathBuf),
    #[error("{0}: see to its owner and its mode")]
    Unreadable(AuditError),
    #[error(transparent)]
    Log(AuditError),
    #[error("record {sequence} of the audit log can't be shown ({cause}): {remedy}")]
    Record {
        sequence: u64,
        cause: UnreadableEntry,
        remedy: &'static str,
    },
    #[error("standard output can't be written ({0}): see to what it leads to")]
    Output(#[from] io::Error),
    #[error("the log can't be followed ({0}): raise this user's limits (`ulimit -a`), or leave out --follow")]
    Following(io::Error),
}

impl From<AuditError> for TailError {
    fn from(error: AuditError) -> TailError {
        match &error {
            AuditError::Io { path, cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
                TailError::Forbidden(path.clone())
            }
            AuditError::Io { .. } => TailError::Unreadable(error),
            _ => TailError::Log(error),
        }
    }
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failed> {
        match self.print(&mut BufWriter::new(io::stdout().lock())) {
            // Whoever was reading has seen enough, as `head` does.
            Err(TailError::Output(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => Ok(printed?),
        }
    }

    fn print(&self, out: &mut impl Write) -> Result<(), TailError> {
        let start = self.last.map_or(Start::Oldest, Start::Last);
        let mut reader = Reader::open(&log_of(&self.data_dir)?, start)?;
        let printed = print_all(&mut reader, out);
        // What came before a damaged place is shown all the same.
        out.flush()?;
        printed?;
        if self.follow {
            follow(&mut reader, out)?;
        }
        Ok(())
    }
}

fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "give a number of records")
}

/// The log's directory in `data`. Its other parts need not be there: a copy of the log alone is evidence too.
fn log_of(data: &Path) -> Result<PathBuf, TailError> {
    let log = data.join("audit");
    match std::fs::metadata(&log) {
        Ok(about) if about.is_dir() => Ok(log),
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Err(TailError::Forbidden(log)),
        _ => Err(DirectoryError::Absent(data.to_owned()).into()),
    }
}

fn print_all(reader: &mut Reader, out: &mut impl Write) -> Result<(), TailError> {
    while let Some(frame) = reader.read()? {
        line(&frame, out)?;
    }
    Ok(())
}

fn follow(reader: &mut Reader, out: &mut impl Write) -> Result<(), TailError> {
    let clock = SystemClock::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(TailError::Following)?;
    runtime.block_on(async {
        let mut interrupted = interrupt::watch().map_err(TailError::Following)?;
        loop {
            let frame = tokio::select! {
                frame = reader.follow(&clock, LOOK) => frame?,
                _ = interrupted.recv() => return Ok(()),
            };
            line(&frame, out)?;
            let printed = print_all(reader, out);
            out.flush()?;
            printed?;
        }
    })
}

fn line(frame: &Frame, out: &mut impl Write) -> Result<(), TailError> {
    let entry = frame.entry().map_err(|cause| TailError::Record {
        sequence: frame.sequence,
        remedy: match cause {
            UnreadableEntry::Newer(_) => "use the newer keystead that wrote it",
            UnreadableEntry::Malformed(_) => "keep the audit directory as evidence, and report this",
        },
        cause,
    })?;
    writeln!(out, "{}", audit::render(&entry))?;
    Ok(())
}
