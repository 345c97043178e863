//! The formats that can be read, and when a file's format is certain.

#![forbid(unsafe_code)]

use std::path::Path;

use crate::error::{AuditError, Result};
use crate::read::products::{self, Product};

/// A format of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `user:rid:lm:nt:::` as secretsdump and pwdump write it, or `user:hash`.
    Ntlm,
    /// One digest in hex a line.
    Hashes,
    /// Bitwarden's unencrypted JSON.
    BitwardenJson,
    /// Bitwarden's CSV, of a person or an organisation.
    BitwardenCsv,
    /// 1Password's CSV.
    OnePasswordCsv,
    /// KeePass 2 and KeePassXC's XML.
    KeepassXml,
    /// KeePass and KeePassXC's CSV.
    KeepassCsv,
    /// Chrome, Edge and other Chromium browsers' CSV.
    ChromeCsv,
    /// Firefox's CSV.
    FirefoxCsv,
    /// Any CSV with a header row.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, file or stream.
    Arrow,
}

impl Format {
    /// All of them, in the order in which help lists them.
    pub const ALL: [Self; 12] = [
        Self::Ntlm,
        Self::Hashes,
        Self::BitwardenJson,
        Self::BitwardenCsv,
        Self::OnePasswordCsv,
        Self::KeepassXml,
        Self::KeepassCsv,
        Self::ChromeCsv,
        Self::FirefoxCsv,
        Self::Csv,
        Self::Parquet,
        Self::Arrow,
    ];

    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ntlm => "ntlm",
            Self::Hashes => "hashes",
            Self::BitwardenJson => "bitwarden-json",
            Self::BitwardenCsv => "bitwarden-csv",
            Self::OnePasswordCsv => "1password-csv",
            Self::KeepassXml => "keepass-xml",
            Self::KeepassCsv => "keepass-csv",
            Self::ChromeCsv => "chrome-csv",
            Self::FirefoxCsv => "firefox-csv",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// For sentences: `FILE is not ...`.
    pub const fn described(self) -> &'static str {
        match self {
            Self::Ntlm => "an NTLM dump",
            Self::Hashes => "a list of digests",
            Self::BitwardenJson => "a Bitwarden JSON export",
            Self::BitwardenCsv => "a Bitwarden CSV export",
            Self::OnePasswordCsv => "a 1Password CSV export",
            Self::KeepassXml => "a KeePass XML export",
            Self::KeepassCsv => "a KeePass CSV export",
            Self::ChromeCsv => "a Chrome CSV export",
            Self::FirefoxCsv => "a Firefox CSV export",
            Self::Csv => "CSV",
            Self::Parquet => "a Parquet file",
            Self::Arrow => "an Arrow file",
        }
    }

    /// The name in the middle of a sentence about the format itself.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
            other => other.name(),
        }
    }

    /// Refuses a format that this build leaves out: Parquet and Arrow need the feature `parquet`.
    ///
    /// # Errors
    /// [`AuditError::NotBuiltIn`], whose message names the feature.
    pub fn require(self) -> Result<()> {
        match self {
            Self::Parquet | Self::Arrow if !cfg!(feature = "parquet") => {
                Err(AuditError::NotBuiltIn { format: self })
            }
            _ => Ok(()),
        }
    }

    /// What its numbers count.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::BitwardenJson => "item",
            Self::KeepassXml => "entry",
            Self::Parquet | Self::Arrow => "row",
            _ => "line",
        }
    }

    /// The same for a number of them.
    pub(crate) fn units(self, number: u64) -> &'static str {
        match (self.unit(), number) {
            (unit, 1) => unit,
            ("entry", _) => "entries",
            ("item", _) => "items",
            ("row", _) => "rows",
            _ => "lines",
        }
    }

    /// Whether it is text that `--encoding` can say something about.
    pub(crate) const fn has_encoding(self) -> bool {
        !matches!(self, Self::Parquet | Self::Arrow | Self::BitwardenJson | Self::KeepassXml)
    }

    /// Whether the column of passwords or digests is named by the user.
    pub const fn takes_column(self) -> bool {
        matches!(self, Self::Csv | Self::Parquet | Self::Arrow)
    }

    /// The format of a file by its name's extension and its first line, where these leave no doubt.
    ///
    /// `has_column` says that the user named a column, which makes a CSV of no known product plain CSV. A list of
    /// digests is never told by its looks: a password may look like one.
    pub(crate) fn detect(path: &Path, first_line: &str, has_column: bool) -> Option<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "parquet" => Some(Self::Parquet),
            "arrow" | "arrows" | "feather" | "ipc" => Some(Self::Arrow),
            "json" => Some(Self::BitwardenJson),
            "xml" => Some(Self::KeepassXml),
            "csv" if has_column => Some(Self::Csv),
            "csv" => products::of_header(first_line).map(Product::format),
            _ if crate::read::ntlm::is_dump_line(first_line) => Some(Self::Ntlm),
            _ => None,
        }
    }
}
