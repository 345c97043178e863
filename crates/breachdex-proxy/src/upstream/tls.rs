//! TLS to the site: which authorities are believed.

#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::error::ProxyError;

/// The settings of connections to the site. With a file its authorities alone are believed, else those of the system.
pub(super) fn config(ca: Option<&Path>) -> Result<ClientConfig, ProxyError> {
    let failed = |error: rustls::Error| ProxyError::UpstreamTls { reason: error.to_string() };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let mut config = match ca {
        Some(path) => builder.with_root_certificates(roots(path)?).with_no_client_auth(),
        None => builder.with_platform_verifier().map_err(failed)?.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(path: &Path) -> Result<RootCertStore, ProxyError> {
    let refused = |reason: String| ProxyError::UpstreamCa { path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|_| refused(String::from("its PEM is damaged")))?;
        roots.add(certificate).map_err(|error| refused(error.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(refused(String::from("there is no certificate in it (PEM)"))),
        false => Ok(roots),
    }
}
