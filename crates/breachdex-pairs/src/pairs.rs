//! Asking a file of pairs.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use breachdex::{
    Answer, Digest, Index, LiveIndex, OpenOptions, PairList, PairMatch, PairQuestion, RangeScratch, ReadMode,
    SourceError, each_form, for_each_variation, memory,
};

use crate::digests::{Keyed, Of};
use crate::error::PairsError;
use crate::key::{KeyId, PairKey};
use crate::label::{Label, PairRules};
use crate::names::{Name, names_of};

/// Bytes of stack that hashing one name or password uses at most in an optimised build.
const OF_HASHING: usize = 1 << 12;

/// How a file of pairs is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairsOptions {
    /// Map the file instead of reading it; see [`OpenOptions::mapped`] for what that asks of the file.
    pub mapped: bool,
    /// How often questions look whether the file was replaced; `None` for never.
    pub reload_every: Option<Duration>,
}

/// Read, and looked at every second.
impl Default for PairsOptions {
    fn default() -> Self {
        Self { mapped: false, reload_every: Some(Duration::from_secs(1)) }
    }
}

/// A file of exposed pairs with its key. `Send + Sync`. Follows its file when that is replaced, as [`LiveIndex`] does; a
/// file under another key or with other rules is refused then, and the previous one stays in use.
pub struct Pairs {
    live: LiveIndex,
    keyed: Keyed,
    label: Label,
}

impl Pairs {
    /// Opens a file with its key.
    ///
    /// # Errors
    /// [`PairsError::WrongKey`] for another key than it was made with; [`breachdex::Error::HoldsNoPairs`] for an index or an
    /// overlay; those of [`PairKey::open`] and [`Index::open`].
    pub fn open(
        path: impl AsRef<Path>,
        key: impl AsRef<Path>,
        options: PairsOptions,
    ) -> Result<Self, PairsError> {
        Self::open_with(path, &[PairKey::open(key)?], options)
    }

    /// Opens a file with the one of several keys that it was made with, as while a key is changed.
    ///
    /// # Errors
    /// As [`Pairs::open`]; [`PairsError::NoKey`].
    pub fn open_with(
        path: impl AsRef<Path>,
        keys: &[PairKey],
        options: PairsOptions,
    ) -> Result<Self, PairsError> {
        let open = OpenOptions::new().pairs();
        let open = if options.mapped { open.mapped() } else { open };
        let live = LiveIndex::open(path, open, options.reload_every)?;
        let label = label_of(&live.snapshot()?)?;
        let keyed: Vec<Keyed> = keys.iter().map(Keyed::new).collect();
        let Some(keyed) = keyed.iter().find(|keyed| keyed.key_id() == label.key).cloned() else {
            let (name, given) = (live.name(), keyed.iter().map(Keyed::key_id).collect::<Vec<_>>());
            return Err(match given.is_empty() {
                true => PairsError::NoKey { name },
                false => PairsError::WrongKey { name, needed: label.key, given },
            });
        };
        Ok(Self { live, keyed, label })
    }

    /// What is known about a user name and a password; `None` where neither the pair nor the user name is in it.
    ///
    /// A user name is compared as [`crate::Name`] says, and a password that is UTF-8 in all its forms
    /// ([`breachdex::each_form`]). [`PairMatch::Pair`] also where one of the two names has no host and is the other's local
    /// part; [`PairMatch::SimilarPair`] for the six variations of the password ([`for_each_variation`]), and for the same
    /// password with the same local part at two different hosts. Costs the same whatever the answer.
    ///
    /// # Errors
    /// [`PairsError::Index`] where the file is damaged or cannot be read.
    pub fn find(&self, user: &str, password: &[u8]) -> Result<Option<PairMatch>, PairsError> {
        self.find_any(&PairQuestion::new(&[user], password))
    }

    /// [`Pairs::find`] for an account that is known by several names: the severest match.
    ///
    /// # Errors
    /// As [`Pairs::find`].
    pub fn find_any(&self, question: &PairQuestion<'_>) -> Result<Option<PairMatch>, PairsError> {
        Ok(self.answer(question, ReadMode::Blocking)?)
    }

    fn answer(&self, question: &PairQuestion<'_>, mode: ReadMode) -> breachdex::Result<Option<PairMatch>> {
        let names = names_of(question.users, self.label.rules);
        if names.is_empty() {
            return Ok(None);
        }
        let asked = memory::erasing_stack::<OF_HASHING, _>(|| self.asked(&names, question));
        let mut answers = vec![Answer::Absent; asked.digests.len()];
        self.live.ask(|index| match mode {
            ReadMode::Blocking => index.lookup_many(&asked.digests, &mut answers),
            ReadMode::Cached => look_up_cached(index, &asked.digests, &mut answers),
        })?;
        let found = answers.iter().zip(&asked.meanings).filter(|(answer, _)| answer.is_present());
        Ok(found.map(|(_, meaning)| *meaning).max())
    }

