//! Reads what `cargo test --no-fail-fast` prints.

use std::time::Duration;

use crate::suites::{Suite, Tally, Watch};

/// Collects a row for each test binary, line by line.
///
/// A binary that dies before its summary counts as one failure; a binary without libtest's harness, which prints no
/// summary, counts as one test; a run that fails without any failure seen (the build broke) counts as one failure.
#[derive(Debug)]
pub(crate) struct CargoTest {
    done: Vec<Suite>,
    open: Option<Section>,
    building: Watch,
    built: Option<Duration>,
}

#[derive(Debug)]
struct Section {
    name: String,
    tally: Tally,
    summaries: u32,
    broke: bool,
    watch: Watch,
}

impl CargoTest {
    /// Begins with cargo building the tests.
    pub(crate) fn start() -> CargoTest {
        CargoTest {
            done: Vec::new(),
            open: None,
            building: Watch::start(),
            built: None,
        }
    }

    /// Takes the next line.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(name) = heading(line) {
            self.close();
            self.built.get_or_insert_with(|| self.building.read());
            self.open = Some(Section {
                name,
                tally: Tally::default(),
                summaries: 0,
                broke: false,
                watch: Watch::start(),
            });
        } else if let Some(tally) = summary(line) {
            if let Some(section) = &mut self.open {
                section.tally.add(tally);
                section.summaries += 1;
            }
        } else if (line.starts_with("error: test failed") || line.starts_with("error: doctest failed"))
            && let Some(section) = &mut self.open
        {
            section.broke = true;
        }
    }

    /// Ends with cargo's own verdict.
    pub(crate) fn finish(mut self, well: bool) -> Vec<Suite> {
        self.close();
        let failed: u64 = self.done.iter().map(|suite| suite.tally.failed).sum();
        let building = Suite {
            name: "build of the tests".to_owned(),
            tally: Tally {
                failed: u64::from(!well && failed == 0),
                ..Tally::default()
            },
            took: self.built.unwrap_or_else(|| self.building.read()),
        };
        std::iter::once(building).chain(self.done).collect()
    }

    fn close(&mut self) {
        let Some(mut section) = self.open.take() else {
            return;
        };
        if section.summaries == 0 {
            section.tally = Tally::of(!section.broke);
        } else if section.broke && section.tally.failed == 0 {
            section.tally.failed = 1;
        }
        self.done.push(Suite {
            name: section.name,
            tally: section.tally,
            took: section.watch.read(),
        });
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/arn-0123456789abcdef)` or `Doc-tests arn`.
fn heading(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{name} (examples in its docs)"));
    }
    let (what, binary) = line
        .strip_prefix("Running ")?
        .strip_suffix(')')?
        .split_once(" (")?;
    let file = binary.rsplit('/').next()?;
    let (name, _hash) = file.rsplit_once('-')?;
    Some(match what.strip_prefix("unittests ") {
        Some(_) => name.to_owned(),
        None => format!("{name} ({what})"),
    })
}

/// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn summary(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| {
        counts
            .split("; ")
            .find_map(|part| part.strip_suffix(what)?.trim_end().parse::<u64>().ok())
    };
    Some(Tally {
        passed: count("passed")?,
        failed: count("failed")?,
        skipped: count("ignored").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(well: bool, text: &str) -> (Tally, Vec<(String, Tally)>) {
        let mut run = CargoTest::start();
        text.lines().for_each(|line| run.line(line));
        let mut total = Tally::default();
        let rows: Vec<(String, Tally)> = run
            .finish(well)
            .into_iter()
            .map(|suite| (suite.name, suite.tally))
            .collect();
        rows.iter().for_each(|(_, tally)| total.add(*tally));
        (total, rows)
    }

    const GOOD: &str = "   Compiling arn v0.1.0
    Finished `test` profile in 2.02s
     Running unittests src/lib.rs (target/debug/deps/arn-79df66a8f9f7aaa5)
test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/crash.rs (target/debug/deps/crash-79df66a8f9f7aaa5)
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests arn
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn summaries_are_summed_by_binary() {
        let (total, rows) = read(true, GOOD);
        assert_eq!(
            total,
            Tally {
                passed: 11,
                failed: 0,
                skipped: 1
            }
        );
        let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "build of the tests",
                "arn",
                "crash (tests/crash.rs)",
                "arn (examples in its docs)"
            ]
        );
    }

    #[test]
    fn failures_are_counted_once() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/arn-0)
test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
error: test failed, to rerun pass `-p arn --lib`
error: 1 target failed:
    `-p arn --lib`
";
        assert_eq!(
            read(false, text).0,
            Tally {
                passed: 5,
                failed: 2,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_binary_that_dies_counts_as_a_failure() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/arn-0)
running 3 tests
error: test failed, to rerun pass `-p arn --lib`

Caused by:
  process didn't exit successfully: `arn-0` (signal: 6, SIGABRT: process abort signal)
     Running unittests src/lib.rs (target/debug/deps/model-0)
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        assert_eq!(
            read(false, text).0,
            Tally {
                passed: 4,
                failed: 1,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_binary_that_dies_after_its_summary_counts_as_a_failure() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/arn-0)
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
error: test failed, to rerun pass `-p arn --lib`
";
        assert_eq!(
            read(false, text).0,
            Tally {
                passed: 4,
                failed: 1,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_binary_without_the_harness_counts_as_one_test() {
        let text = "     Running tests/own.rs (target/debug/deps/own-0)\n200 rounds survived\n";
        assert_eq!(
            read(true, text).0,
            Tally {
                passed: 1,
                failed: 0,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_build_that_breaks_counts_as_a_failure() {
        let text = "error[E0425]: cannot find value `x`\nerror: could not compile `arn` (lib test)\n";
        assert_eq!(
            read(false, text).0,
            Tally {
                passed: 0,
                failed: 1,
                skipped: 0
            }
        );
    }
}
