//! What can be wrong with one line, in a sentence that says what to do. The fast parsers only say *that* a
//! line is wrong; `diagnose` then looks again, slowly.

#![forbid(unsafe_code)]

use crate::digest::Kind;
use crate::error::Remedy;
use crate::error::article;
use crate::format::MAGIC;

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineFault {
    ByteOrderMark,
    Nul,
    Empty,
    WebPage,
    IndexFile,
    OtherKind,
    /// Hex digits found where the kind has another number of them.
    Width(usize),
    /// The same of the first line of a file, which may be no list of digests at all.
    NotHexAtStart(usize),
    /// Column, from 1, of a byte that is not a hex digit.
    NotHex(usize),
    MissingCount,
    ZeroCount,
    NegativeCount,
    NotACount,
    CountOverflow,
    Duplicate,
    /// A row of one range body that is smaller than the one before it.
    OutOfOrder,
    SumOverflow,
    NotUtf8,
    NulInPassword,
}

/// What a line should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowShape {
    pub(crate) kind: Kind,
    /// Leading hex digits that the file's name says already: 0, or 5 in a range file.
    pub(crate) named_digits: usize,
    /// Whether a digest without a count is a row.
    pub(crate) bare: bool,
}

impl RowShape {
    /// Hex digits of a row.
    pub(crate) fn digits(self) -> usize {
        self.kind.hex_digits() - self.named_digits
    }

    /// Hex digits that a row of the other kind would have.
    fn other_digits(self) -> usize {
        self.other_kind().hex_digits() - self.named_digits
    }

    fn other_kind(self) -> Kind {
        match self.kind {
            Kind::Sha1 => Kind::Ntlm,
            Kind::Ntlm => Kind::Sha1,
        }
    }
}

impl LineFault {
    /// The fault as a sentence. It never repeats the line.
    pub(crate) fn describe(self, shape: RowShape) -> String {
        let digits = shape.digits();
        let kind = shape.kind;
        match self {
            Self::ByteOrderMark => {
                "the file begins with a byte order mark; save it as plain text without one".into()
            }
            Self::Nul => "the line holds a NUL byte: this is not a plain text file of digests".into(),
            Self::Empty => format!("the line is empty; expected {digits} hex digits, a colon and a count"),
            Self::WebPage => "this looks like a web page, not a list of digests; download it again".into(),
            Self::IndexFile => "this is a breachdex index, which is read as one, and by its path".into(),
            Self::OtherKind => {
                let other = shape.other_kind();
                format!("this looks like {} {other} digest", article(other))
            }
            Self::Width(found) => format!("expected {digits} hex digits for {kind}, found {found}"),
            Self::NotHex(column) | Self::NotHexAtStart(column) => {
                format!("column {column} is not a hex digit; expected {digits} of them, a colon and a count")
            }
            Self::MissingCount => "the count is missing".into(),
            Self::ZeroCount if shape.named_digits > 0 => {
                "the count is 0, which marks padding; download the range without padding".into()
            }
            Self::ZeroCount => "the count is 0; a digest that was never seen does not belong here".into(),
            Self::NegativeCount => "the count is negative".into(),
            Self::NotACount => "the count is not a whole number".into(),
            Self::CountOverflow => format!("the count is larger than {}", u64::MAX),
            Self::Duplicate => "the digest occurs more than once".into(),
            Self::OutOfOrder => "the digest is smaller than the one before it; rows must ascend".into(),
            Self::SumOverflow => {
                format!("the counts of the digest add up to more than {}", u64::MAX)
            }
            Self::NotUtf8 => "the password is not UTF-8, which an NTLM digest needs".into(),
            Self::NulInPassword => {
                "the line holds a NUL byte, which no text does; convert the list to UTF-8 if it is UTF-16"
                    .into()
            }
        }
    }
}

impl LineFault {
    /// The option that may help.
    pub(crate) fn remedy(self, shape: RowShape) -> Option<Remedy> {
        match self {
            Self::IndexFile => Some(Remedy::IndexFormat),
            Self::OtherKind => Some(Remedy::Kind(shape.other_kind())),
            Self::MissingCount => Some(Remedy::NoCounts),
            Self::Duplicate => Some(Remedy::Merge),
            Self::SumOverflow => Some(Remedy::MergeMax),
            // A range file has a name that says what it is.
            Self::NotHexAtStart(_) if shape.named_digits == 0 => Some(Remedy::PasswordsFormat),
            _ => None,
        }
    }
}

/// Finds out what is wrong with a line (without its line end) that the fast parser refused. `first` says
/// that the line begins its file.
pub(crate) fn diagnose(line: &[u8], shape: RowShape, first: bool) -> LineFault {
    if first
        && (line.starts_with(b"\xef\xbb\xbf")
            || line.starts_with(b"\xff\xfe")
            || line.starts_with(b"\xfe\xff"))
    {
        return LineFault::ByteOrderMark;
    }
    // The magic holds a line end, so only what stands before it is in the line.
    if first && line.starts_with(&MAGIC[..4]) {
        return LineFault::IndexFile;
    }
    if line.contains(&0) {
        return LineFault::Nul;
    }
    if line.is_empty() {
        return LineFault::Empty;
    }
    if line.trim_ascii_start().starts_with(b"<") {
        return LineFault::WebPage;
    }
    let digest_end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    let (digest, count) = line.split_at(digest_end);
    if let Some(at) = digest.iter().position(|byte| !byte.is_ascii_hexdigit()) {
        let column = at + 1;
        return if first { LineFault::NotHexAtStart(column) } else { LineFault::NotHex(column) };
    }
    // Further on it is a line among others of the right kind, and the other kind would not read those.
    if first && digest.len() == shape.other_digits() {
        return LineFault::OtherKind;
    }
    if digest.len() != shape.digits() {
        return LineFault::Width(digest.len());
    }
    diagnose_count(count.get(1..).unwrap_or_default())
}

fn diagnose_count(count: &[u8]) -> LineFault {
    match count {
        [] => LineFault::MissingCount,
        [b'-', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            LineFault::NegativeCount
        }
        digits if !digits.iter().all(u8::is_ascii_digit) => LineFault::NotACount,
        digits if digits.iter().all(|digit| *digit == b'0') => LineFault::ZeroCount,
        _ => LineFault::CountOverflow,
    }
}
