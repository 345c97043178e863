//! Configures https: reads certificate and key from PEM files, and offers HTTP/2 and HTTP/1.1 by ALPN.

#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::ServeError;
use crate::options::TlsFiles;

/// Reads the files and checks that they belong together.
///
/// # Errors
/// [`ServeError::Tls`] with the file and what is wrong with it.
pub(crate) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, ServeError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| refused(&files.key, wording(&error, "a private key")))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&files.certificate, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| refused(&files.key, key_fault(&error, &files.certificate)))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ServeError> {
    let read = |error: &pem::Error| refused(path, wording(error, "a certificate"));
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(|error| read(&error))?
        .collect::<Result<_, _>>()
        .map_err(|error| read(&error))?;
    if chain.is_empty() {
        return Err(read(&pem::Error::NoItemsFound));
    }
    Ok(chain)
}

fn refused(path: &Path, reason: String) -> ServeError {
    ServeError::Tls { path: path.to_owned(), reason }
}

/// Never repeats what the file holds.
fn wording(error: &pem::Error, wanted: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => format!("there is no {} in it (PEM)", wanted.trim_start_matches("a ")),
        _ => format!("it is not {wanted} in PEM"),
    }
}

fn key_fault(error: &rustls::Error, certificate: &Path) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => {
            format!("it is not the key of the certificate in {}", certificate.display())
        }
        other => other.to_string(),
    }
}
