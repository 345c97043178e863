//! Input that is compressed or lies in an archive, told by its first bytes.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use breachdex::text::Packed;

use crate::error::Result;

/// The name that the file has when it is decompressed, which tells its format.
pub(crate) fn plain_name(packed: Packed, path: &Path) -> PathBuf {
    match Packed::of_name(path) {
        Some((named, plain)) if named == packed => plain,
        _ => path.to_owned(),
    }
}

/// What the data are when they are decompressed. Data that end early or are damaged are an error where that shows.
#[cfg(feature = "decompression")]
pub(crate) fn open<'m>(packed: Packed, raw: Box<dyn Read + 'm>, name: &str) -> Result<Box<dyn Read + 'm>> {
    let unpacked = breachdex::unpack::Decompressor::new(packed, raw);
    Ok(Box::new(unpacked.map_err(super::input::Opened::failed(name))?))
}

/// The one file of an archive, or of several the one that exports have passwords in; and its name there.
#[cfg(feature = "decompression")]
pub(crate) fn open_archive(packed: Packed, file: File, name: &str) -> Result<(PathBuf, Box<dyn Read>)> {
    let member =
        breachdex::unpack::open_archive(packed, file, &choose).map_err(super::input::Opened::failed(name))?;
    Ok((PathBuf::from(member.name), member.reader))
}

/// 1Password's, Proton Pass's and Dashlane's archives hold other files beside the passwords: attachments, cards, notes.
#[cfg(feature = "decompression")]
fn choose(names: &[&str]) -> Option<usize> {
    const EXPORTS: [&str; 3] = ["export.data", "data.json", "credentials.csv"];
    breachdex::unpack::the_only_file(names).or_else(|| {
        let is_export = |name: &&str| EXPORTS.contains(&name.rsplit('/').next().unwrap_or_default());
        let mut found = (0..names.len()).filter(|place| is_export(&names[*place]));
        found.next().filter(|_| found.next().is_none())
    })
}

/// Refuses: this build has no decompression.
#[cfg(not(feature = "decompression"))]
pub(crate) fn open<'m>(packed: Packed, _: Box<dyn Read + 'm>, name: &str) -> Result<Box<dyn Read + 'm>> {
    Err(not_in_this_build(packed, name))
}

/// Refuses: this build has no decompression.
#[cfg(not(feature = "decompression"))]
pub(crate) fn open_archive(packed: Packed, _: File, name: &str) -> Result<(PathBuf, Box<dyn Read>)> {
    Err(not_in_this_build(packed, name))
}

#[cfg(not(feature = "decompression"))]
fn not_in_this_build(packed: Packed, name: &str) -> crate::error::AuditError {
    crate::error::AuditError::Sealed { name: name.to_owned(), sealed: super::sealed::packed(packed) }
}
