//! The file that the demo protects.

/// A word that a stranger would search for; every line of the file has it.
pub(super) const PHRASE: &str = "Confidential";

const LINES: usize = 100_000;

/// A financial report as a table of some 6 MB, the same at each run.
pub(super) fn report() -> String {
    const CITIES: [&str; 8] = [
        "Lisbon", "Osaka", "Vienna", "Quito", "Tunis", "Perth", "Oslo", "Pune",
    ];
    let mut text = String::with_capacity(LINES * 64);
    let mut state: u32 = 2025;
    for (number, city) in CITIES.iter().cycle().take(LINES).enumerate() {
        // Any spread of amounts does. Source of the constants: Numerical Recipes, "Quick and Dirty Generators".
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (month, day) = (number / 8400 % 12 + 1, number / 300 % 28 + 1);
        let (whole, cents) = (state >> 12, state % 100);
        let line =
            format!("2025-{month:02}-{day:02},{city},invoice {number:06},{PHRASE},EUR {whole}.{cents:02}\n");
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_several_megabytes_and_the_phrase_is_on_each_line() {
        let report = report();
        assert!(report.len() > 5_000_000, "{}", report.len());
        assert_eq!(report.lines().count(), LINES);
        assert!(report.lines().all(|line| line.contains(PHRASE)));
    }
}
