//! The index that a pull would replace, and whether it may.

#![forbid(unsafe_code)]

use breachdex::replica::{Base, Published};
use breachdex::{Index, Metadata, OpenOptions};

use super::find::Found;
use super::run::Pull;
use super::signature::SignedStatement;
use crate::error::{Error, Result};

impl Pull<'_> {
    /// The index that is there, if one is.
    pub(super) fn open_base(&self) -> Result<Option<Base>> {
        match Index::open_with(&self.target, OpenOptions::new().any_content()) {
            Ok(index) => Ok(Some(Base::new(index))),
            Err(breachdex::Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(_) if self.options.force => Ok(None),
            Err(error) => Err(Error::UnusableTarget { error: Box::new(error) }),
        }
    }

    /// Refuses a published index that is not the signed one, too old, or must not replace the one that is there.
    pub(super) fn check(
        &self,
        published: &Published,
        statement: Option<&SignedStatement>,
        base: Option<&Base>,
    ) -> Result<()> {
        let (options, metadata) = (self.options, published.metadata());
        if let Some(statement) = statement {
            statement.check(&self.name, &options.trust, metadata, published.content_id())?;
        }
        options.trust.check_age(&self.name, &metadata.corpus_date)?;
        let Some(held) = base.map(Base::metadata).filter(|_| !options.force) else { return Ok(()) };
        let (name, target) = (self.name.clone(), self.target.clone());
        let (found, here) = (content_of(metadata), content_of(held));
        if found != here {
            return Err(Error::OtherContent { name, found, target, held: here });
        }
        // Dates in this form are in the order of their text.
        if metadata.corpus_date < held.corpus_date && !options.allow_older {
            let (found, held) = (metadata.corpus_date.clone(), held.corpus_date.clone());
            return Err(Error::Older { name, found, target, held });
        }
        Ok(())
    }

    /// Refuses an index that is published and held alike, but not the signed one, or too old.
    pub(super) fn check_held(&self, found: &Found, base: &Base) -> Result<()> {
        let (trust, metadata) = (&self.options.trust, base.metadata());
        trust.check_age(&self.name, &metadata.corpus_date)?;
        match &found.statement {
            Some(statement) => statement.check(&self.name, trust, metadata, base.index().content_id()),
            None => Ok(()),
        }
    }
}

/// What an index holds, for comparisons and messages.
fn content_of(metadata: &Metadata) -> String {
    let counts = if metadata.has_counts { "with" } else { "without" };
    match (metadata.is_pairs, metadata.is_overlay) {
        (true, _) => "exposed pairs".to_owned(),
        (_, true) => "an overlay".to_owned(),
        _ => format!("{} digests of {} bits {counts} counts", metadata.kind, metadata.bits),
    }
}
