//! The operations of the disk: each may fail, and what it did is remembered.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use breachdex::files::{Disk, System, write_all_at};

use super::content::{Content, Write};
use super::names::{NameChange, apply};
use super::{EIO, Outcome, SimulatedDisk, State};

impl Disk for SimulatedDisk {
    fn create_new(&self, path: &Path, mode: u32) -> io::Result<File> {
        let mut state = self.state();
        let outcome = state.next("create", &shown(path));
        if let Outcome::Fail(error) = outcome {
            return Err(error);
        }
        let file = System.create_new(path, mode)?;
        let number = state.add(file.metadata()?.ino(), Content::default());
        if let Some(name) = state.relative(path) {
            state.pending.push(NameChange::Add(name, number));
        }
        done(outcome)?;
        Ok(file)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        match self.state().next("open", &shown(path)) {
            Outcome::Work => System.open(path),
            Outcome::Fail(error) => Err(error),
            Outcome::WorkAndFail => Err(io::Error::from_raw_os_error(EIO)),
        }
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.state();
        let outcome = state.next("write", &format!("{} bytes at {offset}", bytes.len()));
        let mut bytes = bytes;
        match &outcome {
            Outcome::Fail(_) => {}
            // The end came in the middle of it.
            Outcome::WorkAndFail => bytes = &bytes[..state.rng.index(bytes.len() + 1)],
            Outcome::Work if bytes.len() > 1 && state.rng.below(100) < state.plan.short => {
                if state.rng.percent(20) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                bytes = &bytes[..1 + state.rng.index(bytes.len() - 1)];
            }
            Outcome::Work => {}
        }
        if let Outcome::Fail(error) = outcome {
            return Err(error);
        }
        let mut written = 0;
        while written < bytes.len() {
            written += System.write_at(file, &bytes[written..], offset + written as u64)?;
        }
        state.file(file)?.pending.push(Write::Bytes(offset, bytes.to_vec()));
        done(outcome)?;
        Ok(written)
    }

    fn set_len(&self, file: &File, length: u64) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.next("set length", &length.to_string());
        if let Outcome::Fail(error) = outcome {
            return Err(error);
        }
        System.set_len(file, length)?;
        state.file(file)?.pending.push(Write::Length(length));
        done(outcome)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.next("sync", "");
        if let Outcome::Fail(error) = outcome {
            // As systems do: what could not be written is taken for written. It stays in memory until it is forgotten, and
            // no later sync tells of it.
            if state.crashed.is_none() && state.rng.percent(50) {
                state.file(file)?.pending.clear();
                state.log.push("  what was written is lost when it is forgotten".into());
            }
            return Err(error);
        }
        state.file(file)?.write_back();
        done(outcome)
    }

    /// As that of each file, but that it fails for all of them at once.
    fn sync_all(&self, folder: &Path, files: &[PathBuf]) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.next("sync all", &format!("{} files of {}", files.len(), shown(folder)));
        let loses = matches!(outcome, Outcome::Fail(_)) && state.crashed.is_none() && state.rng.percent(50);
        if matches!(outcome, Outcome::Fail(_)) && !loses {
            return done(outcome);
        }
        for file in files {
            let content = state.file(&File::open(file)?)?;
            match loses {
                true => content.pending.clear(),
                false => content.write_back(),
            }
        }
        done(outcome)
    }

    /// As [`Disk::sync_all`] of all files, and their names.
    fn sync_file_system(&self, _: &Path) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.next("sync the file system", "");
        if matches!(outcome, Outcome::Fail(_)) {
            if state.crashed.is_none() && state.rng.percent(50) {
                state.files.iter_mut().for_each(|content| content.pending.clear());
            }
            return done(outcome);
        }
        state.files.iter_mut().for_each(Content::write_back);
        let State { durable, pending, .. } = &mut *state;
        pending.drain(..).for_each(|change| apply(durable, &change));
        done(outcome)
    }

    fn link(&self, file: &Path, name: &Path) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.next("link", &format!("{} to {}", shown(file), shown(name)));
        if let Outcome::Fail(error) = outcome {
            return Err(error);
        }
        System.link(file, name)?;
        let number = state.numbers.get(&std::fs::symlink_metadata(name)?.ino()).copied();
        let number = number.ok_or_else(|| io::Error::other("a file that this disk did not make"))?;
        let linked = NameChange::Add(state.name(name), number);
        state.pending.push(linked);
        done(outcome)
    }

    fn forget(&self, file: &File) -> io::Result<()> {
        self.sync(file)?;
        let mut state = self.state();
        let durable = state.file(file)?.durable.clone();
        System.set_len(file, durable.len() as u64)?;
        write_all_at(&System, file, &durable, 0)
    }

    fn rename(&self, from: &Path, to: &Path, replace: bool) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.next("rename", &format!("{} to {}", shown(from), shown(to)));
        if let Outcome::Fail(error) = outcome {
            return Err(error);
        }
        let facts = std::fs::symlink_metadata(from)?;
        if facts.is_dir() {
            System.rename(from, to, replace)?;
            let renamed = NameChange::Folder(state.name(from), state.name(to));
            state.pending.push(renamed);
            return done(outcome);
        }
        let system = facts.ino();
        let number = state.numbers.get(&system).copied();
        let number = number.ok_or_else(|| io::Error::other("a file that this disk did not make"))?;
        System.rename(from, to, replace)?;
        let renamed = NameChange::Rename(state.name(from), state.name(to), number);
        state.pending.push(renamed);
        done(outcome)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.next("sync folder", "");
        if let Outcome::Fail(error) = outcome {
            return Err(error);
        }
        if let Some(folder) = state.relative(folder) {
            let State { durable, pending, .. } = &mut *state;
            let unsynced = pending.iter().filter_map(|change| match change {
                NameChange::Folder(from, to) if !change.is_in(&folder) => Some((from.clone(), to.clone())),
                _ => None,
            });
            let folders: Vec<(String, String)> = unsynced.collect();
            pending
                .extract_if(.., |change| change.is_in(&folder))
                .for_each(|change| apply(durable, &change.before(&folders)));
        }
        done(outcome)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.next("remove", &shown(path));
        if let Outcome::Fail(error) = outcome {
            return Err(error);
        }
        System.remove(path)?;
        let removed = NameChange::Remove(state.name(path));
        state.pending.push(removed);
        done(outcome)
    }

    fn try_flock(&self, file: &File) -> io::Result<bool> {
        let mut state = self.state();
        match state.next("lock", "") {
            Outcome::Work if state.has_locks => System.try_flock(file),
            Outcome::Work => Err(io::ErrorKind::Unsupported.into()),
            Outcome::Fail(error) => Err(error),
            Outcome::WorkAndFail => Err(io::Error::from_raw_os_error(EIO)),
        }
    }
}

fn done(outcome: Outcome) -> io::Result<()> {
    match outcome {
        Outcome::Work => Ok(()),
        Outcome::Fail(error) => Err(error),
        Outcome::WorkAndFail => Err(io::Error::from_raw_os_error(EIO)),
    }
}

/// A name without what chance put in it.
fn shown(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match name.split_once(&format!("breachdex-{}-", std::process::id())) {
        Some((start, end)) => format!("{start}temporary{}", end.get(8..).unwrap_or_default()),
        None => name,
    }
}
