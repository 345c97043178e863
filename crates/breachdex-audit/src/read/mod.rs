//! From a file to records: one module for each family of formats, all telling a [`Sink`] what they find.
//!
//! `input` opens, `text` decodes and cuts lines, `products` knows the columns of the password managers.

#![forbid(unsafe_code)]

mod bitwarden;
#[cfg(feature = "parquet")]
mod columns;
mod csv;
mod hashes;
pub(crate) mod input;
mod keepass;
pub(crate) mod ntlm;
pub(crate) mod products;
mod text;

use breachdex::Kind;

use crate::account::Sink;
use crate::error::{AuditError, Result};
use crate::format::Format;
use input::Opened;

pub use text::Encoding;

/// How the input is to be read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The format; `None` to tell by the file, where that is certain.
    pub format: Option<Format>,
    /// The encoding of text; `None` is UTF-8, or UTF-16 where a byte order mark says so.
    pub encoding: Option<Encoding>,
    /// The column of passwords or digests, for formats that let the user choose.
    pub column: Option<String>,
    /// The column of user names, for the same.
    pub user_column: Option<String>,
    /// The column holds digests of the index's kind, not passwords.
    pub digests: bool,
    /// What parts the cells of plain CSV; `None` is a comma.
    pub delimiter: Option<u8>,
}

impl ReadOptions {
    /// Refuses what the format has no use for, so that no flag is silently without effect.
    pub(crate) fn check(&self, format: Format) -> Result<()> {
        let misplaced = |flag, reason| Err(AuditError::Misplaced { flag, format: format.name(), reason });
        let own = "its columns are known";
        match self {
            _ if self.encoding.is_some() && !format.has_encoding() => {
                misplaced("--encoding", "it says itself how its text is encoded")
            }
            _ if self.delimiter.is_some() && format != Format::Csv => misplaced("--delimiter", own),
            _ if format.takes_column() && self.column.is_none() => Err(AuditError::NoColumnNamed {
                format: format.name(),
                what: if self.digests { "digests" } else { "passwords" },
            }),
            _ if format.takes_column() => Ok(()),
            _ if self.column.is_some() => misplaced("--column", own),
            _ if self.user_column.is_some() => misplaced("--user-column", own),
            _ if self.digests && matches!(format, Format::Ntlm | Format::Hashes) => {
                misplaced("--hash", "it holds digests anyway")
            }
            _ if self.digests => misplaced("--hash", "it holds passwords"),
            _ => Ok(()),
        }
    }
}

/// Reads everything and tells the sink.
pub(crate) fn read(
    input: Opened,
    format: Format,
    options: &ReadOptions,
    kind: Kind,
    sink: &mut dyn Sink,
) -> Result<()> {
    match format {
        Format::Ntlm => ntlm::read(input, options.encoding, kind, sink),
        Format::Hashes => hashes::read(input, options.encoding, kind, sink),
        Format::BitwardenJson => bitwarden::read(input, sink),
        Format::KeepassXml => keepass::read(input, sink),
        #[cfg(feature = "parquet")]
        Format::Parquet => columns::read_parquet(input, options, kind, sink),
        #[cfg(feature = "parquet")]
        Format::Arrow => columns::read_arrow(input, options, kind, sink),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet | Format::Arrow => Err(AuditError::NotBuiltIn { format }),
        Format::Csv
        | Format::BitwardenCsv
        | Format::OnePasswordCsv
        | Format::KeepassCsv
        | Format::ChromeCsv
        | Format::FirefoxCsv => csv::read(input, format, options, kind, sink),
    }
}
