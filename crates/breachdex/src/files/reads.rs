//! The seam below what reads files at an offset. Mappings and inputs that come from elsewhere are not read through it.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Read};

/// Reads some bytes of a file at an offset and says how many; 0 at its end.
///
/// # Errors
/// The system's, or those of a simulated disk.
pub fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(feature = "simulation")]
    if let Some(read) = simulated(file, bytes, offset) {
        return read;
    }
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, bytes, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, bytes, offset);
}

/// What reads of a simulated disk give; `None` leaves a read to the system. Asked on any thread.
#[cfg(feature = "simulation")]
pub type SimulatedRead = fn(&File, &mut [u8], u64) -> Option<io::Result<usize>>;

#[cfg(feature = "simulation")]
static SIMULATED: std::sync::OnceLock<SimulatedRead> = std::sync::OnceLock::new();

/// Has every read of this process asked first what a simulated disk gives. The first call counts.
#[cfg(feature = "simulation")]
pub fn simulate_reads(read: SimulatedRead) {
    let _ = SIMULATED.set(read);
}

#[cfg(feature = "simulation")]
pub(crate) fn simulated(file: &File, bytes: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
    SIMULATED.get().and_then(|read| read(file, bytes, offset))
}

/// Reads a file from an offset on.
#[derive(Debug)]
pub struct ReadFrom<'f> {
    file: &'f File,
    offset: u64,
}

impl<'f> ReadFrom<'f> {
    /// Begins at an offset.
    pub const fn new(file: &'f File, offset: u64) -> Self {
        Self { file, offset }
    }
}

impl Read for ReadFrom<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = read_at(self.file, bytes, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
