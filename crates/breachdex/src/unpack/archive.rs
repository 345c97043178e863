//! One file of an archive, chosen by its name.

#![forbid(unsafe_code)]

use std::io::{self, Read, Seek};

use super::error::{Problem, UnpackError};
use super::{seven_zip, zip};
use crate::text::Packed;

/// Files of an archive that an error names.
const NAMED: usize = 3;

/// Chooses one of the files of an archive by their names, of which there is at least one.
pub type Choose<'c> = &'c dyn Fn(&[&str]) -> Option<usize>;

/// A file of an archive.
pub struct Member {
    /// Its path in the archive.
    pub name: String,
    /// What it holds. The end is reported only if its length and its checksum are as the archive says.
    pub reader: Box<dyn Read + Send>,
}

/// Chooses the file of an archive that has no other.
pub fn the_only_file(names: &[&str]) -> Option<usize> {
    (names.len() == 1).then_some(0)
}

/// Opens one file of an archive. Folders are no files, and neither is what file managers add to archives.
///
/// # Errors
/// [`UnpackError`] inside; the system's.
pub fn open_archive<F>(packed: Packed, file: F, choose: Choose<'_>) -> io::Result<Member>
where
    F: Read + Seek + Send + 'static,
{
    match packed {
        Packed::Zip => zip::open(file, choose),
        Packed::SevenZip => seven_zip::open(file, choose),
        _ => Err(UnpackError::new(packed, Problem::NotReadHere).into()),
    }
}

/// The place of the chosen one among all names of an archive.
pub(super) fn choose_among(packed: Packed, names: &[&str], choose: Choose<'_>) -> Result<usize, UnpackError> {
    let files: Vec<usize> = (0..names.len()).filter(|place| is_content(names[*place])).collect();
    let of_files: Vec<&str> = files.iter().map(|place| names[*place]).collect();
    if of_files.is_empty() {
        return Err(UnpackError::new(packed, Problem::NoFile));
    }
    match choose(&of_files) {
        Some(chosen) => Ok(files[chosen]),
        None => {
            let named = of_files.iter().take(NAMED).map(|name| (*name).to_owned()).collect();
            Err(UnpackError::new(packed, Problem::SeveralFiles(of_files.len() as u64, named)))
        }
    }
}

/// Whether somebody put it there on purpose.
fn is_content(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or_default();
    !name.ends_with('/')
        && !name.starts_with("__MACOSX/")
        && !matches!(base, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}
