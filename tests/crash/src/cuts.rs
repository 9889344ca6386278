//! Power cuts at every step of a recorded run.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use server::config::Tls;
use testkit::{Log, Loss, Replay, Step, Tree};

use crate::call::Call;
use crate::client::{Access, Client, address_of};
use crate::host;
use crate::import::Parameters;
use crate::ledger::{Ledger, as_of};
use crate::records;
use crate::survey::{Survey, enable_all, prove_all};

/// Steps whose states are made before any is looked at, where the first complaint ends the search.
const PORTION: usize = 64;
/// Where the data directory is below what is recorded.
pub const DATA: &str = "data";

/// What clients were told in a recorded run.
#[derive(Debug, Default)]
pub struct Told {
    /// Their calls.
    pub calls: Vec<Call>,
    /// The step by which the server had said that it was ready, and the access key that it had made.
    pub ready: Option<(u64, Access)>,
}

/// A state that a power cut can leave, after any step from the first to the last.
pub struct State {
    /// What is on the disk.
    pub tree: Tree,
    /// The last step of those after which a cut can leave it.
    pub last: u64,
    /// How it came about, for reading a failure.
    pub origin: String,
}

/// What power cuts leave after each of the steps: with all that no flush covers lost, with all of it kept, and torn,
/// as many ways as there are seeds. Each state once. The first number is how many cuts there were.
pub fn states<'l>(
    log: &'l Log,
    mut replay: Replay<'l>,
    chosen: impl Fn(&Step) -> bool,
    tears: u64,
) -> (usize, Vec<State>) {
    let steps: Vec<&Step> = log
        .steps()
        .iter()
        .filter(|step| step.matters() && chosen(step))
        .collect();
    states_after(&steps, &mut replay, tears)
}

fn states_after(steps: &[&Step], replay: &mut Replay<'_>, tears: u64) -> (usize, Vec<State>) {
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut states: Vec<State> = Vec::new();
    let mut cuts = 0;
    for step in steps {
        replay.advance(step.sequence).unwrap();
        let torn = (0..tears).map(|tear| Loss::Torn {
            seed: step.sequence * tears + tear,
        });
        for loss in [Loss::Everything, Loss::Nothing].into_iter().chain(torn) {
            cuts += 1;
            let tree = replay.power_cut(loss);
            match places.entry(tree.fingerprint()) {
                Entry::Occupied(place) => states[*place.get()].last = step.sequence,
                Entry::Vacant(place) => {
                    place.insert(states.len());
                    let (sequence, operation, path) = (step.sequence, step.operation, &step.path);
                    states.push(State {
                        tree,
                        last: step.sequence,
                        origin: format!("after step {sequence} ({operation:?} {path}), {loss:?}"),
                    });
                }
            }
        }
    }
    (cuts, states)
}

/// Looks into states, and remembers what it saw.
///
/// Each state is put on a disk, and a server is started on it: it has to recover, and its log has to hold the records
/// that it should. What the server then shows follows from the rows of its store, which few states differ in; so
/// keys, aliases and proofs are looked at once for equal rows and equal expectations.
pub struct Examiner<'t> {
    told: &'t Told,
    compared: Mutex<HashSet<u64>>,
    parameters: Parameters,
}

