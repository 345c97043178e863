//! A folder whose files are reached by their names alone: on Linux relative to the opened folder, so that its path is not looked up
//! again for each of a million files. Where a disk stands in for the system's, by their paths on that one.

#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use breachdex::files::{self, Disk, Readers};

use super::RangeEncoding;

/// Mode of new files, cut by the umask.
const MODE: u32 = 0o666;

/// The name of a range's file: short, without an allocation.
pub(super) struct Name {
    bytes: [u8; 16],
    length: usize,
}

impl Name {
    /// `ABCDE.gz`, or `abcde.gz`.
    pub(super) fn of(prefix: u32, ending: &str, is_lower: bool) -> Self {
        Self::build(&[], prefix, ending.as_bytes(), is_lower, &[])
    }

    /// The name under which it is written before it replaces another: `.ABCDE.gz.part`.
    pub(super) fn unfinished(prefix: u32, ending: &str) -> Self {
        Self::build(b".", prefix, ending.as_bytes(), false, b".part")
    }

    fn build(before: &[u8], prefix: u32, ending: &[u8], is_lower: bool, behind: &[u8]) -> Self {
        let digits = if is_lower { b"0123456789abcdef" } else { b"0123456789ABCDEF" };
        let (mut bytes, mut length) = ([0; 16], 0);
        let hex = [16, 12, 8, 4, 0].map(|shift| digits[(prefix >> shift & 15) as usize]);
        for byte in before.iter().chain(&hex).chain(ending).chain(behind) {
            bytes[length] = *byte;
            length += 1;
        }
        Self { bytes, length }
    }

