//! What a run prints and writes.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::decisions::{BUDGET, Decided};
use crate::figures::{Round, median};
use crate::keys::Many;
use crate::stop::Stop;
use crate::stored::Opened;

/// A line on decisions, each by its budget.
pub(crate) fn of_decisions(decided: &Decided) -> String {
    let [cached, cold] = [decided.cached, decided.cold].map(|time| time.as_secs_f64() * 1e6);
    let [of_cached, of_cold] = BUDGET.map(|time| time.as_secs_f64() * 1e6);
    format!(
        "- a decision by 10 policies of 20 statements, {}: {cached:.1} µs, {:.2} of its budget; with reading them {cold:.0} µs, {:.2} \
         of its budget",
        decided.name,
        cached / of_cached,
        cold / of_cold,
    )
}

/// One kind of work with so many connections: the rounds of the server and of what it is compared with, in turns.
#[derive(Debug)]
pub(crate) struct Compared {
    /// The operation; behind a `/` the connections, where they are not those of the headline, or what it works with.
    pub(crate) name: String,
    pub(crate) connections: usize,
    pub(crate) real: Vec<Round>,
    /// Of the bare server, unless the work says otherwise.
    pub(crate) bare: Vec<Round>,
}

/// A line of the JSON file.
#[derive(Debug, Serialize)]
struct Line<'a> {
    name: &'a str,
    /// Answers a second.
    rate: f64,
    /// Of what it is compared with.
    baseline_rate: f64,
    ratio: f64,
    p50_us: f64,
    p99_us: f64,
}

impl Compared {
    fn line(&self) -> Line<'_> {
        let rate = median(self.real.iter().map(|round| round.rate));
        let baseline_rate = median(self.bare.iter().map(|round| round.rate));
        Line {
            name: &self.name,
            rate: rounded(rate, 1.0),
            baseline_rate: rounded(baseline_rate, 1.0),
            ratio: rounded(rate / baseline_rate.max(1.0), 1000.0),
            p50_us: middle(&self.real, |round| round.p50),
            p99_us: middle(&self.real, |round| round.p99),
        }
    }

    /// The least and the greatest ratio of two rounds that ran one after the other.
    fn spread(&self) -> (f64, f64) {
        let pairs = self.real.iter().zip(&self.bare);
        let ratios = pairs.map(|(real, bare)| real.rate / bare.rate.max(1.0));
        ratios.fold((f64::MAX, 0.0), |(least, most), ratio| {
            (least.min(ratio), most.max(ratio))
        })
    }
}

/// A median over rounds, in microseconds.
fn middle(rounds: &[Round], figure: fn(&Round) -> Duration) -> f64 {
    rounded(median(rounds.iter().map(figure)).as_secs_f64() * 1e6, 10.0)
}

fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

/// The rates as a table in Markdown.
pub(crate) fn table(all: &[Compared]) -> String {
    let mut text = "| work | connections | req/s | bare req/s | ratio | its spread | p50 µs | p99 µs | bare p50 µs | \
                    bare p99 µs | core-µs a request | bare core-µs |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for compared in all {
        let line = compared.line();
        let (least, most) = compared.spread();
        text += &format!(
            "| {} | {} | {:.0} | {:.0} | {:.2} | {least:.2}–{most:.2} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} |\n",
            compared.name,
            compared.connections,
            line.rate,
            line.baseline_rate,
            line.ratio,
            line.p50_us,
            line.p99_us,
            middle(&compared.bare, |round| round.p50),
            middle(&compared.bare, |round| round.p99),
            middle(&compared.real, |round| round.core),
            middle(&compared.bare, |round| round.core),
        );
    }
    text
}

/// What very many keys cost, as a list in Markdown.
pub(crate) fn of_many(many: &Many) -> String {
    let Opened {
        load_s,
        resident,
        cold_p50_us,
        cold_p99_us,
        warm_p50_us,
    } = many.opened;
    let line = many.used.line();
    let (least, most) = many.used.spread();
    let a_key = |bytes: u64| bytes as f64 / many.keys as f64;
    format!(
        "- {} keys, written by a generator in {:.1} s\n\
         - the store opens in {load_s:.1} s and takes {:.0} bytes of memory a key\n\
         - a key that was not opened before opens in {cold_p50_us:.1} µs (p99 {cold_p99_us:.1} µs), \
         one out of the caches in {warm_p50_us:.1} µs\n\
         - the server starts in {:.1} s to the first answer, and then holds {:.0} MiB: {:.0} bytes a key\n\
         - GenerateDataKey with evenly drawn keys: {:.0}/s, with one key {:.0}/s: {:.2} ({least:.2}–{most:.2})",
        many.keys,
        many.fill.as_secs_f64(),
        a_key(resident),
        many.first_answer.as_secs_f64(),
        many.resident as f64 / f64::from(1 << 20),
        a_key(many.resident),
        line.rate,
        line.baseline_rate,
        line.ratio,
    )
}

/// Writes the rates as a list in JSON.
pub(crate) fn write(path: &Path, all: &[Compared]) -> Result<(), Stop> {
    let lines: Vec<Line<'_>> = all.iter().map(Compared::line).collect();
    let mut text = serde_json::to_string_pretty(&lines)?;
    text.push('\n');
    std::fs::write(path, text).map_err(|cause| format!("{}: {cause}", path.display()).into())
}
