//! What a list of passwords begins with: text, or bytes that would be taken for passwords which nobody has.
//!
//! Every reader of passwords asks [`inspect`] before it takes the first line, so that a list means the same to all of
//! them. In a list, one password ends where a line does; lists whose passwords end at NUL are not text, and are taken as
//! they are.

#![forbid(unsafe_code)]

mod notes;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::digest::Kind;
use crate::format::MAGIC;

pub use notes::{Places, USER_PASSWORDS, hex_notation, hex_notation_within, not_utf8};

/// Bytes that tell what a list is, where it has so many. A reader has read as many, a line feed, or the whole list before it
/// asks [`inspect`]; what it has besides helps to tell UTF-16.
pub const HEAD: usize = 16;

/// Bytes of a list that are looked at.
const MOST: usize = 1 << 16;

/// Lines of a list that are compared with digests.
const SAMPLE: usize = 8;

/// What bytes are that are not a list of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotText {
    /// UTF-16, by its byte order mark or its zeros.
    Utf16,
    /// UTF-32, by its byte order mark.
    Utf32,
    /// Compressed data or an archive; the program's name.
    Packed(Packed),
    /// An index of this library.
    Index,
}

/// How a list is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Packed {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// LZ4 frames.
    Lz4,
    /// A ZIP archive.
    Zip,
    /// A 7z archive.
    SevenZip,
    /// A RAR archive.
    Rar,
    /// lzip.
    Lzip,
    /// LZMA without a container, as xz wrote it before its own format.
    Lzma,
    /// compress, as old Unix systems have it.
    Compress,
}

impl Packed {
    const ALL: [Self; 11] = [
        Self::Gzip,
        Self::Zstd,
        Self::Bzip2,
        Self::Xz,
        Self::Lz4,
        Self::Zip,
        Self::SevenZip,
        Self::Rar,
        Self::Lzip,
        Self::Lzma,
        Self::Compress,
    ];

    /// The format's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lz4 => "LZ4",
            Self::Zip => "ZIP",
            Self::SevenZip => "7z",
            Self::Rar => "RAR",
            Self::Lzip => "lzip",
            Self::Lzma => "LZMA",
            Self::Compress => "compress (.Z)",
        }
    }

    /// The bytes that it begins with, of which one or more are no text.
    const fn magic(self) -> &'static [u8] {
        match self {
            Self::Gzip => &[0x1f, 0x8b, 0x08],
            Self::Zstd => &[0x28, 0xb5, 0x2f, 0xfd],
            Self::Bzip2 => b"BZh",
            Self::Xz => b"\xfd7zXZ\0",
            Self::Lz4 => &[0x04, 0x22, 0x4d, 0x18],
            Self::Zip => b"PK\x03\x04",
            Self::SevenZip => b"7z\xbc\xaf\x27\x1c",
            Self::Rar => b"Rar!\x1a\x07",
            Self::Lzip => b"LZIP\x01",
            // The properties that every encoder writes by default, and a dictionary of 64 KiB or more.
            Self::Lzma => b"]\x00\x00",
            Self::Compress => &[0x1f, 0x9d],
        }
    }

    /// Whether this library decompresses it.
    pub const fn is_read(self) -> bool {
        self.is_stream() || matches!(self, Self::Zip | Self::SevenZip)
    }

    /// Whether it is decompressed from its beginning to its end. An archive has its directory at the end.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd | Self::Bzip2 | Self::Xz)
    }

    /// The compression that a name ends in, and the name without that.
    pub fn of_name(path: &Path) -> Option<(Self, PathBuf)> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        let packed = match extension.as_str() {
            "gz" | "gzip" => Self::Gzip,
            "zst" | "zstd" => Self::Zstd,
            "bz2" => Self::Bzip2,
            "xz" => Self::Xz,
            "lz4" => Self::Lz4,
            "zip" => Self::Zip,
            "7z" => Self::SevenZip,
            "rar" => Self::Rar,
            "lz" => Self::Lzip,
            "lzma" => Self::Lzma,
            "z" => Self::Compress,
            _ => return None,
        };
        Some((packed, path.with_extension("")))
    }

    /// The compression of bytes that begin like this.
    pub fn of_start(start: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|packed| start.starts_with(packed.magic()) && (*packed != Self::Bzip2 || is_bzip2(start)))
    }
}

