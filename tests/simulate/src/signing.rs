//! The key that signs indexes. Signatures differ from run to run, and nothing depends on how.

use std::path::Path;
use std::sync::OnceLock;

use breachdex::trust::{PublicKey, SignatureFiles, Statement, Trust};
use breachdex::{BeforePublish, Error, Index};
use minisign::KeyPair;

fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate_unencrypted_keypair().expect("a pair of keys"))
}

/// Accepts what the key has signed.
pub(crate) fn trust() -> Trust {
    let key: PublicKey = pair().pk.to_base64().parse().expect("a key");
    // Updates go back to servers that are behind, and take the corpus date back.
    Trust::keys([key]).expect("one key").with_rollback(true)
}

/// Signs an index that is about to get its name.
pub(crate) fn before_publish(index: &Path) -> BeforePublish {
    let index = index.to_owned();
    BeforePublish::new(move |metadata, content_id| {
        let (text, signature) = sign(&Statement::of(metadata, content_id))?;
        SignatureFiles::write_next(&index, &text, &signature)
    })
}

/// The statement of an index and its signature, as files have them.
pub(crate) fn statement(index: &Index) -> Result<[Vec<u8>; 2], Error> {
    let (text, signature) = sign(&Statement::of(index.metadata(), index.content_id()))?;
    Ok([text.into_bytes(), signature.into_bytes()])
}

fn sign(statement: &Statement) -> Result<(String, String), Error> {
    let wrong = |reason: String| Error::Unbuildable(reason);
    let text = statement.encode().map_err(|fault| wrong(fault.to_string()))?;
    let signature = minisign::sign(Some(&pair().pk), &pair().sk, text.as_bytes(), None, None);
    let signature = signature.map_err(|error| wrong(error.to_string()))?.to_string();
    Ok((text, signature))
}
