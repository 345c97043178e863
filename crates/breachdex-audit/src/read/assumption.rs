//! What was assumed about an input that the user did not say.

#![forbid(unsafe_code)]

use std::fmt;

use breachdex::text::{Places, hex_notation_within};

/// What was assumed about an input, or explains what could not be used of it. The text is for standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assumption {
    /// The first line of the file, `sep=`, names the delimiter.
    SeparatorLine(u8),
    /// The header has the columns with this delimiter only.
    Delimiter(u8),
    /// The text is in this encoding, by its byte order mark or its zero bytes.
    Encoding(&'static str),
    /// The input was compressed.
    Compressed(&'static str),
    /// Passwords are written as hashcat writes those that hold a colon or no text, `$HEX[...]`.
    HexNotation {
        /// How many, and the number of the first.
        passwords: Places,
        /// What the number counts: `line`, `row`, `item`, `entry`.
        unit: &'static str,
    },
    /// Passwords hold `&amp;`, `&lt;` or `&gt;`, as an export has them that was copied from a web page.
    Escaped(Places),
    /// Passwords are numbers as a spreadsheet shows long ones, `2.9065E+13`, whose digits are gone.
    Rounded(Places),
    /// Passwords are formulas that give a text, `="0123"`, which keep a spreadsheet from changing numbers.
    Formula(Places),
    /// Several records have the same number of cells, which is not the header's.
    Width {
        /// Cells of the header.
        expected: u64,
        /// Cells of the records.
        found: u64,
        /// How many records.
        records: u64,
    },
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeparatorLine(delimiter) => {
                write!(f, "its first line says that the delimiter is {}", delimiter_name(*delimiter))
            }
            Self::Delimiter(delimiter) => {
                write!(f, "read with the delimiter {}, by its header", delimiter_name(*delimiter))
            }
            Self::Encoding(encoding) => write!(f, "read as {encoding}, by its first bytes"),
            Self::HexNotation { passwords, unit } => f.write_str(&hex_notation_within(*passwords, unit)),
            Self::Escaped(Places { count: passwords, first }) => write!(
                f,
                "{passwords} of its passwords {} &amp;, &lt; or &gt; (the first is line {first}), which some exports of \
                 LastPass have for &, < and >: replace these in the file if so, or export again in the web vault",
                if *passwords == 1 { "holds" } else { "hold" }
            ),
            Self::Rounded(Places { count: passwords, first }) => write!(
                f,
                "{passwords} of its passwords {} like 2.5E+11 (the first is line {first}), which a spreadsheet makes of long \
                 numbers when it saves a file: export again, and do not open the file in a spreadsheet",
                if *passwords == 1 { "looks" } else { "look" }
            ),
            Self::Formula(Places { count: passwords, first }) => write!(
                f,
                "{passwords} of its passwords {} like =\"0123\" (the first is line {first}), as for a spreadsheet, and {} \
                 looked up so: export again, or remove what is around them",
                if *passwords == 1 { "looks" } else { "look" },
                if *passwords == 1 { "was" } else { "were" }
            ),
            Self::Compressed(format) => write!(f, "decompressed ({format})"),
            Self::Width { expected, found, records } if found > expected => write!(
                f,
                "{records} rows have {found} cells and the header {expected}: add the missing column names to the first \
                 line, or quote cells that contain the delimiter"
            ),
            Self::Width { expected, found, records } => write!(
                f,
                "{records} rows have {found} cells and the header {expected}: the first line may be no header, or belong \
                 to another table"
            ),
        }
    }
}

/// A delimiter as people call it.
pub(crate) fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b'\t' => String::from("tab"),
        b';' => String::from("semicolon"),
        b',' => String::from("comma"),
        b'|' => String::from("|"),
        other => char::from(other).to_string(),
    }
}