/// The first three bytes are text; the level and the digits of π, or of its square root where nothing is packed, are not.
fn is_bzip2(start: &[u8]) -> bool {
    let [_, _, _, b'1'..=b'9', digits @ ..] = start else { return false };
    digits.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
        || digits.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
}

/// What is said of a list: `NAME is ...`.
impl fmt::Display for NotText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16 => {
                formatter.write_str("is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)")
            }
            Self::Utf32 => {
                formatter.write_str("is UTF-32; convert it to UTF-8 first (iconv -f UTF-32 -t UTF-8)")
            }
            Self::Packed(packed @ (Packed::Zip | Packed::SevenZip | Packed::Rar)) => {
                write!(formatter, "is a {} archive; unpack it first", packed.name())
            }
            Self::Packed(packed) => write!(formatter, "is {} data; unpack it first", packed.name()),
            Self::Index => formatter.write_str("is a breachdex index, not a list"),
        }
    }
}

impl std::error::Error for NotText {}

/// Looks at what a list of text begins with, [`HEAD`] says how much of it. Returns the length of a UTF-8 byte order mark:
/// it is no part of the first line.
///
/// # Errors
/// [`NotText`]: a list in another encoding, compressed data, or an index.
///
/// ```
/// use breachdex::text::{NotText, inspect};
/// assert_eq!(inspect(b"password\n"), Ok(0));
/// assert_eq!(inspect(b"\xef\xbb\xbfpassword\n"), Ok(3));
/// assert_eq!(inspect(b"\xff\xfep\0a\0s\0s\0\n\0"), Err(NotText::Utf16));
/// ```
pub fn inspect(start: &[u8]) -> Result<usize, NotText> {
    match start {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err(NotText::Utf32),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(NotText::Utf16),
        [0xef, 0xbb, 0xbf, ..] => return Ok(3),
        _ if start.starts_with(&MAGIC[..4]) => return Err(NotText::Index),
        _ => {}
    }
    match Packed::of_start(start) {
        Some(packed) => Err(NotText::Packed(packed)),
        None if is_utf16_without_mark(&start[..start.len().min(MOST)]) => Err(NotText::Utf16),
        None => Ok(0),
    }
}

/// Whether zeros are many and all on one side of the 16-bit units, as of ASCII and of line ends in UTF-16.
fn is_utf16_without_mark(start: &[u8]) -> bool {
    let mut zeros = [0; 2];
    for (at, byte) in start.iter().enumerate() {
        zeros[at % 2] += usize::from(*byte == 0);
    }
    let [even, odd] = zeros;
    even.min(odd) == 0 && even.max(odd) >= 2 && even.max(odd) * 8 >= start.len()
}

/// Whether a password is written as hashcat writes those that hold a colon or are not text: `$HEX[...]` with the bytes in
/// hexadecimal. Of such lists a few lines are so, anywhere. It is worth a note, no more: `$HEX[70]` may be a password.
pub fn is_hex_notation(password: &[u8]) -> bool {
    let digits = password.strip_prefix(b"$HEX[").and_then(|rest| rest.strip_suffix(b"]"));
    digits.is_some_and(|digits| {
        !digits.is_empty() && digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit)
    })
}

/// What lines look like that are digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestLines {
    /// The kind of digest.
    pub kind: Kind,
    /// Whether each has a count, as `HEX:COUNT`.
    pub have_counts: bool,
}

/// Whether the first lines of a list all look like digests: 40 hexadecimal digits, or 32 in at least two lines or with a
/// count. A last line without a line feed counts where the list is `whole`. It is worth a note, no more: a password may
/// look like a digest.
pub fn digest_lines(start: &[u8], whole: bool) -> Option<DigestLines> {
    let mut lines = start.split(|byte| *byte == b'\n').collect::<Vec<_>>();
    let last = lines.pop().unwrap_or_default();
    if whole && !last.is_empty() {
        lines.push(last);
    }
    let sample = lines.get(..SAMPLE).unwrap_or(&lines);
    let mut kinds = sample.iter().map(|line| digest_line(line.strip_suffix(b"\r").unwrap_or(line)));
    let first = kinds.next()??;
    let is_certain = first.kind == Kind::Sha1 || first.have_counts || sample.len() > 1;
    (is_certain && kinds.all(|kind| kind == Some(first))).then_some(first)
}

