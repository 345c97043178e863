//! A radar's state as bytes and as a file, so that it survives a restart.
//!
//! The file is for its owner alone (mode 0600): it has the key under which sources and accounts are hashed. It is as large as
//! there are sources that are remembered, and ends with a checksum over everything before it.

#![forbid(unsafe_code)]

mod bytes;
mod state;

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use breachdex::files::{self, ClaimError, Readers, Temporary};
use zeroize::Zeroizing;

use crate::error::{RadarError, Result};
use crate::options::RadarOptions;
use crate::radar::Radar;
use bytes::{Reader, Writer};

const MAGIC: &[u8; 8] = b"BDXRADAR";
const VERSION: u32 = 1;
/// Bytes of the checksum: BLAKE3.
const CHECKSUM: usize = 32;

impl Radar {
    /// The state as bytes, for [`Radar::restore`]. They contain the key: treat them as a secret.
    #[must_use]
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(state::longest(self.options.sources));
        writer.bytes(MAGIC);
        writer.u32(VERSION);
        state::write(self, &mut writer);
        writer.finish()
    }

    /// Restores a radar. The options are those that it has from now on, but for the key, which is the saved one.
    ///
    /// # Errors
    /// [`RadarError::Damaged`], [`RadarError::Version`], [`RadarError::Sources`], and those of [`Radar::new`].
    pub fn restore(options: RadarOptions, saved: &[u8]) -> Result<Self> {
        let Some(length) = saved.len().checked_sub(CHECKSUM) else {
            return Err(RadarError::Damaged("it is too short"));
        };
        let (body, checksum) = saved.split_at(length);
        if body.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(RadarError::Damaged("it is no radar state"));
        }
        if blake3::hash(body).as_bytes() != checksum {
            return Err(RadarError::Damaged("its checksum does not match"));
        }
        let mut reader = Reader(&body[MAGIC.len()..]);
        let version = reader.u32()?;
        if version != VERSION {
            return Err(RadarError::Version { found: version, expected: VERSION });
        }
        state::read(options, reader)
    }

    /// Saves the state to a file of mode 0600, which appears when it is complete. It replaces an earlier one.
    ///
    /// # Errors
    /// [`RadarError::Io`].
    pub fn save_to(&self, path: &Path) -> Result<()> {
        Self::write(&self.save(), path)
    }

    /// Writes what [`Radar::save`] returned to a file, as [`Radar::save_to`] does. For a radar behind a lock, which need not be
    /// held while the disk is written to.
    ///
    /// # Errors
    /// [`RadarError::Io`].
    pub fn write(saved: &[u8], path: &Path) -> Result<()> {
        let failed = |action| move |source| RadarError::Io { action, path: path.to_owned(), source };
        let refused = |error: ClaimError| {
            let source = match error {
                ClaimError::Io(_, _, source) => source,
                ClaimError::Unfit(reason) => io::Error::other(reason),
                ClaimError::Busy => io::Error::other("another process is writing it"),
                ClaimError::Exists => io::ErrorKind::AlreadyExists.into(),
            };
            failed("write")(source)
        };
        let target = files::resolve_target(path, true).map_err(refused)?;
        let temporary = Temporary::claim(files::current(), &target, Readers::Owner).map_err(refused)?;
        temporary.file().write_all(saved).map_err(failed("write"))?;
        temporary.publish(true, Readers::Owner).map_err(failed("write"))?;
        Ok(())
    }

    /// Opens the state that [`Radar::save_to`] saved. A file that does not exist is an error, so that it is the caller who
    /// decides to begin anew; so is one of another user, one that others may read, and what is no regular file.
    ///
    /// # Errors
    /// [`RadarError::Io`], and those of [`Radar::restore`] in a [`RadarError::State`].
    pub fn open(options: RadarOptions, path: &Path) -> Result<Self> {
        options.validate()?;
        let failed = |source| RadarError::Io { action: "read", path: path.to_owned(), source };
        let longest = state::longest(options.sources);
        let mut saved = Zeroizing::new(Vec::new());
        let (file, facts) = files::open_private(path).map_err(|fault| failed(fault.into()))?;
        let length = facts.len();
        if length > longest as u64 {
            let longer = RadarError::Damaged("it is longer than a radar with this option sources can be");
            return Err(unusable(path, longer));
        }
        // In one piece: a buffer that grows leaves copies of the key behind.
        saved.reserve_exact(length as usize + 1);
        file.take(longest as u64).read_to_end(&mut saved).map_err(failed)?;
        Self::restore(options, &saved).map_err(|error| unusable(path, error))
    }
}

fn unusable(path: &Path, error: RadarError) -> RadarError {
    RadarError::State { path: path.to_owned(), source: Box::new(error) }
}
