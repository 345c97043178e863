//! Why an audit cannot be made or is not complete. No variant holds a password, a digest or a line of input.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;

use breachdex::Kind;
use breachdex_messages::Language;

use crate::formats::Format;
use crate::read::guess::Advice;
use crate::read::sealed::Sealed;

/// The crate's result.
pub type Result<T, E = AuditError> = std::result::Result<T, E>;

/// Why an audit ended without a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// An index refused: it is damaged, of another kind, or lacks what was asked for.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// A source of the corpus refused.
    #[error(transparent)]
    Source(#[from] breachdex::SourceError),
    /// The system refused something about a file.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system refused something about a file without a name.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The format is not certain.
    #[error("the format of {name} is not certain")]
    FormatNotCertain {
        /// The input.
        name: String,
    },
    /// The format is not certain, and the file looks like something that can be read.
    #[error("the format of {name} is not certain; {advice}")]
    LooksLike {
        /// The input.
        name: String,
        /// The flags that read it.
        advice: Advice,
    },
    /// Digests in the input are of another kind than the index holds.
    #[error("{input} holds {found} digests and the index {held} ones; name an index of {found} digests")]
    OtherKind {
        /// What holds the digests.
        input: String,
        /// Their kind.
        found: Kind,
        /// The index's kind.
        held: Kind,
    },
    /// A format whose column has to be named.
    #[error("{format} needs the name of the column that holds the {what}")]
    NoColumnNamed {
        /// The format's name.
        format: &'static str,
        /// `passwords` or `digests`.
        what: &'static str,
    },
    /// The column is not there. The columns that are there are not listed: without a header, they are data.
    #[error("{name} has no column {column:?} among its {found}; names are compared exactly{hint}")]
    NoSuchColumn {
        /// The input.
        name: String,
        /// What was asked for.
        column: String,
        /// How many there are.
        found: usize,
        /// Where the column may be, as the end of a sentence; empty where that is not known.
        hint: String,
    },
    /// Two columns have the name.
    #[error("{name} has more than one column {column:?}")]
    ColumnTwice {
        /// The input.
        name: String,
        /// What was asked for.
        column: String,
    },
    /// A column of a type that holds no passwords.
    #[error("column {column:?} of {name} is of type {found}; passwords and digests are text or binary")]
    ColumnType {
        /// The input.
        name: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// The file is not what its format says.
    #[error("{name} is not {}: {reason}", format.described(Language::En))]
    NotTheFormat {
        /// The input.
        name: String,
        /// What it was read as.
        format: Format,
        /// What was found, without content.
        reason: String,
    },
    /// An export that only the product itself can read.
    #[error("{name} is an encrypted export; export again without encryption and delete that file afterwards")]
    Encrypted {
        /// The input.
        name: String,
    },
    /// A file that is known and cannot be read.
    #[error("{name} is {sealed}")]
    Sealed {
        /// The input.
        name: String,
        /// What it is, and what to do.
        sealed: Sealed,
    },
    /// A policy judges text.
    #[error("{name} holds digests, and a policy judges passwords; leave the policy out")]
    PolicyOfDigests {
        /// The input.
        name: String,
    },
    /// Passwords are wanted.
    #[error("{name} holds digests, and passwords are needed; name a file of passwords")]
    NoPasswords {
        /// The input.
        name: String,
    },
    /// An earlier report that cannot be compared with.
    #[error("{name} is not a report of `breachdex audit --json`: {reason}")]
    NotAReport {
        /// The report.
        name: String,
        /// What was found, without content.
        reason: String,
    },
    /// An option that the format has no use for.
    #[error("{option} has no meaning for {format}: {reason}")]
    Misplaced {
        /// The option.
        option: ReadOption,
        /// The format's name.
        format: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// The input has nothing in it.
    #[error("nothing was asked: {name} is empty")]
    Empty {
        /// The input.
        name: String,
    },
    /// No line of the input could be used.
    #[error(
        "nothing in {name} could be read as {}: {malformed} {} malformed; the first, {} {number}: {first}",
        format.described(Language::En), format.units(*malformed), format.unit()
    )]
    NothingValid {
        /// The input.
        name: String,
        /// What it was read as.
        format: Format,
        /// How many there were.
        malformed: u64,
        /// Which was the first.
        number: u64,
        /// What is wrong with it.
        first: LineFault,
    },
    /// No line of one input among others could be used.
    #[error(
        "nothing in {name} could be read as {}: {malformed} {} malformed",
        format.described(Language::En), format.units(*malformed)
    )]
    AllMalformed {
        /// The input.
        name: String,
        /// What it was read as.
        format: Format,
        /// How many there were.
        malformed: u64,
    },
    /// A format that this build leaves out.
    #[error(
        "this breachdex was built without {}; build it with the feature parquet, or install a release",
        format.title()
    )]
    NotBuiltIn {
        /// The format.
        format: Format,
    },
    /// Writing a Parquet file failed.
    #[error("cannot write the Parquet file: {0}")]
    Parquet(String),
}

