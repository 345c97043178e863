//! A results file: a head that says on what it was measured, then markdown tables.

#![forbid(unsafe_code)]

use std::fmt::{Display, Write as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::machine;

/// Markdown in the making.
pub struct Report {
    text: String,
}

impl Report {
    /// A report with its title and the head that says when and on what it was measured.
    pub fn new(title: &str) -> Self {
        let mut report = Self { text: format!("# {title}\n\n") };
        for (name, value) in machine::describe() {
            report.line(format_args!("- {name}: {value}"));
        }
        report
    }

    /// A report that continues another: no head.
    pub fn continued() -> Self {
        Self { text: String::new() }
    }

    /// A heading and a paragraph that says what is measured.
    pub fn section(&mut self, heading: &str, paragraph: &str) {
        self.line(format_args!("\n## {heading}\n\n{paragraph}"));
    }

    /// One line as it is.
    pub fn line(&mut self, line: impl Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    /// A table of rows under column names; the first column is text, the others are figures.
    pub fn table<const N: usize>(&mut self, columns: [&str; N], rows: &[[String; N]]) {
        let figures = "|---:".repeat(N.saturating_sub(1));
        self.line(format_args!("\n| {} |\n|---{figures}|", columns.join(" | ")));
        for row in rows {
            self.line(format_args!("| {} |", row.join(" | ")));
        }
    }

    /// The markdown so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Writes the report to standard output, and to a file where one is given, whose folder is made.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn publish(&self, file: Option<&Path>, append: bool) -> io::Result<()> {
        io::stdout().lock().write_all(self.text.as_bytes())?;
        let Some(path) = file else { return Ok(()) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut target = if append {
            OpenOptions::new().append(true).create(true).open(path)?
        } else {
            File::create(path)?
        };
        target.write_all(self.text.as_bytes())
    }
}

/// A line on standard error about what is being measured now.
pub fn announce(what: impl Display) {
    // Progress that cannot be shown is no reason to stop.
    let _ = writeln!(io::stderr(), "{what}");
}

/// Nanoseconds without decimals where they are many.
pub fn nanoseconds(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// A number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_markdown() {
        let mut report = Report::continued();
        report.section("Size", "Bytes.");
        report.table(["structure", "B"], &[["array".into(), "24".into()]]);
        assert_eq!(report.text(), "\n## Size\n\nBytes.\n\n| structure | B |\n|---|---:|\n| array | 24 |\n");
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!((nanoseconds(9.26), nanoseconds(312.4)), ("9.3".to_owned(), "312".to_owned()));
    }
}
