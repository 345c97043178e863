//! Cold files: their pages are taken out of the page cache, and what is read from the disk afterwards is counted.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What this process, its threads and the children it waited for have had read from disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reads {
    /// Bytes read from block devices, readahead included.
    pub bytes: u64,
    /// Page faults that had to wait for a disk.
    pub major_faults: u64,
}

impl Reads {
    /// The counters now; `None` where the kernel does not keep them.
    pub fn now() -> Option<Self> {
        let io = fs::read_to_string("/proc/self/io").ok()?;
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        Some(Self { bytes: read_bytes(&io)?, major_faults: major_faults(&stat)? })
    }

    /// What was read since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(before.bytes),
            major_faults: self.major_faults.saturating_sub(before.major_faults),
        }
    }
}

fn read_bytes(io: &str) -> Option<u64> {
    io.lines().find_map(|line| line.strip_prefix("read_bytes: "))?.parse().ok()
}

/// Of the process and of the children that it waited for.
fn major_faults(stat: &str) -> Option<u64> {
    // The second field is the command in parentheses and may hold spaces; the third is the first after it.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(9);
    let own: u64 = fields.next()?.parse().ok()?;
    let children: u64 = fields.next()?.parse().ok()?;
    Some(own + children)
}

/// Takes the pages of files out of the page cache. Nobody may have them mapped.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::Unsupported`] on other systems than Linux.
pub fn drop_pages(files: &[impl AsRef<Path>]) -> io::Result<()> {
    for path in files {
        let file = File::open(path)?;
        // Only clean pages can be dropped.
        file.sync_all()?;
        forget(&file)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn forget(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?)
}

#[cfg(not(target_os = "linux"))]
fn forget(_file: &File) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "the page cache can be emptied of a file on Linux only"))
}

/// Reads files from beginning to end, so that they are in the page cache as far as it has room.
///
/// # Errors
/// Those of the file system.
pub fn warm_pages(files: &[impl AsRef<Path>]) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    for path in files {
        let mut file = File::open(path)?;
        while file.read(&mut buffer)? > 0 {}
    }
    Ok(())
}

/// The readahead of the device that holds a path, in KiB; `None` where the kernel does not say.
#[cfg(target_os = "linux")]
pub fn readahead_kib(path: &Path) -> Option<u64> {
    let device = rustix::fs::stat(path).ok()?.st_dev;
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let text = fs::read_to_string(format!("/sys/class/bdi/{major}:{minor}/read_ahead_kb")).ok()?;
    text.trim().parse().ok()
}

/// Other systems do not say.
#[cfg(not(target_os = "linux"))]
pub fn readahead_kib(_path: &Path) -> Option<u64> {
    None
}

/// Bytes of the disk under `path` that may still be used.
///
/// # Errors
/// Those of the file system.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::report::announce;

    #[test]
    fn the_counters_of_the_kernel_are_understood() {
        let io = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 53248\nwrite_bytes: 6\ncancelled_write_bytes: 7\n";
        assert_eq!(read_bytes(io), Some(53_248));
        let stat = "42 (a ) name) S 1 42 42 0 -1 4194304 900 800 70 5 1 2 3 4 20 0 1 0";
        assert_eq!(major_faults(stat), Some(75));
        assert_eq!(
            Reads { bytes: 9, major_faults: 3 }.since(Reads { bytes: 4, major_faults: 1 }),
            Reads { bytes: 5, major_faults: 2 }
        );
    }

    #[test]
    fn dropped_pages_are_read_from_disk_again() {
        // Beside the compiled tests: a disk, where the folder for temporary files may be memory.
        let folder = tempfile::tempdir_in(std::env::current_exe().unwrap().parent().unwrap()).unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![7; 1 << 20]).unwrap();
        let Some(before) = Reads::now() else {
            announce("skipped: the kernel does not count reads");
            return;
        };
        drop_pages(&[&path]).unwrap();
        warm_pages(&[&path]).unwrap();
        let read = Reads::now().unwrap().since(before);
        // Other tests may read as well, but a file system without a disk reads nothing.
        if read.bytes == 0 {
            announce("skipped: the file system keeps its pages");
            return;
        }
        assert!(read.bytes >= 1 << 20, "{read:?}");
    }
}
