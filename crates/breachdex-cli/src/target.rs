//! A file that appears under its name only when it is complete.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use breachdex::Error;
use tempfile::{Builder, NamedTempFile};

use crate::failure::Failure;

/// A file being written beside its target; gone when it is dropped unpublished.
pub(crate) struct Target {
    path: PathBuf,
    folder: PathBuf,
    file: NamedTempFile,
}

impl Target {
    /// Begins a file that will be `path`, which may exist already only when it is to be replaced.
    pub(crate) fn create(path: &Path, replace: bool) -> Result<Self, Failure> {
        Self::create_with(path, replace, &OpenOptions::new())
    }

    /// The same, for a file that nobody else may read, from its first byte on (mode 0600).
    pub(crate) fn create_private(path: &Path, replace: bool) -> Result<Self, Failure> {
        #[cfg_attr(not(unix), allow(unused_mut))]
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::create_with(path, replace, &options)
    }

    fn create_with(path: &Path, replace: bool, options: &OpenOptions) -> Result<Self, Failure> {
        match path.symlink_metadata() {
            Ok(_) if !replace => return Err(Error::TargetExists(path.to_owned()).into()),
            // A rename would put a file in the place of a folder or a device.
            Ok(facts) if !facts.is_file() && !facts.is_symlink() => {
                return Err(Failure::Usage(format!("{} is not a regular file", path.display())));
            }
            _ => {}
        }
        let name = path.file_name().ok_or_else(|| {
            failed("create", path, io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))
        })?;
        // Beside the target, because a rename is atomic only inside one file system.
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(format!(".breachdex-{}-", process::id()));
        let create = |temporary: &Path| options.clone().write(true).create_new(true).open(temporary);
        let file = Builder::new()
            .prefix(&prefix)
            .make_in(&folder, create)
            .map_err(|source| failed("create", path, source))?;
        Ok(Self { path: path.to_owned(), folder, file })
    }

    /// Where to write.
    pub(crate) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Makes the file durable and gives it its name.
    pub(crate) fn publish(self, replace: bool) -> Result<(), Failure> {
        let Self { path, folder, file } = self;
        file.as_file().sync_all().map_err(|source| failed("sync", &path, source))?;
        let renamed = match replace {
            true => file.persist(&path),
            false => file.persist_noclobber(&path),
        };
        match renamed {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Error::TargetExists(path).into());
            }
            Err(error) => return Err(failed("create", &path, error.error)),
        }
        #[cfg(unix)]
        File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| failed("sync", &folder, source))?;
        Ok(())
    }
}

/// A failed action on the target.
pub(crate) fn failed(action: &'static str, path: &Path, source: io::Error) -> Failure {
    Error::Io { action, path: path.to_owned(), source }.into()
}
