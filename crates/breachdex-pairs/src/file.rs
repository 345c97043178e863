//! Making and changing a file of pairs.

#![forbid(unsafe_code)]

use std::fmt;
use std::path::{Path, PathBuf};

use breachdex::{KeyedFile, KeyedPair, LiveIndex, Monitor, OpenOptions, OverlayChange, memory};

use crate::digests::{Keyed, Of};
use crate::error::PairsError;
use crate::key::PairKey;
use crate::label::{Label, PairRules};
use crate::names::Name;
use crate::pairs::label_of;

/// A file of pairs under its path, whether it is there yet or not, with its key. Holds nothing open.
///
/// ```
/// use breachdex_pairs::{PairKey, PairRules, PairsFile};
/// # let folder = tempfile::tempdir()?;
/// # let (key_path, path) = (folder.path().join("pairs.key"), folder.path().join("pairs.bdx"));
/// let key = PairKey::create(key_path)?;
/// let change = PairsFile::at(path, &key, PairRules::default()).add([("taro", b"a password".as_slice())], &())?;
/// assert_eq!((change.changed, change.unchanged), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PairsFile {
    path: PathBuf,
    keyed: Keyed,
    rules: PairRules,
}

/// Why a pair cannot be in a file. Never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairFault {
    /// Nothing is left of the user name.
    #[error("the user name is empty")]
    NoUser,
    /// There is no password.
    #[error("the password is empty")]
    NoPassword,
}

/// Keyed digests of pairs. They hold no name and no password.
#[derive(Default)]
struct Hashed(Vec<KeyedPair>);

impl PairsFile {
    /// The file under a path. The rules are for a file that is not there yet; one that is has its own, and a change with
    /// others is [`PairsError::OtherRules`].
    pub fn at(path: impl AsRef<Path>, key: &PairKey, rules: PairRules) -> Self {
        Self { path: path.as_ref().to_owned(), keyed: Keyed::new(key), rules }
    }

    /// The same with the rules of the file that is there; with the given ones where there is none.
    ///
    /// # Errors
    /// As [`PairsFile::add`], for what a look at the file shows.
    pub fn at_existing(path: impl AsRef<Path>, key: &PairKey) -> Result<Self, PairsError> {
        let file = Self::at(path, key, PairRules::default());
        Ok(match file.held()? {
            Some(label) => Self { rules: label.rules, ..file },
            None => file,
        })
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rules for user names.
    pub fn rules(&self) -> PairRules {
        self.rules
    }

    /// Adds pairs; those that are there stay, and those without a user name or a password ([`PairFault`]) are passed over. The file is made
    /// where there is none, with mode 0600. Readers see the old state or the new one; writers wait for each other. All of
    /// the file is read and written: a million pairs take some seconds and 500 MB of memory.
    ///
    /// # Errors
    /// [`PairsError::WrongKey`] and [`PairsError::OtherRules`] for a file with another key or other rules;
    /// [`PairsError::Index`] for one that is damaged or holds no pairs, which stays as it is.
    pub fn add<'a>(
        &self,
        pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        monitor: &dyn Monitor,
    ) -> Result<OverlayChange, PairsError> {
        self.collect(pairs).add_all(monitor)
    }

    /// Removes pairs. One that is not there is counted, and no error.
    ///
    /// # Errors
    /// As [`PairsFile::add`]; [`breachdex::Error::Io`] where there is no file.
    pub fn remove<'a>(
        &self,
        pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        monitor: &dyn Monitor,
    ) -> Result<OverlayChange, PairsError> {
        self.collect(pairs).remove_all(monitor)
    }

    /// Pairs that come one after another, for a change.
    pub fn changes(&self) -> PairChanges<'_> {
        PairChanges { file: self, hashed: Hashed::default() }
    }

    fn collect<'a>(&self, pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> PairChanges<'_> {
        let mut changes = self.changes();
        for (user, password) in pairs {
            // Refused ones are passed over, as said.
            let _ = changes.push(user, password);
        }
        changes
    }

    /// What the file that is there says; `None` where there is none.
    fn held(&self) -> Result<Option<Label>, PairsError> {
        let open = OpenOptions::new().pairs();
        let index = match LiveIndex::open(&self.path, open, None).and_then(|live| live.snapshot()) {
            Ok(index) => index,
            Err(breachdex::Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let (label, given, name) = (label_of(&index)?, self.keyed.key_id(), index.name().to_owned());
        if label.key != given {
            return Err(PairsError::WrongKey { name, needed: label.key, given: vec![given] });
        }
        Ok(Some(label))
    }

    fn keyed_file(&self) -> Result<KeyedFile, PairsError> {
        if let Some(held) = self.held()?
            && held.rules != self.rules
        {
            let name = self.path.display().to_string();
            return Err(PairsError::OtherRules { name, held: held.rules.describe() });
        }
        let label = Label { key: self.keyed.key_id(), rules: self.rules };
        Ok(KeyedFile::at(&self.path, label.text()))
    }
}

/// Pairs for one change of a file, hashed as they come. Holds no name and no password.
pub struct PairChanges<'a> {
    file: &'a PairsFile,
    hashed: Hashed,
}

impl PairChanges<'_> {
    /// Takes a pair.
    ///
    /// # Errors
    /// [`PairFault`] for one that cannot be in a file.
    pub fn push(&mut self, user: &str, password: &[u8]) -> Result<(), PairFault> {
        let name = Name::of(user, self.file.rules).ok_or(PairFault::NoUser)?;
        if password.is_empty() {
            return Err(PairFault::NoPassword);
        }
        memory::push(&mut self.hashed.0, self.file.hash(&name, password));
        Ok(())
    }

    /// How many were taken.
    pub fn len(&self) -> usize {
        self.hashed.0.len()
    }

    /// Whether none was taken.
    pub fn is_empty(&self) -> bool {
        self.hashed.0.is_empty()
    }

    /// Adds them to the file.
    ///
    /// # Errors
    /// As [`PairsFile::add`].
    pub fn add_all(self, monitor: &dyn Monitor) -> Result<OverlayChange, PairsError> {
        Ok(self.file.keyed_file()?.add(&self.hashed.0, monitor)?)
    }

    /// Removes them from the file.
    ///
    /// # Errors
    /// As [`PairsFile::remove`].
    pub fn remove_all(self, monitor: &dyn Monitor) -> Result<OverlayChange, PairsError> {
        Ok(self.file.keyed_file()?.remove(&self.hashed.0, monitor)?)
    }
}

impl PairsFile {
    fn hash(&self, name: &Name, password: &[u8]) -> KeyedPair {
        let local = name.local().filter(|_| self.rules.local_names);
        KeyedPair {
            pair: self.keyed.digest(Of::Pair, name.full(), password),
            companions: [
                Some(self.keyed.digest(Of::User, name.full(), b"")),
                local.map(|local| self.keyed.digest(Of::LocalPair, local, password)),
                Some(self.keyed.digest(Of::All, "", b"")),
            ],
        }
    }
}

/// Says nothing of the key.
impl fmt::Debug for PairsFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PairsFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Says how many there are.
impl fmt::Debug for PairChanges<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PairChanges({})", self.len())
    }
}
