//! https: whom to believe comes from the system, and a server that is not who it should be is not asked twice.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use breachdex_tests::range_server::RangeServer;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::tempdir;

use super::{assert_holds, command, corpus, said};

/// A server for `host`, whose authority's certificate is written to `root.pem`.
fn server(host: &str, folder: &Path) -> RangeServer {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    fs::write(folder.join("root.pem"), root.self_signed(&root_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    RangeServer::start_tls(corpus(0), Arc::new(config))
}

fn run(server: &RangeServer, folder: &Path, trusted: bool) -> (String, String, i32) {
    let mut command = command(folder);
    command.args(["download", "-o", "a.bdx", "--prefixes", "00000-0003F", "--base-url", &server.url()]);
    if trusted {
        command.env("SSL_CERT_FILE", folder.join("root.pem")).env_remove("SSL_CERT_DIR");
    }
    said(&command.output().unwrap())
}

#[test]
fn a_server_that_the_system_trusts_is_spoken_to() {
    let folder = tempdir().unwrap();
    let server = server("localhost", folder.path());
    let (_, stderr, exit) = run(&server, folder.path(), true);
    assert_eq!(exit, 0, "{stderr}");
    assert_holds(&folder.path().join("a.bdx"), &corpus(0), 0x3f);
}

#[test]
fn another_host_or_an_unknown_authority_is_refused_at_once() {
    for (host, trusted, reason) in [
        ("other.example", true, "certificate not valid for name \"localhost\""),
        ("localhost", false, "UnknownIssuer"),
    ] {
        let folder = tempdir().unwrap();
        let server = server(host, folder.path());
        let (stdout, stderr, exit) = run(&server, folder.path(), trusted);
        assert_eq!((stdout.as_str(), exit), ("", 2));
        assert!(stderr.contains(": the server's certificate is not to be trusted: "), "{stderr}");
        assert!(stderr.contains(reason), "{stderr}");
        assert!(!stderr.contains(" (tried "), "{stderr}");
        assert!(server.requests().is_empty());
        assert!(!folder.path().join("a.bdx").exists());
    }
}
