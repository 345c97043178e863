//! The two files beside an index that sign it, and whether a trusted key made the signature.
//!
//! `FILE.id` is the statement and `FILE.id.minisig` its signature. Three files cannot be replaced in one step, so while an
//! index is published the new pair is there first, as `FILE.next.id` and `FILE.next.id.minisig`; then the index is renamed;
//! then the pair gets its lasting names; then the other one is removed. At every moment one of the two pairs is whole and
//! belongs to the index that is there. A reader asks for the lasting one, for the other one, and for the lasting one again,
//! for it may have become whole meanwhile.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::keys::{self, KeyId, PublicKey, UNTRUSTED};
use super::statement::{self, Statement, StatementFault};
use crate::error::{Error, Result, io_error};
use crate::files;

/// No signature's file is longer.
pub(super) const LONGEST: usize = 64 << 10;

/// A statement that was signed by a trusted key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed {
    /// The key.
    pub key: KeyId,
    /// What minisign calls the trusted comment: text that the signature covers too.
    pub comment: String,
    /// What was signed.
    pub statement: Statement,
}

/// Where the statement of an index and its signature are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFiles {
    /// The statement.
    pub statement: PathBuf,
    /// Its signature.
    pub signature: PathBuf,
}

impl SignatureFiles {
    /// `FILE.id` and `FILE.id.minisig`.
    pub fn beside(index: &Path) -> Self {
        Self::named(index, ".id")
    }

    /// `FILE.next.id` and `FILE.next.id.minisig`: those of an index that is about to be put there.
    pub fn next(index: &Path) -> Self {
        Self::named(index, ".next.id")
    }

    fn named(index: &Path, ending: &str) -> Self {
        let mut statement = OsString::from(index);
        statement.push(ending);
        let mut signature = statement.clone();
        signature.push(".minisig");
        Self { statement: statement.into(), signature: signature.into() }
    }

    /// Which key the signature says it was made with, unchecked; `None` where there is no signature that can be read.
    pub fn claimed_key(&self) -> Option<KeyId> {
        let text = read(&self.signature, LONGEST).ok().flatten()?;
        decode(&text).ok().map(|(key, _)| key)
    }
}

/// Why an index counts as not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureFault {
    /// A file is not there.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// The signature is none.
    #[error("{} is not a minisign signature: {reason}", path.display())]
    Malformed {
        /// The signature.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// It was made with a key that is not trusted.
    #[error("{} was made with key {key}, which is not trusted", path.display())]
    UnknownKey {
        /// The signature.
        path: PathBuf,
        /// The key that it names.
        key: KeyId,
    },
    /// It is not the signature of these bytes.
    #[error("{} is no signature of {} by key {key}: one of the two was changed", signature.display(), statement.display())]
    Invalid {
        /// The signature.
        signature: PathBuf,
        /// The statement.
        statement: PathBuf,
        /// The key that the signature names, which is trusted.
        key: KeyId,
    },
    /// What was signed is no statement.
    #[error("{} is not the statement of an index: {fault}", path.display())]
    NotAStatement {
        /// The statement.
        path: PathBuf,
        /// What is wrong with it.
        fault: StatementFault,
    },
    /// What was signed is another index.
    #[error("{} is the statement of another index: {difference}", path.display())]
    OtherIndex {
        /// The statement.
        path: PathBuf,
        /// The first thing in which they differ.
        difference: String,
    },
}

/// Looks for a statement of the index, signed by one of the keys, beside the index or beside the file that it is a link to.
///
/// # Errors
/// [`Error::NotSigned`] with what is wrong with the pair that has the lasting names; [`Error::Io`].
pub(super) fn check(index: &Path, expected: &Statement, keys: &[PublicKey]) -> Result<Signed> {
    let mut places = vec![index.to_owned()];
    // A link that is switched from one index to another cannot have its signature switched in the same step.
    places.extend(std::fs::canonicalize(index).ok().filter(|real| is_link(index) && real != index));
    let mut worst: Option<SignatureFault> = None;
    for place in &places {
        let (lasting, next) = (SignatureFiles::beside(place), SignatureFiles::next(place));
        for files in [&lasting, &next, &lasting] {
            match check_pair(files, expected, keys)? {
                Ok(signed) => return Ok(signed),
                Err(fault) => {
                    // Of several, what is wrong with a pair that is there says more than that another is missing.
                    let says_more = !matches!(fault, SignatureFault::Missing(_));
                    if worst
                        .as_ref()
                        .is_none_or(|worst| says_more && matches!(worst, SignatureFault::Missing(_)))
                    {
                        worst = Some(fault);
                    }
                }
            }
        }
    }
    let fault = worst.unwrap_or_else(|| SignatureFault::Missing(SignatureFiles::beside(index).signature));
    Err(Error::NotSigned { name: index.display().to_string(), fault: Box::new(fault) })
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|facts| facts.is_symlink())
}

