//! https, and clients that show a certificate.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use breachdex_sidecar::TlsFiles;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::Client;
use crate::subject::Running;

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// An authority that signs a certificate for a client.
fn authority(folder: &Path, name: &str) -> (std::path::PathBuf, Identity) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    let path = folder.join(format!("{name}.crt"));
    fs::write(&path, certificate.pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let own_key = KeyPair::generate().unwrap();
    let own =
        CertificateParams::new(vec![String::from("client")]).unwrap().signed_by(&own_key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own_key.serialize_der()));
    (path, (vec![own.der().clone()], key))
}

fn connect(
    sidecar: &Running,
    root: &CertificateDer<'static>,
    identity: Option<Identity>,
) -> Client<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    Client::over(StreamOwned::new(connection, TcpStream::connect(sidecar.address).unwrap()))
}

#[test]
fn a_client_needs_a_certificate_of_the_authority() {
    let folder = tempfile::TempDir::new().unwrap();
    let (ca, good) = authority(folder.path(), "ca");
    let (_, bad) = authority(folder.path(), "other");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("server.crt"), folder.path().join("server.key"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let files = TlsFiles { certificate, key, client_ca: Some(ca) };
    let sidecar = Running::with(|options, _| {
        // No token: the certificate says who asks.
        options.transport.listen = vec!["0.0.0.0:0".parse().unwrap()];
        options.transport.tls = Some(files);
    });
    let root = made.cert.der();
    let mut client = connect(&sidecar, root, Some(good));
    let answer = client.post("/v1/check", br#"{"password":"iloveyou"}"#);
    assert_eq!(answer.json()["exposed"], true);
    for identity in [None, Some(bad)] {
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            connect(&sidecar, root, identity).post("/v1/check", br#"{"password":"iloveyou"}"#)
        }));
        assert!(ended.is_err());
    }
}
