//! A small data directory: how long a start takes, and how much memory the server then holds.

use std::thread;
use std::time::Duration;

use ambient::{Clock, SystemClock};
use serde_json::json;

use crate::arguments::Pace;
use crate::figures::median;
use crate::keystead::Keystead;
use crate::process;
use crate::stop::Stop;

/// Keys in the directory.
const KEYS: usize = 10;

/// From the first answer to the look at the memory.
const REST: Duration = Duration::from_secs(1);

/// What the starts came to, in the middle.
#[derive(Debug)]
pub(crate) struct Start {
    /// From the start of the process to an answer over a new TLS connection.
    pub(crate) first_answer: Duration,
    /// Bytes of memory a second later.
    pub(crate) resident: u64,
}

/// Starts the server again and again on one small directory.
pub(crate) fn measure(pace: &Pace) -> Result<Start, Stop> {
    let directory = tempfile::tempdir()?;
    let first = Keystead::start(directory.path())?;
    let key = (0..KEYS).map(|_| first.create_key()).last().ok_or("no key")??;
    first.end()?;
    let clock = SystemClock::start();
    let mut answered = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..pace.starts {
        let begun = clock.monotonic();
        let keystead = Keystead::start(directory.path())?;
        keystead.ask_one("GenerateDataKey", &json!({"KeyId": key, "KeySpec": "AES_256"}))?;
        answered.push(clock.monotonic().since(begun));
        thread::sleep(REST);
        resident.push(process::resident(keystead.target().process)?);
        keystead.end()?;
    }
    Ok(Start {
        first_answer: median(answered),
        resident: median(resident),
    })
}
