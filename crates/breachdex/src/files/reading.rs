//! Opening what is read: regular files where an index is expected, and inputs, which may be pipes.

#![forbid(unsafe_code)]

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Result, io_error};

/// How often somebody who waits for a pipe's writer looks whether to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Opens a file that must be a regular one. Never waits for a pipe's writer, whatever takes the file's place.
///
/// # Errors
/// The system's; [`io::ErrorKind::InvalidInput`] for what is no regular file.
pub fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    // Opening a device may do something, so it is looked at before, and again once it is open.
    refuse_irregular(&std::fs::metadata(path)?)?;
    let file = without_waiting(path)?;
    let facts = file.metadata()?;
    refuse_irregular(&facts)?;
    Ok((file, facts))
}

fn refuse_irregular(facts: &Metadata) -> io::Result<()> {
    match facts.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {}", kind_of(facts)))),
    }
}

fn refuse_other_than_pipes(facts: &Metadata) -> io::Result<()> {
    if kind_of(facts) == "a pipe" { Ok(()) } else { refuse_irregular(facts) }
}

/// Opens a file that must be a regular one, as every index is. Never waits for a pipe's writer.
///
/// # Errors
/// [`Error::NotAnIndex`] for a folder, a pipe, a socket or a device; [`Error::Io`].
pub fn open_index(path: &Path) -> Result<(File, Metadata)> {
    // Opening a device may do something, so it is looked at before, and again once it is open.
    refuse_other_than_files(path, &std::fs::metadata(path).map_err(io_error("open", path))?)?;
    let file = without_waiting(path).map_err(io_error("open", path))?;
    let facts = file.metadata().map_err(io_error("read", path))?;
    refuse_other_than_files(path, &facts)?;
    Ok((file, facts))
}

fn refuse_other_than_files(path: &Path, facts: &Metadata) -> Result<()> {
    if facts.is_file() {
        return Ok(());
    }
    let reason = if facts.is_dir() { "it is a folder" } else { "it is a pipe or a device, not a file" };
    Err(Error::NotAnIndex { name: path.display().to_string(), reason })
}

/// What something is that is no regular file, for messages.
pub fn kind_of(facts: &Metadata) -> &'static str {
    let kind = facts.file_type();
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        "not a regular file"
    }
}

/// Without these features a pipe that takes a file's place between the look at it and this call is waited for.
fn without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(all(unix, any(feature = "build", feature = "system")))]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.read(true).open(path)
}

/// The bytes of a small file, at most `most` of them. Never waits for a pipe's writer, whatever takes the file's place.
///
/// # Errors
/// The system's; [`io::ErrorKind::InvalidInput`] for what is no regular file.
pub fn read_start(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (file, _) = open_regular(path)?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a small file, such as settings: all of it, if it has at most `most` bytes. Never waits for a pipe's writer.
///
/// # Errors
/// The system's; [`io::ErrorKind::InvalidInput`] for what is no regular file, [`io::ErrorKind::FileTooLarge`] for what is
/// longer; [`io::ErrorKind::InvalidData`] for what is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let bytes = read_start(path, most + 1)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// An input that is read from its beginning to its end: a file, a pipe, a terminal.
#[derive(Debug)]
pub struct InputFile {
    file: File,
    /// Whether its bytes come from somebody who may keep us waiting.
    may_wait: bool,
}

impl InputFile {
    /// Opens an input. A pipe is opened without waiting for its writer; reading waits.
    ///
    /// # Errors
    /// The system's, and one for a folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = without_waiting(path)?;
        let facts = file.metadata()?;
        if facts.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self { may_wait: !facts.is_file(), file })
    }

    /// Opens an input that is a file or a pipe, and says what it is.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidInput`] for what is neither.
    pub(crate) fn open_file_or_pipe(path: &Path) -> io::Result<(Self, Metadata)> {
        // Opening a device may do something, so it is looked at before, and again once it is open.
        refuse_other_than_pipes(&std::fs::metadata(path)?)?;
        let file = without_waiting(path)?;
        let facts = file.metadata()?;
        refuse_other_than_pipes(&facts)?;
        Ok((Self { may_wait: !facts.is_file(), file }, facts))
    }

    /// Standard input, past what was read of it by other means.
    ///
    /// # Errors
    /// The system's.
    pub fn stdin() -> io::Result<Self> {
        let file = crate::memory::standard_input()?;
        let is_file = file.metadata().is_ok_and(|facts| facts.is_file());
        Ok(Self { may_wait: !is_file, file })
    }

    /// The file, if it is a regular one, which can be read from anywhere; what was read of it is forgotten.
    pub fn into_regular_file(self) -> Option<File> {
        (!self.may_wait).then_some(self.file)
    }

    /// Reads the next bytes, 0 at the end. Asks `stops` several times a second while it waits.
    ///
    /// # Errors
    /// [`Stopped`] inside when `stops` says so; the system's.
    pub fn read_unless(&mut self, buffer: &mut [u8], stops: &dyn Fn() -> bool) -> io::Result<usize> {
        loop {
            if self.may_wait && !wait_for(&self.file, POLL_INTERVAL)? {
                if stops() {
                    return Err(stopped());
                }
                continue;
            }
            match self.file.read(buffer) {
                // Another reader of the same pipe was quicker.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !self.may_wait {
                        return Err(error);
                    }
                    if stops() {
                        return Err(stopped());
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

/// Waits as long as it takes.
impl Read for InputFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_unless(buffer, &|| false)
    }
}

/// Reading was given up because it was told to stop.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
pub(crate) struct Stopped;

/// The error of a reader that was told to stop.
pub(crate) fn stopped() -> io::Error {
    io::Error::other(Stopped)
}

/// Whether an error of [`InputFile::read_unless`] means that reading was told to stop.
pub(crate) fn is_stopped(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Stopped>())
}

/// Whether there is something to read, or nothing will ever be, within a time. A pipe that nobody has written to yet is
/// waited for: reading it would say that it has ended.
#[cfg(all(unix, any(feature = "build", feature = "system")))]
fn wait_for(file: &File, time: Duration) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let time = Timespec { tv_sec: 0, tv_nsec: i64::from(time.subsec_nanos()) };
    match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&time)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(all(unix, any(feature = "build", feature = "system"))))]
fn wait_for(_: &File, _: Duration) -> io::Result<bool> {
    Ok(true)
}