    fn as_str(&self) -> &str {
        // Digits and endings of ours.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a range's file, read.
pub(super) struct RangeName {
    pub(super) name: Name,
    pub(super) prefix: u32,
    pub(super) encoding: RangeEncoding,
    pub(super) is_lower: bool,
    /// Whether it is one that a file has before it replaces another.
    pub(super) is_unfinished: bool,
}

impl RangeName {
    /// `None` for a name that no range's file has.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let unfinished = text.strip_prefix('.').and_then(|rest| rest.strip_suffix(".part"));
        let plain = unfinished.unwrap_or(text);
        let (digits, ending) = plain.split_at_checked(5)?;
        let encodings = [RangeEncoding::Plain, RangeEncoding::Gzip, RangeEncoding::Brotli];
        let encoding = encodings.into_iter().find(|encoding| encoding.ending() == ending)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let prefix = u32::from_str_radix(digits, 16).ok()?;
        let is_unfinished = unfinished.is_some();
        let name = |is_lower| match is_unfinished {
            true => Name::unfinished(prefix, ending),
            false => Name::of(prefix, ending, is_lower),
        };
        // Of digits alone there is one name.
        let is_lower = [false, true].into_iter().find(|is_lower| name(*is_lower).as_str() == text)?;
        Some(Self { name: name(is_lower), prefix, encoding, is_lower, is_unfinished })
    }
}

/// An opened folder.
pub(super) struct Handle {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    /// Whether the disk stands in for the system's.
    is_simulated: bool,
    /// How many steps a test lets it make.
    #[cfg(test)]
    pub(super) steps: Option<std::sync::atomic::AtomicI64>,
    #[cfg(target_os = "linux")]
    opened: File,
}

impl Handle {
    /// Opens a folder on the disk of this thread.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            disk: files::current(),
            is_simulated: files::simulated_disk().is_some(),
            #[cfg(test)]
            steps: None,
            #[cfg(target_os = "linux")]
            opened: File::open(path)?,
        })
    }

    pub(super) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Whether what would be done at the same time is done one after another, so that a simulation can repeat it.
    pub(super) fn is_simulated(&self) -> bool {
        self.is_simulated
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Is called in front of each change of the folder, so that tests can end a run there.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a test may end a run here")]
    pub(super) fn step(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn step(&self) -> io::Result<()> {
        use std::sync::atomic::Ordering;
        match &self.steps {
            Some(steps) if steps.fetch_sub(1, Ordering::SeqCst) <= 0 => Err(io::Error::other("killed")),
            _ => Ok(()),
        }
    }

    /// Has the names of the folder on disk.
    pub(super) fn sync_names(&self) -> io::Result<()> {
        self.step()?;
        self.disk.sync_folder(&self.path)
    }

    /// Has everything on disk that was written to the file system of the folder.
    pub(super) fn sync_all(&self) -> io::Result<()> {
        self.step()?;
        #[cfg(target_os = "linux")]
        if !self.is_simulated {
            // The folder may have another name by now.
            return Ok(rustix::fs::syncfs(&self.opened)?);
        }
        self.disk.sync_file_system(&self.path)
    }

    /// Gives a file that notes are in another name.
    pub(super) fn rename_notes(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        self.disk.rename(from, to, true)
    }

    /// Makes a file for notes.
    pub(super) fn create_notes(&self, path: &Path) -> io::Result<File> {
        self.step()?;
        files::replace_leftover(&*self.disk, path, Readers::Umask)
    }

    /// Removes a file of notes that may be missing.
    pub(super) fn remove_notes(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        match self.disk.remove(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn path_of(&self, name: &Name) -> PathBuf {
        self.path.join(name.as_str())
    }

    /// Creates a file, in place of what an interrupted run left under its name.
    pub(super) fn create(&self, name: &Name) -> io::Result<File> {
        self.step()?;
        match self.create_new(name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                files::replace_leftover(&*self.disk, &self.path_of(name), Readers::Umask)
            }
            created => created,
        }
    }

    /// Links a file under another name, in place of what an interrupted run left there.
    pub(super) fn link(&self, name: &Name, other: &Name) -> io::Result<()> {
        self.step()?;
        match self.link_new(name, other) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.remove(other)?;
                self.link_new(name, other)
            }
            linked => linked,
        }
    }

    /// Removes a file that may be missing.
    pub(super) fn remove(&self, name: &Name) -> io::Result<()> {
        self.step()?;
        match self.unlink(name) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Handle {
    pub(super) fn rename(&self, from: &Name, to: &Name) -> io::Result<()> {
        self.step()?;
        #[cfg(target_os = "linux")]
        if !self.is_simulated {
            return Ok(rustix::fs::renameat(&self.opened, from.as_str(), &self.opened, to.as_str())?);
        }
        self.disk.rename(&self.path_of(from), &self.path_of(to), true)
    }

    fn create_new(&self, name: &Name) -> io::Result<File> {
        #[cfg(target_os = "linux")]
        if !self.is_simulated {
            use rustix::fs::{Mode, OFlags};
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let mode = Mode::from_raw_mode(MODE);
            return Ok(File::from(rustix::fs::openat(&self.opened, name.as_str(), flags, mode)?));
        }
        self.disk.create_new(&self.path_of(name), MODE)
    }

    fn link_new(&self, name: &Name, other: &Name) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if !self.is_simulated {
            let flags = rustix::fs::AtFlags::empty();
            return Ok(rustix::fs::linkat(&self.opened, name.as_str(), &self.opened, other.as_str(), flags)?);
        }
        self.disk.link(&self.path_of(name), &self.path_of(other))
    }

    fn unlink(&self, name: &Name) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if !self.is_simulated {
            let flags = rustix::fs::AtFlags::empty();
            return Ok(rustix::fs::unlinkat(&self.opened, name.as_str(), flags)?);
        }
        self.disk.remove(&self.path_of(name))
    }

    /// The length of a regular file that is there.
    #[cfg(target_os = "linux")]
    pub(super) fn length(&self, name: &Name) -> Option<u64> {
        use rustix::fs::{AtFlags, FileType};
        let facts = rustix::fs::statat(&self.opened, name.as_str(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let is_file = FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile;
        u64::try_from(facts.st_size).ok().filter(|_| is_file)
    }

    /// The length of a regular file that is there.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn length(&self, name: &Name) -> Option<u64> {
        let facts = std::fs::symlink_metadata(self.path_of(name)).ok()?;
        facts.is_file().then(|| facts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_prefixes_and_endings() {
        assert_eq!(Name::of(0xABC01, ".gz", false).as_str(), "ABC01.gz");
        assert_eq!(Name::of(0xABC01, "", true).as_str(), "abc01");
        assert_eq!(Name::unfinished(0xFFFFF, ".br").as_str(), ".FFFFF.br.part");
        for name in ["00000", "ABC01.gz", "abc01", ".FFFFF.br.part", ".00000.part"] {
            let range = RangeName::parse(name).expect(name);
            assert_eq!(range.name.as_str(), name);
            assert_eq!(range.is_lower, name == "abc01");
        }
        for other in
            ["aBc01", "0000", "00000.gzip", "000000", "manifest", ".abc01.part", "+0000", "00000.part"]
        {
            assert!(RangeName::parse(other).is_none(), "{other}");
        }
    }
}
