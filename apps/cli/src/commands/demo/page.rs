//! How the demo's screen is laid out.

use std::io::Write;

use super::error::DemoError;

/// Columns before the text of a step.
const MARGIN: usize = 14;

/// What the demo prints on.
pub(super) struct Page<W> {
    out: W,
    steps: usize,
}

impl<W: Write> Page<W> {
    pub(super) fn new(out: W) -> Page<W> {
        Page { out, steps: 0 }
    }

    /// A numbered step: its name, and lines about what it shows.
    pub(super) fn step<L: AsRef<str>>(&mut self, name: &str, lines: &[L]) -> Result<(), DemoError> {
        self.steps += 1;
        let mut label = format!("{:>2} {name}", self.steps);
        for line in lines {
            writeln!(self.out, "{label:<MARGIN$}{}", line.as_ref())?;
            label.clear();
        }
        Ok(self.out.flush()?)
    }

    /// A line that belongs to the step before it.
    pub(super) fn more(&mut self, text: &str) -> Result<(), DemoError> {
        Ok(writeln!(self.out, "{:<MARGIN$}{text}", "")?)
    }

    pub(super) fn line(&mut self, text: &str) -> Result<(), DemoError> {
        writeln!(self.out, "{text}")?;
        Ok(self.out.flush()?)
    }

    pub(super) fn blank(&mut self) -> Result<(), DemoError> {
        self.line("")
    }
}

/// A number with its thousands apart: `6,400,000`.
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Enough of an identifier to tell it from others.
pub(super) fn short(identifier: &str) -> String {
    identifier.chars().take(8).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_and_their_text_lines_up() {
        let mut out = Vec::new();
        let mut page = Page::new(&mut out);
        page.step("Key", &["one", "two"]).unwrap();
        page.step("Disable", &["three"]).unwrap();
        page.more("four").unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            " 1 Key        one\n              two\n 2 Disable    three\n              four\n"
        );
    }

    #[test]
    fn thousands_stand_apart() {
        let written = [0, 999, 1000, 123_456, 1_234_567].map(count);
        assert_eq!(written, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }
}