impl<'t> Examiner<'t> {
    /// One that knows what the clients were told.
    pub fn of(told: &'t Told) -> Examiner<'t> {
        Examiner {
            told,
            compared: Mutex::default(),
            parameters: Parameters::default(),
        }
    }

    /// How many different stores it looked at in full.
    pub fn compared(&self) -> usize {
        self.compared.lock().unwrap().len()
    }

    /// Checks all of the states on two threads, and gives the complaints; no more than one of each thread if
    /// `one_is_enough`.
    pub fn complaints(&self, states: &[State], one_is_enough: bool) -> Vec<String> {
        let (next, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
        let found = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(state) = states.get(next.fetch_add(1, Ordering::Relaxed))
                        && !enough.load(Ordering::Relaxed)
                    {
                        if let Err(why) = self.check(state) {
                            enough.store(one_is_enough, Ordering::Relaxed);
                            found.lock().unwrap().push(format!("{}: {why}", state.origin));
                        }
                    }
                });
            }
        });
        found.into_inner().unwrap()
    }

    /// What is wrong with one of the first states with which something is: for planted faults, which show early.
    pub fn first_complaint<'l>(
        &self,
        log: &'l Log,
        mut replay: Replay<'l>,
        chosen: impl Fn(&Step) -> bool,
    ) -> Option<String> {
        let steps: Vec<&Step> = log
            .steps()
            .iter()
            .filter(|step| step.matters() && chosen(step))
            .collect();
        steps.chunks(PORTION).find_map(|portion| {
            let (_, states) = states_after(portion, &mut replay, 1);
            self.complaints(&states, true).pop()
        })
    }

    /// Checks one state.
    pub fn check(&self, state: &State) -> Result<(), String> {
        let rows = rows(&state.tree);
        let place = crate::scratch();
        state.tree.write_to(place.path()).unwrap();
        let data = &place.path().join(DATA);
        let server = host::start(data, Tls::Off).map_err(|why| format!("no start: {why}"))?;
        let access = match &self.told.ready {
            Some((ready, access)) if *ready <= state.last => access.clone(),
            _ => Access::of(data)?,
        };
        // Every start that ends well leaves the operator a key; what the store knows of it is of no use without the file.
        let operator = Access::of_operator(data);
        let calls = as_of(&self.told.calls, state.last);
        let wrong = self.wrong(&server.url, &access, data, &calls, rows);
        server.stop();
        operator?;
        match wrong {
            Ok(wrong) if wrong.is_empty() => Ok(()),
            Ok(wrong) => Err(wrong.join("\n    ")),
            Err(why) => Err(why),
        }
    }

    fn wrong(
        &self,
        url: &str,
        access: &Access,
        data: &Path,
        calls: &[Call],
        rows: Option<u64>,
    ) -> Result<Vec<String>, String> {
        let client = Client::connect(address_of(url), access).map_err(|cause| cause.to_string())?;
        let mut clients = [client];
        // Its record comes after those that the start brought over from the store.
        clients[0].ok("ListKeys", &json!({"Limit": 1}))?;
        let records = records::read(data, 0)?;
        let mut ledger = Ledger::default();
        let mut wrong = ledger.settle(calls, &records);
        let known = rows.map(|rows| {
            let mut hasher = DefaultHasher::new();
            (rows, &access.id, &ledger.keys, &ledger.registers).hash(&mut hasher);
            ledger.proofs.len().hash(&mut hasher);
            hasher.finish()
        });
        if known.is_some_and(|known| self.compared.lock().unwrap().contains(&known)) {
            return Ok(wrong);
        }
        let survey = Survey::of(&mut clients, |_| true)?;
        wrong.extend(ledger.compare(&survey));
        enable_all(&mut clients[0], &survey, &ledger, &self.parameters)?;
        wrong.extend(prove_all(&mut clients, &ledger.proofs()));
        if let Some(known) = known.filter(|_| wrong.is_empty()) {
            self.compared.lock().unwrap().insert(known);
        }
        Ok(wrong)
    }
}

/// A hash over the rows that SQLite finds in the store; `None` where it finds none.
fn rows(tree: &Tree) -> Option<u64> {
    let place = crate::scratch();
    let copy = |name: &str| {
        let bytes = tree.file(&format!("{DATA}/store/{name}"))?;
        std::fs::write(place.path().join(name), bytes).ok()
    };
    copy("keystead.db")?;
    copy("keystead.db-wal");
    let hash = || -> rusqlite::Result<u64> {
        let database = rusqlite::Connection::open(place.path().join("keystead.db"))?;
        database.pragma_update(None, "synchronous", "OFF")?;
        let mut hasher = DefaultHasher::new();
        let mut select = database.prepare("SELECT key, revision, value FROM rows ORDER BY key")?;
        let mut rows = select.query(())?;
        while let Some(row) = rows.next()? {
            (
                row.get_ref(0)?.as_blob()?,
                row.get::<_, i64>(1)?,
                row.get_ref(2)?.as_blob()?,
            )
                .hash(&mut hasher);
        }
        Ok(hasher.finish())
    };
    hash().ok()
}