/// Whether the first lines of a list all are an address and a password, `kim@corp.example:hunter2`: two lines or more, or all of
/// a list that is `whole`. It is worth a note, no more, as [`digest_lines`] is.
pub fn are_user_passwords(start: &[u8], whole: bool) -> bool {
    let mut lines = start.split(|byte| *byte == b'\n').collect::<Vec<_>>();
    let last = lines.pop().unwrap_or_default();
    if whole && !last.is_empty() {
        lines.push(last);
    }
    let sample = lines.get(..SAMPLE).unwrap_or(&lines);
    (sample.len() > 1 || whole && sample.len() == 1) && sample.iter().all(|line| is_user_password(line))
}

fn is_user_password(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let user = &line[..colon];
    let Some(at) = user.iter().position(|byte| *byte == b'@') else { return false };
    let (name, host) = (&user[..at], &user[at + 1..]);
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !name.is_empty() && host.contains(&b'.') && host.iter().all(is_host)
}

fn digest_line(line: &[u8]) -> Option<DigestLines> {
    let (digits, count) = match line.iter().position(|byte| *byte == b':') {
        Some(colon) => (&line[..colon], Some(&line[colon + 1..])),
        None => (line, None),
    };
    let kind = [Kind::Sha1, Kind::Ntlm].into_iter().find(|kind| kind.hex_digits() == digits.len())?;
    let is_count = |count: &[u8]| !count.is_empty() && count.iter().all(u8::is_ascii_digit);
    let is_row = digits.iter().all(u8::is_ascii_hexdigit) && count.is_none_or(is_count);
    is_row.then_some(DigestLines { kind, have_counts: count.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn what_is_no_text_is_told_by_name() {
        let list = "password\r\n123456\r\n";
        for (bytes, said) in [
            (
                utf16(&format!("\u{feff}{list}"), u16::to_le_bytes),
                "is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
            ),
            (
                utf16(&format!("\u{feff}{list}"), u16::to_be_bytes),
                "is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
            ),
            (
                utf16(list, u16::to_le_bytes),
                "is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
            ),
            (
                utf16(list, u16::to_be_bytes),
                "is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
            ),
            (
                utf16("ぱすわーど\r\nひらがな\r\n", u16::to_le_bytes),
                "is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
            ),
            (
                b"\xff\xfe\0\0p\0\0\0".to_vec(),
                "is UTF-32; convert it to UTF-8 first (iconv -f UTF-32 -t UTF-8)",
            ),
            (b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "is gzip data; unpack it first"),
            (b"\x28\xb5\x2f\xfd\x04\0".to_vec(), "is zstd data; unpack it first"),
            (b"BZh91AY&SY....".to_vec(), "is bzip2 data; unpack it first"),
            (b"\xfd7zXZ\0\0\x04".to_vec(), "is xz data; unpack it first"),
            (b"\x04\x22\x4d\x18\x64".to_vec(), "is LZ4 data; unpack it first"),
            (b"Rar!\x1a\x07\x01\x00".to_vec(), "is a RAR archive; unpack it first"),
            (b"LZIP\x01\x0c".to_vec(), "is lzip data; unpack it first"),
            (b"]\x00\x00\x80\x00\xff".to_vec(), "is LZMA data; unpack it first"),
            (b"\x1f\x9d\x90".to_vec(), "is compress (.Z) data; unpack it first"),
            (b"PK\x03\x04\x14\0".to_vec(), "is a ZIP archive; unpack it first"),
            (b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), "is a 7z archive; unpack it first"),
            (MAGIC.to_vec(), "is a breachdex index, not a list"),
        ] {
            assert_eq!(inspect(&bytes).map_err(|error| error.to_string()), Err(said.to_owned()));
        }
    }

    #[test]
    fn text_is_text() {
        for text in [
            "",
            "\n",
            "a",
            "password\n",
            "PK\n",
            "BZh9\n",
            "7z\n",
            "BDX\n",
            "ｐａｓｓｗｏｒｄ\n",
            "a\0b\n",
            "pass\0word\nmore\n",
        ] {
            assert_eq!(inspect(text.as_bytes()), Ok(0), "{text:?}");
        }
        assert_eq!(inspect(b"\xef\xbb\xbf"), Ok(3));
        assert_eq!(inspect(b"\xef\xbb"), Ok(0));
    }

    #[test]
    fn digests_are_told_from_passwords() {
        let sha1 = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";
        let ntlm = "8846f7eaee8fb117ad06bdd830b7586c";
        let found = |text: &str, whole| digest_lines(text.as_bytes(), whole);
        let lines = |kind, have_counts| Some(DigestLines { kind, have_counts });
        assert_eq!(found(&format!("{sha1}\n"), false), lines(Kind::Sha1, false));
        assert_eq!(found(&format!("{sha1}:3\r\n{sha1}:1\r\n"), false), lines(Kind::Sha1, true));
        assert_eq!(found(sha1, true), lines(Kind::Sha1, false));
        assert_eq!(found(sha1, false), None, "the line may go on");
        assert_eq!(found(&format!("{ntlm}\n"), true), None, "one password may be 32 hex digits");
        assert_eq!(found(&format!("{ntlm}\n{ntlm}\n"), false), lines(Kind::Ntlm, false));
        assert_eq!(found(&format!("{ntlm}:5\n"), false), lines(Kind::Ntlm, true));
        for text in [
            "",
            "\n",
            "password\n",
            &format!("{sha1}\npassword\n"),
            &format!("{sha1}:\n"),
            &format!("{sha1}:x\n"),
        ] {
            assert_eq!(found(text, true), None, "{text:?}");
        }
    }

    #[test]
    fn lists_of_users_and_passwords_are_told() {
        for (list, whole, is_so) in [
            ("kim@corp.example:hunter2\nlee@corp.example:a:b\nma", false, true),
            ("kim@corp.example:hunter2\r\nlee@corp.example:\r\n", true, true),
            ("kim@corp.example:hunter2", true, true),
            ("kim@corp.example:hunter2\n", false, false),
            ("kim@corp.example:hunter2\nhunter2\n", true, false),
            ("kim:hunter2\nlee:letmein\n", true, false),
            ("kim@a:b\nkim@a:b\n", true, false),
            ("@a.b:c\n@a.b:c\n", true, false),
            ("p@ss w.rd:x\np@ss w.rd:x\n", true, false),
            ("", true, false),
        ] {
            assert_eq!(are_user_passwords(list.as_bytes(), whole), is_so, "{list:?}");
        }
    }

    #[test]
    fn passwords_in_the_notation_of_hashcat_are_told() {
        for (password, is_so) in [
            ("$HEX[613a62]", true),
            ("$HEX[613A62]", true),
            ("$HEX[]", false),
            ("$HEX[6]", false),
            ("$HEX[zz]", false),
            ("$hex[61]", false),
            ("x$HEX[61]", false),
            ("$HEX[61]x", false),
        ] {
            assert_eq!(is_hex_notation(password.as_bytes()), is_so, "{password}");
        }
    }

    proptest! {
        #[test]
        fn utf16_of_latin_text_is_refused(text in "[ -~\u{a1}-\u{ff}]{2,40}\r\n", little: bool) {
            let bytes = utf16(&text, if little { u16::to_le_bytes } else { u16::to_be_bytes });
            prop_assert_eq!(inspect(&bytes), Err(NotText::Utf16));
        }

        #[test]
        fn lines_of_text_are_never_refused(text in "[^\0]{0,40}") {
            prop_assume!(!text.starts_with("PK\u{3}\u{4}"));
            prop_assert!(inspect(text.as_bytes()).is_ok());
        }
    }
}
