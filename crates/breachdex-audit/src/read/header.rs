//! The header rows of password managers' and browsers' CSV exports, and how they are told from others.

#![forbid(unsafe_code)]

/// One form of a product's CSV. Names are compared without regard to case.
#[derive(Debug)]
pub(crate) struct Header {
    /// Columns that only this product has together.
    pub(crate) signature: &'static [&'static str],
    /// Whether a header of this product has no columns besides the signature and these.
    pub(crate) only_with: Option<&'static [&'static str]>,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    /// The column that says what an item is, and what it says of a log-in.
    pub(crate) item: Option<(&'static str, &'static str)>,
    /// Quotes and backslashes within cells have a backslash before them, instead of doubled quotes.
    pub(crate) has_backslashes: bool,
}

impl Header {
    /// The usual names of columns, in CSV as RFC 4180 has it; the signature is missing.
    pub(crate) const PLAIN: Self = Self {
        signature: &[],
        only_with: None,
        user: "username",
        password: "password",
        item: None,
        has_backslashes: false,
    };

    /// Whether this is the header row.
    pub(crate) fn is_of(&self, line: &str) -> bool {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
        let Some(Ok(record)) = reader.records().next() else { return false };
        let header: Vec<String> = record.iter().map(|cell| cell.trim().to_lowercase()).collect();
        let has = |name: &&str| header.iter().any(|cell| cell == name);
        let knows = |cell: &String| {
            self.only_with.is_none_or(|more| self.signature.iter().chain(more).any(|name| cell == name))
        };
        self.signature.iter().all(has) && header.iter().all(knows)
    }
}
