//! What formats have in common, on the way from a file to records.
//!
//! `input` opens (`compression` decompresses, `sealed` knows what cannot be read), `text` decodes and cuts lines,
//! `records` cuts CSV records, of which `csv` takes the columns that `header` or the user names, `json` walks to the items of
//! an export, and `columns` reads Parquet and Arrow. `notation` hands a file to its format's reader, and
//! counts passwords in the notation of a tool. `assumption` is what was assumed about an input. Of a file whose format is not
//! certain `others` knows what it is, and `guess` the flags that read it.

#![forbid(unsafe_code)]

pub(crate) mod assumption;
#[cfg(feature = "parquet")]
pub(crate) mod columns;
mod compression;
pub(crate) mod csv;
pub(crate) mod guess;
pub(crate) mod header;
pub(crate) mod input;
pub(crate) mod json;
pub(crate) mod notation;
pub(crate) mod others;
mod records;
pub(crate) mod sealed;
pub(crate) mod text;

use breachdex::{Digest, Error, Kind};

use crate::error::{AuditError, LineFault, ReadOption, Result};
use crate::formats::Format;

pub use text::Encoding;

/// How the input is to be read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The format; `None` to tell by the file, where that is certain.
    pub format: Option<Format>,
    /// The encoding of text; `None` is UTF-8, or UTF-16 where a byte order mark or zero bytes say so.
    pub encoding: Option<Encoding>,
    /// The column of passwords or digests, for formats that let the user choose.
    pub column: Option<String>,
    /// The column of user names, for the same.
    pub user_column: Option<String>,
    /// The column holds digests of the index's kind, not passwords.
    pub digests: bool,
    /// The cell delimiter of CSV; `None` for the one with which the header has the columns, first of all a comma.
    pub delimiter: Option<u8>,
}

impl ReadOptions {
    /// Refuses what the format has no use for, so that no option is silently without effect.
    pub(crate) fn check(&self, format: Format) -> Result<()> {
        let misplaced = |option, reason| Err(AuditError::Misplaced { option, format: format.name(), reason });
        let own = "its columns are known";
        let spec = format.spec();
        match self {
            _ if self.encoding.is_some() && !spec.has_encoding => {
                misplaced(ReadOption::Encoding, "it says itself how its text is encoded")
            }
            _ if self.delimiter.is_some() && !spec.takes_delimiter => misplaced(ReadOption::Delimiter, own),
            _ if spec.takes_column && self.column.is_none() => Err(AuditError::NoColumnNamed {
                format: format.name(),
                what: if self.digests { "digests" } else { "passwords" },
            }),
            _ if spec.takes_column => Ok(()),
            _ if self.column.is_some() => misplaced(ReadOption::Column, own),
            _ if self.user_column.is_some() => misplaced(ReadOption::UserColumn, own),
            _ if self.digests && spec.holds_digests => {
                misplaced(ReadOption::Digests, "it holds digests anyway")
            }
            _ if self.digests => misplaced(ReadOption::Digests, "it holds passwords"),
            _ => Ok(()),
        }
    }
}

/// A digest from its digits.
pub(crate) fn digest(kind: Kind, digits: &[u8]) -> Result<Digest, LineFault> {
    Digest::from_hex(kind, digits).map_err(|error| match error {
        Error::InvalidDigest { found, .. } => LineFault::Width { expected: kind.hex_digits(), found },
        _ => LineFault::NotHex,
    })
}
