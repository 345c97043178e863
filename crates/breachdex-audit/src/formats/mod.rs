//! The formats that can be read: a file and a line in the registry each.
//!
//! A format's file says in a [`Spec`] what it is called, how it is told from others and how it is read. What several of
//! them read alike is in `read`: decoding and lines, CSV with a header, columns of Parquet and Arrow.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::Kind;
use breachdex_messages::{Language, Reports, Words};
use zeroize::Zeroizing;

use crate::account::{AccountKind, Record, Sink};
use crate::error::{AuditError, Result};
use crate::read::ReadOptions;
use crate::read::header::Header;
use crate::read::input::Opened;

/// Declares the formats and their files, in the order in which help lists them.
macro_rules! formats {
    ($($(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])? $name:ident => $file:ident,)+) => {
        $($(#[cfg($cfg)])? mod $file;)+

        /// A format of input. New ones are added without notice.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Format {
            $($(#[doc = $doc])* $(#[cfg($cfg)])? $name,)+
        }

        impl Format {
            /// All of them, in the order in which help lists them.
            pub const ALL: &'static [Self] = &[$($(#[cfg($cfg)])? Self::$name),+];

            pub(crate) const fn spec(self) -> &'static Spec {
                match self {
                    $($(#[cfg($cfg)])? Self::$name => &$file::FORMAT,)+
                }
            }
        }
    };
}

formats! {
    /// `user:rid:lm:nt:::` as secretsdump and pwdump write it, or `user:hash`.
    Ntlm => ntlm,
    /// One digest in hex a line.
    Hashes => hashes,
    /// `user:password`, one a line.
    UserPassword => user_password,
    /// Bitwarden's unencrypted JSON.
    BitwardenJson => bitwarden_json,
    /// Bitwarden's CSV, of a person or an organisation.
    BitwardenCsv => bitwarden_csv,
    /// 1Password's 1PUX archive, or `export.data` out of it.
    OnePassword1pux => one_password_1pux,
    /// 1Password's CSV.
    OnePasswordCsv => one_password_csv,
    /// KeePass 2 and KeePassXC's XML.
    KeepassXml => keepass_xml,
    /// KeePass and KeePassXC's CSV.
    KeepassCsv => keepass_csv,
    /// Apple Passwords and Safari's CSV.
    AppleCsv => apple_csv,
    /// Dashlane's CSV.
    DashlaneCsv => dashlane_csv,
    /// Enpass's JSON.
    EnpassJson => enpass_json,
    /// Enpass's CSV.
    EnpassCsv => enpass_csv,
    /// Keeper's CSV, which has no header.
    KeeperCsv => keeper_csv,
    /// LastPass's CSV.
    LastpassCsv => lastpass_csv,
    /// NordPass's CSV.
    NordpassCsv => nordpass_csv,
    /// Proton Pass's JSON.
    ProtonJson => proton_json,
    /// Proton Pass's CSV.
    ProtonCsv => proton_csv,
    /// RoboForm's CSV.
    RoboformCsv => roboform_csv,
    /// Avira's CSV.
    AviraCsv => avira_csv,
    /// Buttercup's CSV.
    ButtercupCsv => buttercup_csv,
    /// Delinea Secret Server's CSV.
    DelineaCsv => delinea_csv,
    /// Zoho Vault's CSV.
    ZohoCsv => zoho_csv,
    /// Chrome, Edge and other Chromium browsers' CSV.
    ChromeCsv => chrome_csv,
    /// Firefox's CSV.
    FirefoxCsv => firefox_csv,
    /// Any CSV with a header row.
    Csv => csv,
    /// Apache Parquet.
    Parquet => parquet,
    /// Arrow IPC, file or stream.
    Arrow => arrow,
    /// The format that CONTRIBUTING.md adds.
    #[cfg(test)]
    MadeUp => made_up,
}

/// What a format's file says about it.
pub(crate) struct Spec {
    /// The name on the command line and in reports.
    pub(crate) name: &'static str,
    /// What help says beside the name; empty where the name says it all.
    pub(crate) help: &'static str,
    /// For sentences: `FILE is not ...`.
    pub(crate) describe: fn(Words<Reports>) -> String,
    /// What its numbers count.
    pub(crate) unit: Unit,
    /// Extensions of its files, in lower case. A file with one of them is no format that does not list it.
    pub(crate) extensions: &'static [&'static str],
    /// Whether a file with such an extension (with an extension that no format lists, where it lists none) is of this
    /// format. Where more than one says so the format is not certain.
    pub(crate) recognises: fn(&Spec, &Start<'_>) -> bool,
    /// The header rows of a CSV export, the newest first; empty for all else.
    pub(crate) headers: &'static [Header],
    /// Whether it is text whose encoding the user can name.
    pub(crate) has_encoding: bool,
    /// Whether the user names the columns of passwords or digests and of accounts.
    pub(crate) takes_column: bool,
    /// Whether the user can name the delimiter of cells.
    pub(crate) takes_delimiter: bool,
    /// Whether it holds digests and never passwords.
    pub(crate) holds_digests: bool,
    /// Whether some exports of the product have `&amp;` for `&` in passwords, which a note says.
    pub(crate) has_entities: bool,
    /// Reads everything and tells the sink.
    pub(crate) read: fn(Opened<'_>, &Request<'_>, &mut dyn Sink) -> Result<()>,
}

impl Spec {
    /// What most formats have in common.
    const BASE: Self = Self {
        name: "",
        help: "",
        describe: |_| String::new(),
        unit: Unit::Line,
        extensions: &[],
        recognises: |_, _| false,
        headers: &[],
        has_encoding: false,
        takes_column: false,
        takes_delimiter: false,
        holds_digests: false,
        has_entities: false,
        read: |_, _, _| Ok(()),
    };

    /// What the CSV exports of password managers and browsers have in common: all but the name and the headers.
    pub(crate) const CSV_EXPORT: Self = Self {
        extensions: &["csv"],
        recognises: |spec, start| {
            !start.has_column && spec.headers.iter().any(|header| header.is_of(start.first_line))
        },
        has_encoding: true,
        read: crate::read::csv::read,
        ..Self::BASE
    };

    /// What JSON exports have in common: all but the name, how they are told and how they are read.
    const JSON_EXPORT: Self = Self { unit: Unit::Item, extensions: &["json"], ..Self::BASE };

    /// What lists and dumps of hashes have in common: all but the name and how they are read.
    const HASHES: Self = Self { has_encoding: true, holds_digests: true, ..Self::BASE };

    /// What files of columns have in common: all but the name and how they are read.
    const COLUMNS: Self = Self {
        help: "--column, --user-column",
        unit: Unit::Row,
        recognises: |_, _| true,
        takes_column: true,
        ..Self::BASE
    };
}

/// What a format is told by.
pub(crate) struct Start<'a> {
    /// The first line, as far as it is short and text.
    pub(crate) first_line: &'a str,
    /// The first 4096 bytes as text.
    pub(crate) text: &'a str,
    /// Whether the user named a column.
    pub(crate) has_column: bool,
}

/// Whether the text has every word of one of these signatures.
fn has_all(start: &Start<'_>, signatures: &[&[&str]]) -> bool {
    signatures.iter().any(|words| words.iter().all(|word| start.text.contains(word)))
}

/// Says in which encoding a text is read that nobody named.
fn assume(text: &crate::read::text::Text<'_>, sink: &mut dyn Sink) {
    if let Some(assumed) = text.assumed() {
        sink.assume(assumed);
    }
}

/// A text of a JSON export, which may be a password.
type Word = Option<Zeroizing<String>>;

/// An entry of an item's history.
#[derive(serde::Deserialize)]
struct OldValue {
    #[serde(default)]
    value: Word,
}

/// The first of some texts that is not empty.
fn first_of<'a>(words: impl IntoIterator<Item = &'a Word>) -> &'a str {
    let texts = words.into_iter().filter_map(Option::as_ref).map(|word| word.as_str());
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// Tells of an item's former passwords.
fn tell_history<'a>(
    number: u64,
    user: &str,
    old: impl Iterator<Item = &'a Word>,
    sink: &mut dyn Sink,
) -> Result<()> {
    for password in old.flatten().filter(|password| !password.is_empty()) {
        let record = Record::with_password(number, user, password.as_bytes());
        sink.record(Record { account_kind: AccountKind::Former, ..record })?;
    }
    Ok(())
}

