//! https: whom to believe comes from the system, and a server that is not who it should be is not asked twice.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use breachdex_tests::range_server::RangeServer;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::tempdir;

use super::{assert_holds, command, corpus, said};

/// What a server for `host` needs, whose authority's certificate is written to `root.pem`.
pub(super) fn authority(host: &str, folder: &Path, protocols: &[&[u8]]) -> rustls::ServerConfig {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    fs::write(folder.join("root.pem"), root.self_signed(&root_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    let mut config = config(&certificate, &key);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

fn config(certificate: &rcgen::Certificate, key: &KeyPair) -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap()
}

fn server(host: &str, folder: &Path) -> RangeServer {
    RangeServer::start_tls(corpus(0), Arc::new(authority(host, folder, &[])))
}

/// A server whose certificate, written to `own.pem`, vouches for itself; with the mark of an authority, as `openssl req -x509`
/// makes one, or without.
fn self_signed(host: &str, is_authority: bool, is_expired: bool, folder: &Path) -> RangeServer {
    let mut own = CertificateParams::new(vec![host.to_owned()]).unwrap();
    if is_authority {
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    if is_expired {
        own.not_before = rcgen::date_time_ymd(2001, 1, 1);
        own.not_after = rcgen::date_time_ymd(2002, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = own.self_signed(&key).unwrap();
    fs::write(folder.join("own.pem"), certificate.pem()).unwrap();
    RangeServer::start_tls(corpus(0), Arc::new(config(&certificate, &key)))
}

/// How a file of certificates is given.
#[derive(Clone, Copy, PartialEq)]
enum Given {
    Nowhere,
    Variable(&'static str),
    Flag(&'static str),
}

fn run(server: &RangeServer, folder: &Path, given: Given) -> (String, String, i32) {
    let mut command = command(folder);
    command.args(["download", "-o", "a.bdx", "--prefixes", "00000-0003F", "--base-url", &server.url()]);
    match given {
        Given::Nowhere => {}
        Given::Variable(file) => drop(command.env("SSL_CERT_FILE", file)),
        Given::Flag(file) => drop(command.args(["--ca-file", file])),
    }
    said(&command.output().unwrap())
}

#[test]
fn a_server_that_the_system_trusts_is_spoken_to() {
    let folder = tempdir().unwrap();
    let server = server("localhost", folder.path());
    for given in [Given::Variable("root.pem"), Given::Flag("root.pem")] {
        let (_, stderr, exit) = run(&server, folder.path(), given);
        assert_eq!(exit, 0, "{stderr}");
        assert_holds(&folder.path().join("a.bdx"), &corpus(0), 0x3f);
        fs::remove_file(folder.path().join("a.bdx")).unwrap();
    }
}

#[test]
fn a_certificate_that_vouches_for_itself_is_trusted_where_it_is_given() {
    for is_authority in [true, false] {
        for given in [Given::Variable("own.pem"), Given::Flag("own.pem")] {
            let folder = tempdir().unwrap();
            let server = self_signed("localhost", is_authority, false, folder.path());
            let (_, stderr, exit) = run(&server, folder.path(), given);
            assert_eq!(exit, 0, "{is_authority}: {stderr}");
        }
        let refused = |host: &str, is_expired: bool, given: Given, reason: &str| {
            let folder = tempdir().unwrap();
            let server = self_signed(host, is_authority, is_expired, folder.path());
            if given != Given::Nowhere {
                // Another one of the same name does not help.
                let own = fs::read(folder.path().join("own.pem")).unwrap();
                drop(self_signed(host, is_authority, is_expired, folder.path()));
                fs::rename(folder.path().join("own.pem"), folder.path().join("other.pem")).unwrap();
                fs::write(folder.path().join("own.pem"), own).unwrap();
            }
            let (_, stderr, exit) = run(&server, folder.path(), given);
            assert_eq!(exit, 2);
            assert!(stderr.contains(": the server's certificate is not trusted: "), "{stderr}");
            assert!(stderr.contains(reason), "{stderr}");
            assert!(server.requests().is_empty());
        };
        refused("other.example", false, Given::Variable("own.pem"), "certificate not valid for name");
        refused("localhost", true, Given::Flag("own.pem"), "certificate expired");
        refused("localhost", false, Given::Variable("other.pem"), "");
    }
}

#[test]
fn a_file_of_certificates_that_is_none_is_named() {
    let folder = tempdir().unwrap();
    let server = server("localhost", folder.path());
    fs::write(folder.path().join("text.pem"), "no certificate").unwrap();
    fs::write(folder.path().join("cut.pem"), "-----BEGIN CERTIFICATE-----\nAAAA").unwrap();
    for (file, reason) in [
        ("missing.pem", "cannot read it: No such file or directory (os error 2)"),
        ("text.pem", "it holds no certificate in PEM"),
        ("cut.pem", "its PEM is damaged"),
    ] {
        let (_, stderr, exit) = run(&server, folder.path(), Given::Variable(file));
        assert_eq!((stderr, exit), (format!("breachdex: error: {file} (SSL_CERT_FILE): {reason}\n"), 2));
        let (_, stderr, exit) = run(&server, folder.path(), Given::Flag(file));
        assert_eq!((stderr, exit), (format!("breachdex: error: {file} (CA file): {reason}\n"), 2));
    }
}

#[test]
fn another_host_or_an_unknown_authority_is_refused_at_once() {
    for (host, given, reason) in [
        ("other.example", Given::Variable("root.pem"), "certificate not valid for name \"localhost\""),
        ("localhost", Given::Nowhere, "UnknownIssuer"),
    ] {
        let folder = tempdir().unwrap();
        let server = server(host, folder.path());
        let (stdout, stderr, exit) = run(&server, folder.path(), given);
        assert_eq!((stdout.as_str(), exit), ("", 2));
        assert!(stderr.contains(": the server's certificate is not trusted: "), "{stderr}");
        assert!(stderr.contains(reason), "{stderr}");
        assert!(!stderr.contains(" (tried "), "{stderr}");
        assert!(server.requests().is_empty());
        assert!(!folder.path().join("a.bdx").exists());
    }
}