/// An option of reading, by what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadOption {
    /// [`ReadOptions::encoding`](crate::ReadOptions::encoding).
    Encoding,
    /// [`ReadOptions::delimiter`](crate::ReadOptions::delimiter).
    Delimiter,
    /// [`ReadOptions::column`](crate::ReadOptions::column).
    Column,
    /// [`ReadOptions::user_column`](crate::ReadOptions::user_column).
    UserColumn,
    /// [`ReadOptions::digests`](crate::ReadOptions::digests).
    Digests,
}

impl std::fmt::Display for ReadOption {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Encoding => "an encoding",
            Self::Delimiter => "a delimiter",
            Self::Column => "the name of a column",
            Self::UserColumn => "the name of a column of users",
            Self::Digests => "that it holds digests",
        })
    }
}

/// What is wrong with one line of the input. Messages hold no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// The bytes are not text in the encoding.
    #[error("not {0}; name the encoding that the file is in")]
    Undecodable(&'static str),
    /// No text holds NUL, and no look-up of such a password would find what was meant.
    #[error("holds a NUL byte, which no text does")]
    Nul,
    /// Longer than any real line.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// A line of an NTLM dump that is neither of its two forms.
    #[error("no line of a dump: neither user:rid:lm:nt::: nor user:hash")]
    NotNtlm,
    /// A field of an NTLM dump that should be a digest.
    #[error("its {0} hash is not 32 hex digits")]
    NotAHash(&'static str),
    /// A line of a list of users and passwords that has no colon.
    #[error("no colon between a user and a password")]
    NoColon,
    /// A digest of the wrong width.
    #[error("a digest here has {expected} hex digits, found {found}")]
    Width {
        /// Digits of a digest of the kind.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// Digits that are none.
    #[error("not a hexadecimal digest: only the digits 0-9 and A-F are allowed")]
    NotHex,
    /// A CSV record with more or fewer cells than the header.
    #[error("{found} cells where the header has {expected}")]
    Cells {
        /// Cells of the header.
        expected: u64,
        /// Cells found.
        found: u64,
    },
    /// A cell that begins with a quote which is not closed, or only behind what looks like other rows.
    #[error("a cell begins with a quote that is not closed; only this line is left out")]
    OpenQuote,
    /// A cell that begins with a quote and goes on behind the closing one.
    #[error("text behind a closing quote; only this line is left out")]
    TextAfterQuote,
    /// A value that was exported encrypted.
    #[error("its password is encrypted in the file")]
    Encrypted,
    /// An NTLM digest needs text.
    #[error("the password is not UTF-8, which an NTLM digest needs")]
    PasswordNotUtf8,
    /// No index says anything about it.
    #[error("outside the coverage of the index: whether it is exposed is not known")]
    NotCovered,
    /// An index could not be read where its answer would be, and no other source holds it.
    #[error("could not be checked: whether it is exposed is not known")]
    Unanswered,
}
