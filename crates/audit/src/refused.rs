//! Requests that were refused before a caller was known: counted and sampled, in bounded space.
//!
//! They are no part of the log: nobody waits for them, they may be lost, and they can neither fail a call nor
//! fill the disk. They tell an operator who knocks, and how often.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ambient::{Clock, Monotonic, Timestamp};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::disk::Directory;
use crate::error::AuditError;
use crate::limits;

/// The directory within the audit directory, and the two files in it: when the first is full it becomes the second.
const DIRECTORY: &str = "refused";
const CURRENT: &str = "current.jsonl";
const PREVIOUS: &str = "previous.jsonl";

/// How long the thread sleeps at most, by the machine's clock, before it looks whether counts are due.
const NAP: Duration = Duration::from_secs(1);

/// A request that was refused before anybody was authenticated.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// Where it came from.
    pub source: IpAddr,
    /// The access key id that it claimed, if any. What cannot be one is not recorded: it might be a secret.
    pub access_key_id: Option<&'a str>,
    /// The code of the answer: `InvalidSignatureException`.
    pub code: &'a str,
    /// The answer's request id.
    pub request_id: Uuid,
    /// What the client calls itself.
    pub user_agent: Option<&'a str>,
}

/// How many refusals there were since the stream was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefusedTotals {
    /// All of them.
    pub refusals: u64,
    /// Those of which a sample was written down, or will be.
    pub sampled: u64,
}

/// The stream of such refusals; clones share it.
#[derive(Clone)]
pub struct RefusedStream {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    wake: Condvar,
    settled: Condvar,
}

#[derive(Default)]
struct State {
    kinds: HashMap<Kind, u64>,
    samples: Vec<Line>,
    totals: RefusedTotals,
    /// When the counts of `kinds` begin.
    since: (Timestamp, Monotonic),
    writing: bool,
    /// Whether counts are to be written before they are due.
    flush: bool,
    closing: bool,
}

/// What is counted apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    /// `None` once too many were told apart.
    source: Option<IpAddr>,
    access_key_id: Option<String>,
    code: String,
}