fn check_pair(
    files: &SignatureFiles,
    expected: &Statement,
    keys: &[PublicKey],
) -> Result<Result<Signed, SignatureFault>> {
    let [statement, signature] = [(&files.statement, statement::LONGEST), (&files.signature, LONGEST)]
        .map(|(path, longest)| (path, read(path, longest)));
    let (Some(text), Some(signature)) = (statement.1?, signature.1?) else {
        let missing = if files.signature.exists() { &files.statement } else { &files.signature };
        return Ok(Err(SignatureFault::Missing(missing.clone())));
    };
    Ok(judge(files, &text, &signature, expected, keys))
}

fn judge(
    files: &SignatureFiles,
    text: &[u8],
    signature: &[u8],
    expected: &Statement,
    keys: &[PublicKey],
) -> Result<Signed, SignatureFault> {
    let signed = judge_text(files, text, signature, keys)?;
    compare(files.statement.clone(), &signed.statement, expected)?;
    Ok(signed)
}

/// The statement of a text, where a signature of it by one of the keys is valid.
pub(super) fn judge_text(
    files: &SignatureFiles,
    text: &[u8],
    signature: &[u8],
    keys: &[PublicKey],
) -> Result<Signed, SignatureFault> {
    let (key, signature) = decode(signature)
        .map_err(|reason| SignatureFault::Malformed { path: files.signature.clone(), reason })?;
    if !keys.iter().any(|trusted| trusted.id() == key) {
        return Err(SignatureFault::UnknownKey { path: files.signature.clone(), key });
    }
    // Ids are chosen by whoever makes a key, so two may be equal.
    if !keys.iter().any(|trusted| trusted.id() == key && trusted.verifies(text, &signature)) {
        let (signature, statement) = (files.signature.clone(), files.statement.clone());
        return Err(SignatureFault::Invalid { signature, statement, key });
    }
    let path = || files.statement.clone();
    let statement =
        Statement::decode(text).map_err(|fault| SignatureFault::NotAStatement { path: path(), fault })?;
    Ok(Signed { key, comment: signature.trusted_comment().to_owned(), statement })
}

/// Refuses a statement that speaks of another index.
pub(super) fn compare(path: PathBuf, said: &Statement, found: &Statement) -> Result<(), SignatureFault> {
    match difference(said, found) {
        Some(difference) => Err(SignatureFault::OtherIndex { path, difference }),
        None => Ok(()),
    }
}

/// The first thing that a statement says otherwise than the index does.
fn difference(said: &Statement, found: &Statement) -> Option<String> {
    if said == found {
        return None;
    }
    let pairs = [
        ("kind", said.kind.to_string(), found.kind.to_string()),
        ("bits", said.bits.to_string(), found.bits.to_string()),
        ("entries", said.entries.to_string(), found.entries.to_string()),
        ("corpus date", format!("{:?}", said.corpus_date), format!("{:?}", found.corpus_date)),
        ("content id", said.content_id.to_string(), found.content_id.to_string()),
    ];
    let differing = pairs.into_iter().find(|(_, said, found)| said != found);
    Some(match differing {
        Some((what, said, found)) => format!("its {what} is {said}, this one has {found}"),
        None => String::from("it names another source"),
    })
}

/// The key that a signature's text names, and the signature.
fn decode(text: &[u8]) -> Result<(KeyId, minisign_verify::Signature), &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
    let mut lines = text.lines();
    if !lines.next().is_some_and(|line| line.starts_with(UNTRUSTED)) {
        return Err("its first line is not an untrusted comment");
    }
    let bytes = lines.next().and_then(|line| BASE64_STANDARD.decode(line).ok());
    let bytes = bytes.filter(|bytes| bytes.len() == 74).ok_or("its second line is not a signature")?;
    if lines.next().is_none() || lines.next().is_none() {
        return Err("it is cut short");
    }
    let signature = minisign_verify::Signature::decode(text).map_err(|error| match error {
        minisign_verify::Error::UnsupportedAlgorithm => "it has an algorithm that minisign does not know",
        _ => "its trusted comment or the signature of that is malformed",
    })?;
    Ok((keys::key_id(&bytes), signature))
}

/// The bytes of a file, one more than `longest` at most; `None` where there is no file.
pub(super) fn read(path: &Path, longest: usize) -> Result<Option<Vec<u8>>> {
    match files::read_start(path, longest as u64 + 1) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) => {
            Ok(None)
        }
        Err(error) => Err(io_error("read", path)(error)),
    }
}
