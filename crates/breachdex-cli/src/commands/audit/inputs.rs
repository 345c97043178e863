//! The inputs of `audit`: files, the files of folders, or standard input.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use breachdex_audit::Input;

use crate::failure::Failure;
use crate::passwords::standard_input;
use crate::target;

/// The files that are named, folders replaced by the files in them and below, in the order of their names. Hidden files are
/// left out.
pub(super) fn expand(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        add_folder(path, &mut files)?;
        if files.len() == before {
            return Err(Failure::Usage(format!("{} has no files to audit", path.display())));
        }
    }
    let has_stream = files.iter().any(|path| is_stream(path));
    if has_stream && files.len() > 1 {
        return Err(Failure::Usage(String::from("standard input cannot be audited together with files")));
    }
    Ok(files)
}

fn add_folder(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unread = |source| target::failed("read", folder, source);
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    for entry in entries {
        if entry.is_dir() { add_folder(&entry, files)? } else { files.push(entry) }
    }
    Ok(())
}

/// Opens nothing yet: a file is opened when its turn comes.
pub(super) fn open(files: Vec<PathBuf>) -> Result<Vec<Input>, Failure> {
    match files.as_slice() {
        [] => Ok(vec![stream()?]),
        [only] if is_stream(only) => Ok(vec![stream()?]),
        _ => Ok(files.into_iter().map(Input::File).collect()),
    }
}

fn stream() -> Result<Input, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::Usage(String::from("name a file to audit, or send one on standard input")));
    }
    Ok(Input::Stream(Box::new(standard_input()?)))
}

fn is_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}
