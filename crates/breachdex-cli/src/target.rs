//! A file that appears under its name only when it is complete, or a pipe or device that is written through.

#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use breachdex::Error;
use breachdex::files::{self, ClaimError, Readers, Temporary};

use crate::failure::Failure;
use crate::messages;

/// A file being written beside its target; gone when it is dropped unpublished, and recognised by the next one that writes
/// the same target when it was killed.
pub(crate) struct Target {
    path: PathBuf,
    readers: Readers,
    output: Output,
}

enum Output {
    Temporary(Temporary),
    /// What is no regular file is not replaced: its reader waits at its other end.
    Through(File),
}

impl Target {
    /// Begins a file that will be `path`, which may exist already only when it is to be replaced. Of a symbolic link to a
    /// file, what it leads to is replaced; a pipe or a device is written through.
    ///
    /// A `secret` one is for its owner alone from the moment it is there, whatever the umask.
    pub(crate) fn create(path: &Path, replace: bool, secret: bool) -> Result<Self, Failure> {
        let readers = if secret { Readers::Owner } else { Readers::Umask };
        let output = match through(path) {
            Some(opened) => Output::Through(opened.map_err(|source| failed("open", path, source))?),
            None => {
                let resolved = files::resolve_target(path, replace).map_err(|error| refusal(path, error))?;
                let claimed = Temporary::claim(files::current(), &resolved, readers);
                Output::Temporary(claimed.map_err(|error| refusal(path, error))?)
            }
        };
        Ok(Self { path: path.to_owned(), readers, output })
    }

    /// Where to write.
    pub(crate) fn file(&mut self) -> &File {
        match &self.output {
            Output::Temporary(temporary) => temporary.file(),
            Output::Through(file) => file,
        }
    }

    /// Makes the file durable and gives it its name.
    pub(crate) fn publish(self, replace: bool) -> Result<(), Failure> {
        let Self { path, readers, output } = self;
        let Output::Temporary(temporary) = output else { return Ok(()) };
        match temporary.publish(replace, readers) {
            Ok(durability) => {
                messages::durability(&path, durability);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !replace => {
                Err(Error::TargetExists(path).into())
            }
            Err(error) => Err(failed("create", &path, error)),
        }
    }
}

/// Refuses a target that is the file of a key which the command reads: a secret key that was replaced is lost.
pub(crate) fn refuse_keys<'a>(
    path: &Path,
    keys: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), Failure> {
    if keys.into_iter().any(|key| files::is_same_file(key, path)) {
        return Err(Failure::Usage(format!(
            "{} is a key that this command reads; choose another OUT",
            path.display()
        )));
    }
    Ok(())
}

/// Whether standard output is named.
pub(crate) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Refuses standard output for an index, whose header is written last.
pub(crate) fn refuse_stdout(path: &Path) -> Result<(), Failure> {
    match is_stdout(path) {
        true => Err(Failure::Usage(String::from(
            "an index cannot be written to standard output (-), because its beginning is written last; name a file",
        ))),
        false => Ok(()),
    }
}

#[cfg(unix)]
fn stdout() -> io::Result<File> {
    Ok(File::from(std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?))
}

#[cfg(windows)]
fn stdout() -> io::Result<File> {
    Ok(File::from(std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?))
}

/// Whether a path is written through, because what is there is no file that could be replaced: a pipe, a terminal,
/// `/dev/stdout`. Its reader may keep us waiting.
pub(crate) fn is_through(path: &Path) -> bool {
    is_stdout(path) || path.metadata().is_ok_and(|facts| !facts.is_file() && !facts.is_dir())
}

/// Opens for writing what is written through.
fn through(path: &Path) -> Option<io::Result<File>> {
    match (is_stdout(path), is_through(path)) {
        (true, _) => Some(stdout()),
        (_, true) => Some(open_through(path)),
        _ => None,
    }
}

fn open_through(path: &Path) -> io::Result<File> {
    files::refuse_put_there(path)?;
    OpenOptions::new().write(true).open(path)
}

fn refusal(path: &Path, error: ClaimError) -> Failure {
    match error {
        ClaimError::Exists => Error::TargetExists(path.to_owned()).into(),
        ClaimError::Busy => Error::TargetBusy(path.to_owned()).into(),
        ClaimError::Unfit(reason) => Failure::Usage(reason),
        ClaimError::Io(action, path, source) => Error::Io { action, path, source }.into(),
    }
}

/// A failed action on the target.
pub(crate) fn failed(action: &'static str, path: &Path, source: io::Error) -> Failure {
    Error::Io { action, path: path.to_owned(), source }.into()
}
