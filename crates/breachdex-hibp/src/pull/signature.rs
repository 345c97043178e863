//! The signature of a published index: fetched and checked before anything else, and put beside the copy.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use breachdex::trust::{SignatureFault, SignatureFiles, Signed, Statement, Trust};
use breachdex::{BeforePublish, ContentId, Durability, Metadata};

use super::reader::{Failed, Reader};
use super::remote::RemoteFolder;
use crate::error::{Error, Result};

/// No statement and no signature is longer.
const LONGEST: u64 = 64 << 10;

/// The endings of the names of a statement, the lasting one and the one that an index has which is being published.
pub(super) const LASTING: &str = ".id";
pub(super) const NEXT: &str = ".next.id";

/// A statement and its signature by a trusted key.
#[derive(Clone)]
pub(super) struct SignedStatement {
    pub(super) signed: Signed,
    statement: Vec<u8>,
    signature: Vec<u8>,
}

impl SignedStatement {
    /// Fetches the statement with this ending and its signature, and checks it.
    ///
    /// # Errors
    /// [`breachdex::Error::NotSigned`]; [`Error::File`].
    pub(super) async fn fetch(
        reader: &Reader,
        folder: &dyn RemoteFolder,
        ending: &str,
        trust: &Trust,
    ) -> Result<Self> {
        let name = folder.name();
        let statement = small(reader, folder, ending).await?;
        let signature = small(reader, folder, &format!("{ending}.minisig")).await?;
        let signed = trust.check_statement(&name, &statement, &signature)?;
        Ok(Self { signed, statement, signature })
    }

    /// Refuses an index that is another one than was signed.
    ///
    /// # Errors
    /// [`breachdex::Error::NotSigned`].
    pub(super) fn check(&self, name: &str, trust: &Trust, metadata: &Metadata, id: ContentId) -> Result<()> {
        Ok(trust.check_named(name, &self.signed, &Statement::of(metadata, id))?)
    }

    /// What is done before the copy has its name: the signature is checked once more, against what the copy on disk was
    /// found to be, and put beside it.
    pub(super) fn before_publish(&self, target: &Path, name: &str, trust: &Trust) -> BeforePublish {
        let (own, target, name, trust) = (self.clone(), target.to_owned(), name.to_owned(), trust.clone());
        BeforePublish::new(move |metadata, id| {
            let signed = trust.check_statement(&name, &own.statement, &own.signature)?;
            trust.check_named(&name, &signed, &Statement::of(metadata, id))?;
            own.write_next(&target)
        })
    }

    fn write_next(&self, target: &Path) -> breachdex::Result<()> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        SignatureFiles::write_next(target, &text(&self.statement), &text(&self.signature))
    }

    /// Puts the signature beside an index that is there, if it is not. `None` where nothing was to be done.
    ///
    /// # Errors
    /// [`breachdex::Error::Io`].
    pub(super) fn install(&self, target: &Path) -> Result<Option<Durability>> {
        let files = SignatureFiles::beside(target);
        let has = |path: &Path, bytes: &[u8]| {
            breachdex::files::read_start(path, LONGEST + 1).is_ok_and(|there| there == bytes)
        };
        if has(&files.statement, &self.statement) && has(&files.signature, &self.signature) {
            return Ok(None);
        }
        self.write_next(target)?;
        Ok(Some(SignatureFiles::settle(target)?))
    }
}

/// A small file beside the index.
async fn small(reader: &Reader, folder: &dyn RemoteFolder, ending: &str) -> Result<Vec<u8>> {
    let name = format!("{}{ending}", folder.name());
    match reader.open(folder, ending, LONGEST + 1).await {
        Ok(Some(opened)) => Ok(opened.start),
        Ok(None) => {
            let fault = Box::new(SignatureFault::Missing(PathBuf::from(name)));
            Err(breachdex::Error::NotSigned { name: folder.name(), fault }.into())
        }
        Err(Failed { fault, attempts }) => Err(Error::File { name, fault, attempts }),
    }
}
