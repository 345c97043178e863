//! Why compressed data or an archive cannot be read.

#![forbid(unsafe_code)]

use std::fmt;
use std::io;

use crate::text::Packed;

/// Why compressed data or an archive cannot be read. Travels inside an [`io::Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpackError {
    packed: Packed,
    problem: Problem,
}

/// What is wrong with compressed data or an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// They end before their end.
    Cut,
    /// They contradict themselves or a checksum, or something follows them.
    Damaged,
    /// Decompression asks for more memory than is allowed.
    Memory,
    /// The archive is encrypted.
    Encrypted,
    /// A file in an archive is compressed by a method that is not read; its name.
    Method(String),
    /// There is no file in the archive.
    NoFile,
    /// There are several files in the archive, and which one is meant is not certain: how many, and the names of some.
    SeveralFiles(u64, Vec<String>),
    /// It is read from a file with a path only, or not at all.
    NotReadHere,
}

impl UnpackError {
    pub(super) const fn new(packed: Packed, problem: Problem) -> Self {
        Self { packed, problem }
    }

    /// What is wrong.
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The one inside an error of a reader.
    pub fn inside(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// For `NAME: ...`.
impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = format_args!("{} data", self.packed.name());
        match &self.problem {
            Problem::Cut => write!(f, "the {data} end too early; get the file again"),
            Problem::Damaged => {
                write!(f, "the {data} are damaged or followed by something else; get the file again")
            }
            Problem::Memory => write!(
                f,
                "the {data} ask for more than {} MiB of memory; unpack the file first",
                super::MOST_MEMORY >> 20
            ),
            Problem::Encrypted => write!(f, "the {data} are encrypted; unpack the file first"),
            Problem::Method(name) => {
                write!(
                    f,
                    "the {data} are compressed by a method that is not read ({name}); unpack the file first"
                )
            }
            Problem::NoFile => write!(f, "there is no file in the {} archive", self.packed.name()),
            Problem::SeveralFiles(count, names) => {
                write!(f, "there are {count} files in the {} archive (", self.packed.name())?;
                for name in names {
                    write!(f, "{name}, ")?;
                }
                f.write_str("...); unpack it first and name the one that is meant")
            }
            Problem::NotReadHere => write!(f, "it is {data}; unpack it first"),
        }
    }
}

impl std::error::Error for UnpackError {}

impl From<UnpackError> for io::Error {
    fn from(error: UnpackError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// What a decoder says, in our words. What the system says carries its number, and our own errors are kept.
pub(super) fn of_decoder(packed: Packed, error: io::Error) -> io::Error {
    let is_ours = UnpackError::inside(&error).is_some() || crate::files::is_stopped(&error);
    if is_ours || error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted {
        return error;
    }
    let problem = match error.kind() {
        io::ErrorKind::UnexpectedEof => Problem::Cut,
        io::ErrorKind::OutOfMemory => Problem::Memory,
        _ => Problem::Damaged,
    };
    UnpackError::new(packed, problem).into()
}
