//! A store of very many keys, and what their number costs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use ambient::{Clock, SystemClock};
use serde_json::json;

use crate::arguments::Pace;
use crate::keystead::Keystead;
use crate::load;
use crate::process;
use crate::report::Compared;
use crate::stop::Stop;
use crate::stored::Opened;

/// From the first answer to the look at the memory.
const REST: Duration = Duration::from_secs(1);

/// Connections while the keys are used.
const CONNECTIONS: usize = 64;

/// What the large store came to.
#[derive(Debug)]
pub(crate) struct Many {
    /// Keys in it.
    pub(crate) keys: usize,
    /// Seconds to write them.
    pub(crate) fill: Duration,
    /// What opening it without a server came to.
    pub(crate) opened: Opened,
    /// From the start of the server to an answer.
    pub(crate) first_answer: Duration,
    /// Bytes of memory that the server then held.
    pub(crate) resident: u64,
    /// The rate with the keys evenly in use; its baseline is the same server using one key.
    pub(crate) used: Compared,
}

/// Fills a store, opens it, and runs the server on it.
pub(crate) fn measure(pace: &Pace) -> Result<Many, Stop> {
    let directory = tempfile::tempdir()?;
    let first = Keystead::start(directory.path())?;
    let one = first.create_key()?;
    first.end()?;

    let clock = SystemClock::start();
    let begun = clock.monotonic();
    ourselves("fill", directory.path(), pace.keys)?;
    let fill = clock.monotonic().since(begun);
    eprintln!("{} keys written in {:.1} s", pace.keys, fill.as_secs_f64());
    let said = ourselves("open", directory.path(), pace.used)?;
    let (figures, ids) = said.split_once('\n').ok_or("nothing was opened")?;
    let ids: Vec<&str> = ids.lines().collect();

    let begun = clock.monotonic();
    let keystead = Keystead::start(directory.path())?;
    keystead.ask_one("GenerateDataKey", &body(&one))?;
    let first_answer = clock.monotonic().since(begun);
    thread::sleep(REST);
    let resident = process::resident(keystead.target().process)?;
    let used = compare(&keystead, &one, &ids, pace)?;
    keystead.end()?;
    Ok(Many {
        keys: pace.keys,
        fill,
        opened: serde_json::from_str(figures)?,
        first_answer,
        resident,
        used,
    })
}

/// All the keys in turn, and one of them alone.
fn compare(keystead: &Keystead, one: &str, ids: &[&str], pace: &Pace) -> Result<Compared, Stop> {
    let bodies = |key: &dyn Fn(usize) -> String| -> Vec<Vec<u8>> {
        let numbers = 0..ids.len();
        numbers
            .map(|number| body(&key(number)).to_string().into_bytes())
            .collect()
    };
    let all = bodies(&|number| ids.get(number).copied().unwrap_or(one).to_owned());
    let single = bodies(&|_| one.to_owned());
    let mut compared = Compared {
        name: "GenerateDataKey/keys".to_owned(),
        connections: CONNECTIONS,
        real: Vec::new(),
        bare: Vec::new(),
    };
    for _ in 0..pace.side_rounds {
        let requests = keystead.signed("GenerateDataKey", &all)?;
        let real = load::round(keystead.target(), &requests, CONNECTIONS, pace)?;
        let requests = keystead.signed("GenerateDataKey", &single)?;
        let bare = load::round(keystead.target(), &requests, CONNECTIONS, pace)?;
        eprintln!("{} of {} keys {real} | one key {bare}", ids.len(), pace.keys);
        compared.real.push(real);
        compared.bare.push(bare);
    }
    Ok(compared)
}

fn body(key: &str) -> serde_json::Value {
    json!({"KeyId": key, "KeySpec": "AES_256"})
}

/// Runs this program in another role, and gives what it printed.
fn ourselves(role: &str, directory: &Path, many: usize) -> Result<String, Stop> {
    let output = Command::new(std::env::current_exe()?)
        .arg(role)
        .arg(directory)
        .arg(many.to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => Err(format!("{role} failed: {}", output.status).into()),
    }
}
