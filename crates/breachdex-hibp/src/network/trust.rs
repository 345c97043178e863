//! Which servers' certificates are trusted: those that the system vouches for, or `SSL_CERT_FILE` and `SSL_CERT_DIR`
//! instead of it, and those of a file that was given.
//!
//! A certificate that is itself in one of these files is trusted too, as by curl, although its own authority is nobody: a
//! server at home often has one. Its host name and its dates are checked all the same.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use crate::error::{Error, Result};

/// The variable that replaces the system's certificates.
const VARIABLE: &str = "SSL_CERT_FILE";

/// How rustls words that a server's own certificate is one of an authority. That is found after its dates were checked.
const AUTHORITY: &str = "CaUsedAsEndEntity";

/// The TLS configuration of a client. Where no TLS is spoken, no certificate is loaded.
///
/// # Errors
/// [`Error::TrustFile`]; [`Error::System`] where the system has no certificates.
pub(super) fn config(ca_file: Option<&Path>, is_tls: bool) -> Result<ClientConfig> {
    let system = |error: TlsError| Error::System { action: "set up TLS", reason: error.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(system)?;
    let mut config = if is_tls {
        let trust = Trust::new(ca_file, provider)?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(trust)).with_no_client_auth()
    } else {
        builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Asks the system's verifier, and knows the certificates that are in files.
#[derive(Debug)]
struct Trust {
    verifier: Verifier,
    given: Vec<CertificateDer<'static>>,
}

impl Trust {
    fn new(ca_file: Option<&Path>, provider: Arc<CryptoProvider>) -> Result<Self> {
        let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The verifier reads that file again, but does not say what is wrong with it.
        let mut given = match &variable {
            Some(path) if cfg!(all(unix, not(target_vendor = "apple"))) => certificates(path, VARIABLE)?,
            _ => Vec::new(),
        };
        let own = match ca_file {
            Some(path) => certificates(path, "CA file")?,
            None => Vec::new(),
        };
        given.extend(own.iter().cloned());
        let verifier = Verifier::new_with_extra_roots(own, provider).map_err(|error| Error::System {
            action: "load trusted certificates",
            reason: error.to_string(),
        })?;
        Ok(Self { verifier, given })
    }
}

/// The certificates of a file.
fn certificates(path: &Path, origin: &'static str) -> Result<Vec<CertificateDer<'static>>> {
    let refused = |reason| Error::TrustFile { origin, path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|error| refused(format!("cannot read it: {error}")))?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(refused("it holds no certificate in PEM".into())),
        Ok(found) => Ok(found),
        Err(_) => Err(refused("its PEM is damaged".into())),
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        let verified =
            self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(error) if is_authority(&error) && self.given.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Whether a certificate was refused only because it is one of an authority.
fn is_authority(error: &TlsError) -> bool {
    matches!(error, TlsError::InvalidCertificate(CertificateError::Other(other)) if other.to_string() == AUTHORITY)
}
