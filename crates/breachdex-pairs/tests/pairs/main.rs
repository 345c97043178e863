//! Files of pairs from outside: against a plain model, with every fault by name, and for what they give away.

#![allow(clippy::unwrap_used)]

mod faults;
mod leak;
mod model;
mod replaced;
mod vectors;

use std::path::{Path, PathBuf};

use breachdex_pairs::{PairKey, PairRules, Pairs, PairsError, PairsFile, PairsOptions};
use tempfile::TempDir;

/// A folder with a key.
struct Place {
    folder: TempDir,
    key: PairKey,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let key = PairKey::create(folder.path().join("pairs.key")).unwrap();
        Self { folder, key }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self) -> PairsFile {
        PairsFile::at(self.path("pairs.bdx"), &self.key, PairRules::default())
    }

    fn add(&self, pairs: &[(&str, &str)]) {
        let pairs = pairs.iter().map(|(user, password)| (*user, password.as_bytes()));
        self.file().add(pairs, &()).unwrap();
    }

    fn open(&self) -> Result<Pairs, PairsError> {
        Pairs::open(self.path("pairs.bdx"), self.path("pairs.key"), PairsOptions::default())
    }
}

/// An error's text, with the folder's name left out.
fn said<T>(result: Result<T, impl std::fmt::Display>, folder: &Path) -> String {
    match result {
        Ok(_) => panic!("an error was expected"),
        Err(error) => error.to_string().replace(folder.to_str().unwrap(), "FOLDER"),
    }
}