/// How an input is to be read.
pub(crate) struct Request<'a> {
    pub(crate) format: Format,
    pub(crate) options: &'a ReadOptions,
    /// The kind of digests that the index holds.
    pub(crate) kind: Kind,
}

/// What the numbers of a format count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Line,
    Item,
    Entry,
    Row,
}

impl Format {
    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.name() == name)
    }

    /// What help says beside the name, in English; empty where the name says it all.
    pub const fn help(self) -> &'static str {
        self.spec().help
    }

    /// For sentences: `FILE is not ...`.
    pub fn described(self, language: Language) -> String {
        (self.spec().describe)(language.reports())
    }

    /// The name in a sentence about the format itself.
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

    /// What its numbers count, in English.
    pub const fn unit(self) -> &'static str {
        match self.spec().unit {
            Unit::Line => "line",
            Unit::Item => "item",
            Unit::Entry => "entry",
            Unit::Row => "row",
        }
    }

    /// The same for a number of them.
    pub(crate) const fn units(self, number: u64) -> &'static str {
        match self.spec().unit {
            _ if number == 1 => self.unit(),
            Unit::Line => "lines",
            Unit::Item => "items",
            Unit::Entry => "entries",
            Unit::Row => "rows",
        }
    }

    /// Whether the column of passwords or digests is named by the user.
    pub const fn takes_column(self) -> bool {
        self.spec().takes_column
    }

    /// The format of a file by its name's extension and its beginning, where these leave no doubt.
    ///
    /// A column that the user named makes a CSV of no known product plain CSV. A list of digests is never detected: a
    /// password may look like one.
    pub(crate) fn detect(path: &Path, start: &Start<'_>) -> Option<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let extension = extension.to_ascii_lowercase();
        let lists = |format: &&Self| format.spec().extensions.contains(&extension.as_str());
        let is_listed = Self::ALL.iter().any(|format| lists(&format));
        Self::recognised(
            start,
            |format| {
                if is_listed { lists(&&format) } else { format.spec().extensions.is_empty() }
            },
        )
    }

    /// The format that the content alone says, of a file whose name says another one or none. It is advice: such a file may
    /// be a list of passwords that looks like a table.
    pub(crate) fn by_content(start: &Start<'_>) -> Option<Self> {
        let has_content = !start.text.trim().is_empty();
        Self::recognised(start, |format| has_content && !format.takes_column())
    }

    /// The only one of some formats that takes a beginning for its own.
    fn recognised(start: &Start<'_>, is_asked: impl Fn(Self) -> bool) -> Option<Self> {
        let mut recognised = Self::ALL.iter().copied().filter(|format| {
            let spec = format.spec();
            is_asked(*format) && (spec.recognises)(spec, start)
        });
        recognised.next().filter(|_| recognised.next().is_none())
    }
}

#[cfg(test)]
mod tests;
