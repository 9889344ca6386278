//! What a run does, in order.

use ambient::{Clock, SystemClock};
use tempfile::TempDir;

use crate::arguments::{Arguments, Name, Pace};
use crate::bare::Bare;
use crate::callers;
use crate::client::Connection;
use crate::crowd;
use crate::decisions;
use crate::keys;
use crate::keystead::Keystead;
use crate::load;
use crate::paired;
use crate::process;
use crate::report::{self, Compared};
use crate::start;
use crate::stop::Stop;
use crate::work::{self, WORKS, Work};

/// Measures what was asked for, prints it, and writes the rates.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Stop> {
    let pace = arguments.pace();
    println!("{}", SystemClock::start().now());
    println!("{}", process::machine());
    println!(
        "{} pairs of rounds of {} s at the most connections, {} at fewer; {} signed requests in a circle",
        pace.rounds,
        pace.counted.as_secs_f64(),
        pace.side_rounds,
        work::REQUESTS,
    );
    println!("load average before: {}", process::load_average());
    let mut all = Vec::new();
    for work in WORKS.iter().filter(|work| arguments.wants(work.name)) {
        all.extend(compare(work, &pace)?);
    }
    all.extend(paired::measure(arguments, &pace)?);
    all.extend(callers::measure(arguments, &pace)?);
    if arguments.wants(Name::Crowd) {
        all.push(crowd::measure(&pace)?);
    }
    if !all.is_empty() {
        println!("\n{}", report::table(&all));
    }
    if arguments.wants(Name::Decisions) {
        for decided in decisions::measure()? {
            println!("{}", report::of_decisions(&decided));
        }
    }
    if arguments.wants(Name::Start) {
        let start = start::measure(&pace)?;
        println!(
            "- a small data directory: {:.0} ms to the first answer, {:.1} MiB resident when idle",
            start.first_answer.as_secs_f64() * 1e3,
            start.resident as f64 / f64::from(1 << 20),
        );
    }
    if arguments.wants(Name::Keys) {
        let many = keys::measure(&pace)?;
        println!("{}", report::of_many(&many));
        all.push(many.used);
    }
    match &arguments.json {
        Some(path) => report::write(path, &all),
        None => Ok(()),
    }
}

/// A server and the requests for it.
struct Stage {
    keystead: Keystead,
    bodies: Vec<Vec<u8>>,
    _directory: TempDir,
}

impl Stage {
    fn set(work: &Work) -> Result<Stage, Stop> {
        let directory = tempfile::tempdir()?;
        let keystead = Keystead::start(directory.path())?;
        Ok(Stage {
            bodies: work.bodies(&keystead)?,
            keystead,
            _directory: directory,
        })
    }
}

/// Both servers in turns, with one kind of work.
fn compare(work: &Work, pace: &Pace) -> Result<Vec<Compared>, Stop> {
    let mut stage = Stage::set(work)?;
    let one = stage.bodies.get(..1).unwrap_or_default();
    let answer_bytes = stage
        .keystead
        .ask(work.operation, one)?
        .first()
        .map_or(0, Vec::len);
    let bare = Bare::start(answer_bytes)?;
    eprintln!(
        "{}: {} bytes in, {answer_bytes} out; {} and {}",
        work.operation,
        one.first().map_or(0, Vec::len),
        agreed(stage.keystead.target())?,
        agreed(bare.target())?,
    );
    let headline = work.connections.first().copied().unwrap_or_default();
    let mut all = Vec::new();
    for &connections in work.connections {
        let is_headline = connections == headline;
        let rounds = if is_headline {
            pace.rounds
        } else {
            pace.side_rounds
        };
        let name = match is_headline {
            true => work.operation.to_owned(),
            false => format!("{}/{connections}", work.operation),
        };
        let mut compared = Compared {
            name,
            connections,
            real: Vec::with_capacity(rounds),
            bare: Vec::with_capacity(rounds),
        };
        for _ in 0..rounds {
            // Made anew for each round: a signature lasts for five minutes.
            let requests = stage.keystead.signed(work.operation, &stage.bodies)?;
            let real = load::round(stage.keystead.target(), &requests, connections, pace)?;
            let bare = load::round(bare.target(), &requests, connections, pace)?;
            eprintln!("{:<18} {real} | bare {bare}", compared.name);
            compared.real.push(real);
            compared.bare.push(bare);
            if work.fills_up {
                stage.keystead.end()?;
                stage = Stage::set(work)?;
            }
        }
        all.push(compared);
    }
    stage.keystead.end()?;
    Ok(all)
}

/// The cipher suite and key exchange of a connection.
fn agreed(target: &load::Target) -> Result<String, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let connection = runtime.block_on(Connection::open(target.address, target.tls.clone()))?;
    Ok(connection.agreed())
}
