//! Configures https: reads certificate and key from PEM files, offers HTTP/2 and HTTP/1.1 by ALPN, and reads the files
//! again when asked to.

#![forbid(unsafe_code)]

use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use breachdex::{Error, files};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::error::HttpError;
use crate::limits::TlsFiles;

/// No chain of certificates is as large.
const MOST_PEM: u64 = 1 << 20;

/// The certificate and the key that new connections get.
pub struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(..)")
    }
}

impl Tls {
    /// Reads the files and checks that they belong together.
    ///
    /// # Errors
    /// [`HttpError::Tls`] with the file and what is wrong with it.
    pub fn new(files: &TlsFiles) -> Result<Self, HttpError> {
        Ok(Self { files: files.clone(), current: RwLock::new(Arc::new(configure(files)?)) })
    }

    /// Reads the files again; connections that are open keep what they have.
    ///
    /// # Errors
    /// As [`Tls::new`]; the certificate before stays in use.
    pub fn reload(&self) -> Result<(), HttpError> {
        let fresh = Arc::new(configure(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// For one connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn configure(files: &TlsFiles) -> Result<ServerConfig, HttpError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?)
        .map_err(|error| refused(&files.key, wording(&error, "a private key")))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&files.certificate, error.to_string()))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => builder.with_client_cert_verifier(verifier(path, provider)?),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| refused(&files.key, key_fault(&error, &files.certificate)))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What checks the certificates of clients.
fn verifier(path: &Path, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, HttpError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| refused(path, error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| refused(path, error.to_string()))
}

/// Only of a regular file: a pipe could keep the watcher waiting.
fn read(path: &Path) -> Result<Vec<u8>, HttpError> {
    let (file, _) = files::open_index(path).map_err(|error| match error {
        Error::Io { source, .. } => refused(path, source.to_string()),
        Error::NotAnIndex { reason, .. } => refused(path, reason.to_owned()),
        other => refused(path, other.to_string()),
    })?;
    let mut bytes = Vec::new();
    file.take(MOST_PEM).read_to_end(&mut bytes).map_err(|error| refused(path, error.to_string()))?;
    Ok(bytes)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let bytes = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let fault = |error: &pem::Error| refused(path, wording(error, "a certificate"));
    let chain = chain.map_err(|error| fault(&error))?;
    if chain.is_empty() {
        return Err(fault(&pem::Error::NoItemsFound));
    }
    Ok(chain)
}

fn refused(path: &Path, reason: String) -> HttpError {
    HttpError::Tls { path: path.to_owned(), reason }
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