impl RefusedStream {
    /// Opens the stream under the audit directory `dir`, and starts the thread that writes it.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<RefusedStream, AuditError> {
        RefusedStream::open_limited(dir, clock, limits::REFUSED_FILE)
    }

    fn open_limited(dir: &Path, clock: Arc<dyn Clock>, file_limit: u64) -> Result<RefusedStream, AuditError> {
        let path = dir.join(DIRECTORY);
        for directory in [dir, &path] {
            Directory::make(directory).map_err(AuditError::io("make", directory))?;
        }
        let mut files = Files::open(path.clone(), file_limit).map_err(AuditError::io("open", &path))?;
        let since = (clock.now(), clock.monotonic());
        let shared = Arc::new(Shared {
            clock,
            state: Mutex::new(State {
                since,
                ..State::default()
            }),
            wake: Condvar::new(),
            settled: Condvar::new(),
        });
        let of_thread = shared.clone();
        let thread = ambient::task::thread("audit-refused", move || of_thread.run(&mut files))
            .map_err(AuditError::io("start the writer of", &path))?;
        Ok(RefusedStream {
            inner: Arc::new(Inner {
                shared,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// Counts a refusal and perhaps writes a sample down; never waits for the disk, never fails.
    pub fn record(&self, refusal: &Refusal<'_>) {
        let now = self.inner.shared.clock.now();
        let mut kind = Kind {
            source: Some(refusal.source),
            access_key_id: refusal.access_key_id.and_then(plausible_key_id),
            code: beginning(refusal.code, 128),
        };
        let mut state = self.inner.shared.lock();
        state.totals.refusals += 1;
        if state.kinds.len() >= limits::REFUSED_KINDS && !state.kinds.contains_key(&kind) {
            // The codes are the product's own, so what is left to tell apart is little.
            (kind.source, kind.access_key_id) = (None, None);
        }
        let count = state.kinds.entry(kind.clone()).or_default();
        *count += 1;
        let sample = *count <= limits::REFUSED_SAMPLES && state.samples.len() < limits::REFUSED_QUEUE;
        if sample {
            state.totals.sampled += 1;
            state.samples.push(Line::Sample {
                time: Text(now),
                source_ip_address: refusal.source,
                access_key_id: kind.access_key_id,
                error_code: kind.code,
                request_id: Text(refusal.request_id),
                user_agent: refusal.user_agent.map(|agent| beginning(agent, 256)),
            });
            let first = state.samples.len() == 1;
            drop(state);
            if first {
                self.inner.shared.wake.notify_one();
            }
        }
    }

    /// How many refusals there were.
    pub fn totals(&self) -> RefusedTotals {
        self.inner.shared.lock().totals
    }

    /// Writes down what is counted so far, and ends when that is done.
    pub fn settle(&self) {
        let mut state = self.inner.shared.lock();
        state.flush = true;
        self.inner.shared.wake.notify_one();
        while (state.flush || state.writing) && !state.closing {
            let settled = self.inner.shared.settled.wait(state);
            state = settled.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl fmt::Debug for RefusedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = self.totals();
        f.debug_struct("RefusedStream")
            .field("totals", &totals)
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // INVARIANT: the thread does not panic, and ends when it is told to.
        let _ = thread.map(JoinHandle::join);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, files: &mut Files) {
        let mut state = self.lock();
        loop {
            let elapsed = self.clock.monotonic().since(state.since.1);
            let due = state.flush || state.closing || elapsed >= limits::REFUSED_INTERVAL;
            if state.samples.is_empty() && !due {
                let woken = self.wake.wait_timeout(state, NAP);
                state = woken.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let mut lines = std::mem::take(&mut state.samples);
            if due {
                lines.extend(self.counts(&mut state));
            }
            let closing = state.closing;
            state.flush = false;
            state.writing = true;
            drop(state);
            files.write(&lines);
            state = self.lock();
            state.writing = false;
            self.settled.notify_all();
            if closing {
                return;
            }
        }
    }

    /// The counts since they were last written.
    fn counts(&self, state: &mut State) -> Vec<Line> {
        let (from, to) = (state.since.0, self.clock.now());
        state.since = (to, self.clock.monotonic());
        let mut counts: Vec<_> = state.kinds.drain().collect();
        state.kinds.shrink_to(limits::REFUSED_KINDS / 16);
        counts.sort_unstable_by(|(one, one_count), (other, other_count)| {
            (other_count, &one.code, one.source).cmp(&(one_count, &other.code, other.source))
        });
        let line = |(kind, count): (Kind, u64)| Line::Count {
            from: Text(from),
            to: Text(to),
            source_ip_address: kind.source,
            access_key_id: kind.access_key_id,
            error_code: kind.code,
            count,
        };
        counts.into_iter().map(line).collect()
    }
}

/// What is written, one JSON object a line.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Line {
    Sample {
        time: Text<Timestamp>,
        #[serde(rename = "sourceIPAddress")]
        source_ip_address: IpAddr,
        #[serde(skip_serializing_if = "Option::is_none")]
        access_key_id: Option<String>,
        error_code: String,
        #[serde(rename = "requestID")]
        request_id: Text<Uuid>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
    },
    Count {
        from: Text<Timestamp>,
        to: Text<Timestamp>,
        #[serde(rename = "sourceIPAddress", skip_serializing_if = "Option::is_none")]
        source_ip_address: Option<IpAddr>,
        #[serde(skip_serializing_if = "Option::is_none")]
        access_key_id: Option<String>,
        error_code: String,
        count: u64,
    },
}

/// A value shown by its `Display`.
struct Text<T>(T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The two files; trouble with them is logged, once until it is over.
struct Files {
    dir: PathBuf,
    current: File,
    length: u64,
    limit: u64,
    failing: bool,
}

impl Files {
    fn open(dir: PathBuf, limit: u64) -> io::Result<Files> {
        let current = append_to(&dir.join(CURRENT))?;
        Ok(Files {
            length: current.metadata()?.len(),
            dir,
            current,
            limit,
            failing: false,
        })
    }

    fn write(&mut self, lines: &[Line]) {
        let outcome = lines.iter().try_for_each(|line| self.write_line(line));
        if let (Err(cause), false) = (&outcome, self.failing) {
            tracing::warn!(dir = %self.dir.display(), %cause, "unauthenticated refusals cannot be written down");
        }
        self.failing = outcome.is_err();
    }

    fn write_line(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        if self.length + bytes.len() as u64 > self.limit {
            fs::rename(self.dir.join(CURRENT), self.dir.join(PREVIOUS))?;
            self.current = append_to(&self.dir.join(CURRENT))?;
            self.length = 0;
        }
        self.length += bytes.len() as u64;
        self.current.write_all(&bytes)
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

/// An access key id, if the text has the form of one. People mistake fields, so anything else might be a secret.
fn plausible_key_id(text: &str) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    ((16..=128).contains(&text.len()) && text.bytes().all(legal)).then(|| text.to_owned())
}

fn beginning(text: &str, limit: usize) -> String {
    text.get(..text.floor_char_boundary(limit))
        .unwrap_or(text)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    use ambient::ManualClock;

    fn refusal(last_octet: u8, access_key_id: Option<&str>) -> Refusal<'_> {
        Refusal {
            source: IpAddr::from([192, 0, 2, last_octet]),
            access_key_id,
            code: "UnrecognizedClientException",
            request_id: Uuid::nil(),
            user_agent: Some("aws-cli/2"),
        }
    }

    fn lines(dir: &Path, name: &str) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(dir.join(DIRECTORY).join(name)).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn stream(dir: &Path, limit: u64) -> (RefusedStream, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_660_000_000)));
        (
            RefusedStream::open_limited(dir, clock.clone(), limit).unwrap(),
            clock,
        )
    }

    #[test]
    fn many_refusals_of_a_kind_leave_a_few_samples_and_one_count() {
        let dir = tempfile::tempdir().unwrap();
        let (stream, clock) = stream(dir.path(), limits::REFUSED_FILE);
        for _ in 0..1000 {
            stream.record(&refusal(1, Some("AKIAIOSFODNN7EXAMPLE")));
        }
        stream.record(&refusal(2, None));
        clock.advance(Duration::from_secs(7));
        stream.settle();
        let lines = lines(dir.path(), CURRENT);
        let samples = lines.iter().filter(|line| line["type"] == "sample").count();
        assert_eq!(samples as u64, limits::REFUSED_SAMPLES + 1);
        let counts: Vec<_> = lines.iter().filter(|line| line["type"] == "count").collect();
        assert_eq!(counts[0]["count"], 1000);
        assert_eq!(counts[0]["accessKeyId"], "AKIAIOSFODNN7EXAMPLE");
        assert_eq!(counts[0]["from"], "2022-08-08T23:06:40.000Z");
        assert_eq!(counts[0]["to"], "2022-08-08T23:06:47.000Z");
        assert_eq!(counts[1]["sourceIPAddress"], "192.0.2.2");
        assert_eq!(
            stream.totals(),
            RefusedTotals {
                refusals: 1001,
                sampled: 4
            }
        );
    }

    #[test]
    fn what_is_no_access_key_id_is_not_written_down() {
        let dir = tempfile::tempdir().unwrap();
        let (stream, _) = stream(dir.path(), limits::REFUSED_FILE);
        stream.record(&refusal(1, Some("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")));
        drop(stream);
        let text = fs::read_to_string(dir.path().join(DIRECTORY).join(CURRENT)).unwrap();
        assert!(text.contains("192.0.2.1") && !text.contains("wJalr"), "{text}");
    }

    #[test]
    fn the_files_stay_within_their_limit() {
        let dir = tempfile::tempdir().unwrap();
        let (stream, _) = stream(dir.path(), 4096);
        for octet in 0..200 {
            stream.record(&refusal(octet, None));
            stream.settle();
        }
        for name in [CURRENT, PREVIOUS] {
            let length = fs::metadata(dir.path().join(DIRECTORY).join(name)).unwrap().len();
            assert!((1..=4096).contains(&length), "{name} has {length} bytes");
        }
        assert_eq!(
            lines(dir.path(), CURRENT).last().unwrap()["sourceIPAddress"],
            "192.0.2.199"
        );
    }

    #[test]
    fn beyond_so_many_kinds_only_codes_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let (stream, _) = stream(dir.path(), limits::REFUSED_FILE);
        let extra = 10;
        for number in 0..limits::REFUSED_KINDS as u32 + extra {
            let source = IpAddr::from(number.to_be_bytes());
            stream.record(&Refusal {
                source,
                ..refusal(0, None)
            });
        }
        let state = stream.inner.shared.lock();
        assert_eq!(state.kinds.len(), limits::REFUSED_KINDS + 1);
        let rest = state
            .kinds
            .iter()
            .find(|(kind, _)| kind.source.is_none())
            .unwrap();
        assert_eq!(*rest.1, u64::from(extra));
    }
}