    /// How many pairs it holds.
    ///
    /// # Errors
    /// As [`Pairs::find`].
    pub fn len(&self) -> Result<u64, PairsError> {
        let all = self.keyed.digest(Of::All, "", b"");
        Ok(self.live.ask(|index| index.count(&all))?)
    }

    /// Whether it holds no pair.
    ///
    /// # Errors
    /// As [`Pairs::find`].
    pub fn is_empty(&self) -> Result<bool, PairsError> {
        Ok(self.len()? == 0)
    }

    /// The file's path.
    pub fn name(&self) -> String {
        self.live.name()
    }

    /// The id of its key.
    pub fn key_id(&self) -> KeyId {
        self.label.key
    }

    /// Its rules for user names.
    pub fn rules(&self) -> PairRules {
        self.label.rules
    }

    /// The handle that follows the file, to reload it, verify it or close it.
    pub fn live(&self) -> &LiveIndex {
        &self.live
    }

    /// The digests that answer a question.
    fn asked(&self, names: &[Name], question: &PairQuestion<'_>) -> Asked {
        let mut asked = Asked::default();
        for name in names {
            let user = self.keyed.digest(Of::User, name.full(), b"");
            asked.push(user, PairMatch::UserName);
        }
        let PairQuestion { password, stored, forms, .. } = *question;
        match std::str::from_utf8(password) {
            Err(_) => {
                self.push_pairs(names, password, &mut asked);
                if let Some(stored) = stored {
                    self.push_pairs(names, stored.as_bytes(), &mut asked);
                }
            }
            Ok(text) => {
                let each = each_form(text, stored, forms, |_, form| {
                    self.push_pairs(names, form.as_bytes(), &mut asked);
                    Ok::<Option<Infallible>, Infallible>(None)
                });
                debug_assert!(matches!(each, Ok(None)), "every form is asked");
                for_each_variation(text, |variation| {
                    for name in names {
                        for digest in self.of_one_name(name, variation.as_bytes()) {
                            asked.push(digest, PairMatch::SimilarPair);
                        }
                    }
                });
            }
        }
        asked
    }

    /// One form of the password with each name.
    fn push_pairs(&self, names: &[Name], password: &[u8], asked: &mut Asked) {
        for name in names {
            for digest in self.of_one_name(name, password) {
                asked.push(digest, PairMatch::Pair);
            }
            if let Some(local) = name.local().filter(|_| self.label.rules.local_names) {
                asked.push(self.keyed.digest(Of::LocalPair, local, password), PairMatch::SimilarPair);
            }
        }
    }

    /// The pairs of a list whose name is this one: in full, or where one of both has no host, without the other's.
    fn of_one_name(&self, name: &Name, password: &[u8]) -> impl Iterator<Item = Digest> + use<> {
        let other = match name.local() {
            Some(local) => (Of::Pair, local),
            None => (Of::LocalPair, name.full()),
        };
        let full = self.keyed.digest(Of::Pair, name.full(), password);
        let other = self.label.rules.local_names.then(|| self.keyed.digest(other.0, other.1, password));
        [Some(full), other].into_iter().flatten()
    }
}

/// Says nothing of the key.
impl fmt::Debug for Pairs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pairs").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl PairList for Pairs {
    fn name(&self) -> String {
        self.live.name()
    }

    fn find(&self, question: &PairQuestion<'_>) -> Result<Option<PairMatch>, SourceError> {
        self.answer(question, ReadMode::Blocking).map_err(SourceError::from)
    }

    fn find_cached(&self, question: &PairQuestion<'_>) -> Result<Option<PairMatch>, SourceError> {
        self.answer(question, ReadMode::Cached).map_err(SourceError::from)
    }

    fn live_index(&self) -> Option<&LiveIndex> {
        Some(&self.live)
    }
}

/// The digests of a question, and what each of them means where it is found.
#[derive(Default)]
struct Asked {
    digests: Vec<Digest>,
    meanings: Vec<PairMatch>,
}

impl Asked {
    fn push(&mut self, digest: Digest, meaning: PairMatch) {
        memory::push(&mut self.digests, digest);
        self.meanings.push(meaning);
    }
}

/// One after another, without waiting for the disk.
fn look_up_cached(index: &Index, digests: &[Digest], answers: &mut [Answer]) -> breachdex::Result<()> {
    let mut scratch = RangeScratch::default();
    for (digest, answer) in digests.iter().zip(answers) {
        *answer = index.lookup_with(digest, ReadMode::Cached, &mut scratch)?;
    }
    Ok(())
}

/// What an open file says about its key and rules.
pub(crate) fn label_of(index: &Index) -> Result<Label, PairsError> {
    Label::parse(&index.metadata().source, index.name())
}
