//! What ran, how it went and how long it took.

use std::time::{Duration, Instant};

/// Tests counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed, and suites that broke off.
    pub(crate) failed: u64,
    /// Tests that did not run.
    pub(crate) skipped: u64,
}

impl Tally {
    /// One thing that is either well or not.
    pub(crate) fn of(well: bool) -> Tally {
        Tally {
            passed: u64::from(well),
            failed: u64::from(!well),
            skipped: 0,
        }
    }

    /// Adds another count to this one.
    pub(crate) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// One row of the table at the end of a run.
#[derive(Debug)]
pub(crate) struct Suite {
    /// What a reader would look for.
    pub(crate) name: String,
    /// How it went.
    pub(crate) tally: Tally,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Prints the table, then the line that sums it; true when nothing failed.
pub(crate) fn report(suites: &[Suite]) -> bool {
    let mut total = Tally::default();
    println!(
        "\n{:>8}  {:>7} {:>7} {:>7}  suite",
        "minutes", "passed", "failed", "skipped"
    );
    for suite in suites {
        total.add(suite.tally);
        let minutes = suite.took.as_secs_f64() / 60.0;
        let Tally {
            passed,
            failed,
            skipped,
        } = suite.tally;
        println!(
            "{minutes:>8.2}  {passed:>7} {failed:>7} {skipped:>7}  {}",
            suite.name
        );
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    total.failed == 0
}

/// A stopwatch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch(Instant);

impl Watch {
    /// Starts it.
    #[allow(
        clippy::disallowed_methods,
        reason = "measures how long tests take; no product code depends on it"
    )]
    pub(crate) fn start() -> Watch {
        Watch(Instant::now())
    }

    /// Time since the start.
    pub(crate) fn read(self) -> Duration {
        self.0.elapsed()
    }
}
