//! Whose indexes are accepted, and how old they may be.
//!
//! A signature is over a statement, a small text beside the index that names its content id. `keys` are the public keys,
//! `statement` is the text, `signature` reads both files and checks them, `written` writes them, and `age` compares corpus dates. Here all of it
//! is applied to an index that is being opened, and to one that replaces another. That the content is the one that the
//! content id names is checked by `index/units.rs`.

#![forbid(unsafe_code)]

mod age;
mod keys;
mod signature;
mod statement;
#[cfg(feature = "build")]
mod written;

use std::path::Path;
use std::sync::Arc;

pub use age::Staleness;
pub use keys::{KeyError, KeyId, PublicKey};
pub use signature::{SignatureFault, SignatureFiles, Signed};
pub use statement::{Statement, StatementFault};

use crate::calendar::Day;
use crate::error::{Error, Result};
use crate::index::{ContentId, Metadata};

/// Which indexes are accepted: signed by whom, how old, and whether one may replace a newer one. The default accepts all.
///
/// ```no_run
/// use breachdex::trust::{PublicKey, Trust};
/// use breachdex::{Index, OpenOptions};
/// let keys = [PublicKey::read("breachdex.pub".as_ref())?];
/// let trust = Trust::keys(keys)?.with_max_age(Some(90));
/// let index = Index::open_with("pwned.bdx", OpenOptions::new().trust(trust))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    keys: Arc<[PublicKey]>,
    max_age: Option<u32>,
    allow_rollback: bool,
}

impl Trust {
    /// Accepts indexes that one of the keys has signed.
    ///
    /// # Errors
    /// [`KeyError::NoKeys`] for no keys, which would accept everything.
    pub fn keys(keys: impl IntoIterator<Item = PublicKey>) -> Result<Self, KeyError> {
        let keys: Arc<[PublicKey]> = keys.into_iter().collect();
        if keys.is_empty() { Err(KeyError::NoKeys) } else { Ok(Self { keys, ..Self::default() }) }
    }

    /// Refuses an index whose corpus date is more than so many days ago when it is opened, or which has none.
    #[must_use]
    pub fn with_max_age(self, days: Option<u32>) -> Self {
        Self { max_age: days, ..self }
    }

    /// Lets an index replace one with a later corpus date. Without it, and with trusted keys, such a replacement is
    /// refused: an old signature stays valid for ever.
    #[must_use]
    pub fn with_rollback(self, allow: bool) -> Self {
        Self { allow_rollback: allow, ..self }
    }

    /// The keys; none where signatures are not asked for.
    pub fn trusted_keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The most days that may have passed since the corpus date.
    pub fn max_age(&self) -> Option<u32> {
        self.max_age
    }

    /// Whether an index may replace one with a later corpus date.
    pub fn allows_rollback(&self) -> bool {
        self.allow_rollback
    }

    /// Whether a signature is asked for.
    pub fn needs_signature(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Checks the signature and the age of the index at a path. `Some` means that the content id is the signer's; that
    /// the content is the one it names is still to be checked.
    ///
    /// # Errors
    /// [`Error::NotSigned`], [`Error::Stale`]; [`Error::Io`] where a file of the signature is there and cannot be read.
    pub(crate) fn check(&self, path: &Path, metadata: &Metadata, id: ContentId) -> Result<Option<Signed>> {
        let signed = match self.needs_signature() {
            true => Some(signature::check(path, &Statement::of(metadata, id), &self.keys)?),
            false => None,
        };
        self.check_age(&path.display().to_string(), &metadata.corpus_date)?;
        Ok(signed)
    }

    /// Checks a statement and its signature that came from elsewhere. `index` is the index that they are said to belong to,
    /// for messages: its path, or its address.
    ///
    /// # Errors
    /// [`Error::NotSigned`].
    pub fn check_statement(&self, index: &str, statement: &[u8], signature: &[u8]) -> Result<Signed> {
        let files = SignatureFiles::beside(Path::new(index));
        signature::judge_text(&files, statement, signature, &self.keys).map_err(not_signed(index))
    }

    /// Refuses an index that is another one than a signed statement names.
    ///
    /// # Errors
    /// [`Error::NotSigned`].
    pub fn check_named(&self, index: &str, signed: &Signed, found: &Statement) -> Result<()> {
        let path = SignatureFiles::beside(Path::new(index)).statement;
        signature::compare(path, &signed.statement, found).map_err(not_signed(index))
    }

    /// Refuses a corpus date that is too long ago.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn check_age(&self, index: &str, corpus_date: &str) -> Result<()> {
        let Some(days) = self.max_age else { return Ok(()) };
        age::check(corpus_date, days, Day::today())
            .map_err(|reason| Error::Stale { name: index.to_owned(), reason: Box::new(reason) })
    }

    /// Refuses an index in the place of one with a later corpus date, where keys are trusted.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn check_replacement(&self, name: &str, old: &Metadata, new: &Metadata) -> Result<()> {
        if !self.needs_signature() || self.allow_rollback || new.corpus_date >= old.corpus_date {
            return Ok(());
        }
        let reason = Staleness::Rollback { found: new.corpus_date.clone(), served: old.corpus_date.clone() };
        Err(Error::Stale { name: name.to_owned(), reason: Box::new(reason) })
    }
}

fn not_signed(index: &str) -> impl FnOnce(SignatureFault) -> Error {
    move |fault| Error::NotSigned { name: index.to_owned(), fault: Box::new(fault) }
}
