//! The header rows of password managers' and browsers' CSV exports, and how they are told from others.

#![forbid(unsafe_code)]

use super::records::{Dialect, split_line};

/// The delimiters that are tried, the usual one first.
pub(crate) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// One form of a product's CSV. Names are compared without regard to case.
#[derive(Debug)]
pub(crate) struct Header {
    /// Columns that only this product has together.
    pub(crate) signature: &'static [&'static str],
    /// Whether a header of this product has no columns besides the signature and these.
    pub(crate) only_with: Option<&'static [&'static str]>,
    pub(crate) user: &'static str,
    /// Columns that name the account where the first is empty; a header may lack them.
    pub(crate) other_users: &'static [&'static str],
    pub(crate) password: &'static str,
    /// The column that says what an item is, and what it says of a log-in.
    pub(crate) item: Option<(&'static str, &'static str)>,
    /// Quotes and backslashes within cells have a backslash before them, instead of doubled quotes.
    pub(crate) has_backslashes: bool,
    /// Rows may have more cells than the header.
    pub(crate) is_ragged: bool,
    /// Rows may end with a delimiter, which makes one more cell than the header has, an empty one.
    pub(crate) ends_with_delimiter: bool,
    /// Columns that rows have behind those of the header, which does not name them.
    pub(crate) unnamed: &'static [&'static str],
    /// An apostrophe goes before values that a spreadsheet would take for formulas.
    pub(crate) has_apostrophes: bool,
    /// A row is a title and then pairs of a field's name and its value. The names are those of `user`, `other_users` and
    /// `password`, and the header says none of them.
    pub(crate) has_pairs: bool,
    /// The column whose cells hold lines `name:value`. The names are those of `user`, `other_users` and `password`.
    pub(crate) lines_in: Option<&'static str>,
    /// The product writes no header: where the user and the password are, and the fewest cells of a row.
    pub(crate) fixed: Option<(usize, usize, usize)>,
}

impl Header {
    /// The usual names of columns, in CSV as RFC 4180 has it; the signature is missing.
    pub(crate) const PLAIN: Self = Self {
        signature: &[],
        only_with: None,
        user: "username",
        other_users: &[],
        password: "password",
        item: None,
        has_backslashes: false,
        is_ragged: false,
        ends_with_delimiter: false,
        unnamed: &[],
        has_apostrophes: false,
        has_pairs: false,
        lines_in: None,
        fixed: None,
    };

    /// Whether this line is the header row, with any of the usual delimiters.
    pub(crate) fn is_of(&self, line: &str) -> bool {
        DELIMITERS.iter().any(|delimiter| {
            let dialect = Dialect { delimiter: *delimiter, has_backslashes: self.has_backslashes };
            split_line(line.as_bytes(), dialect).is_some_and(|cells| {
                let names = cells.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_lowercase());
                self.fits(&names.collect::<Vec<_>>())
            })
        })
    }

    /// Whether these are the header's columns, in lower case.
    pub(crate) fn fits(&self, header: &[String]) -> bool {
        let has = |name: &&str| header.iter().any(|cell| cell == name);
        // A spreadsheet writes empty cells behind the last column.
        let knows = |cell: &String| {
            let names = |more: &[&str]| self.signature.iter().chain(more).any(|name| cell == name);
            self.only_with.is_none_or(|more| cell.is_empty() || names(more))
        };
        let is_twice = |name: &str| header.iter().filter(|cell| *cell == name).count() > 1;
        self.fixed.is_none()
            && self.signature.iter().all(has)
            && header.iter().all(knows)
            && !is_twice(self.user)
            && !is_twice(self.password)
    }
}
