//! https.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use breachdex_server::{ServeOptions, Server, TlsFiles};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::client::Client;
use crate::subject::{BODY, ROWS, Running, options, sha1};

fn certificate(folder: &Path, name: &str) -> (TlsFiles, rustls::pki_types::CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = TlsFiles {
        certificate: folder.join(format!("{name}.crt")),
        key: folder.join(format!("{name}.key")),
        client_ca: None,
    };
    fs::write(&files.certificate, made.cert.pem()).unwrap();
    fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.der().clone())
}

fn connect(
    server: &Running,
    root: rustls::pki_types::CertificateDer<'static>,
    alpn: &[&[u8]],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, TcpStream::connect(server.address).unwrap())
}

#[test]
fn https_answers_as_http_does_and_offers_http_2() {
    let folder = TempDir::new().unwrap();
    let index = sha1(folder.path(), ROWS);
    let (files, root) = certificate(folder.path(), "a");
    let server = Running::start(ServeOptions { tls: Some(files), ..options(&[&index]) });
    assert_eq!(server.url, format!("https://{}", server.address));

    let mut client = Client::over(connect(&server, root.clone(), &[b"http/1.1"]));
    assert_eq!(client.get("/range/21BD1", &[]).text(), BODY);

    let mut stream = connect(&server, root, &[b"h2", b"http/1.1"]);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).unwrap();
    }
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
}

#[test]
fn a_renewed_certificate_is_used_after_a_reload_and_a_bad_one_is_not() {
    let folder = TempDir::new().unwrap();
    let index = sha1(folder.path(), ROWS);
    let (files, old) = certificate(folder.path(), "a");
    let server = Running::start(ServeOptions { tls: Some(files), ..options(&[&index]) });
    let body = |root: &rustls::pki_types::CertificateDer<'static>| {
        Client::over(connect(&server, root.clone(), &[])).get("/range/21BD1", &[]).text().to_owned()
    };
    assert_eq!(body(&old), BODY);
    let mut open = Client::over(connect(&server, old.clone(), &[]));
    assert_eq!(open.get("/range/21BD1", &[]).text(), BODY);
    // As a renewal that was interrupted leaves it.
    let key = fs::read(folder.path().join("a.key")).unwrap();
    fs::write(folder.path().join("a.key"), "half").unwrap();
    server.reload.run();
    assert_eq!(body(&old), BODY);
    fs::write(folder.path().join("a.key"), key).unwrap();
    let (_, new) = certificate(folder.path(), "a");
    server.reload.run();
    assert_eq!(body(&new), BODY);
    assert_eq!(open.get("/range/21BD1", &[]).text(), BODY);
}

#[test]
fn bad_files_are_sentences() {
    let folder = TempDir::new().unwrap();
    let index = sha1(folder.path(), ROWS);
    let ((good, _), (other, _)) = (certificate(folder.path(), "a"), certificate(folder.path(), "b"));
    let refusal = |certificate: &Path, key: &Path| {
        let files = TlsFiles { certificate: certificate.to_owned(), key: key.to_owned(), client_ca: None };
        let error = Server::bind(&ServeOptions { tls: Some(files), ..options(&[&index]) }).err().unwrap();
        error.to_string().replace(folder.path().to_str().unwrap(), "FOLDER")
    };
    let missing = folder.path().join("missing.pem");
    let torn = folder.path().join("torn.pem");
    fs::write(&torn, "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n").unwrap();
    assert_eq!(
        refusal(&missing, &good.key),
        "cannot use FOLDER/missing.pem for https: No such file or directory (os error 2)"
    );
    assert_eq!(
        refusal(&good.key, &good.key),
        "cannot use FOLDER/a.key for https: there is no certificate in it (PEM)"
    );
    assert_eq!(
        refusal(&good.certificate, &good.certificate),
        "cannot use FOLDER/a.crt for https: there is no private key in it (PEM)"
    );
    assert_eq!(
        refusal(&torn, &good.key),
        "cannot use FOLDER/torn.pem for https: it is not a certificate in PEM"
    );
    assert_eq!(
        refusal(&good.certificate, &other.key),
        "cannot use FOLDER/b.key for https: it is not the key of the certificate in FOLDER/a.crt"
    );
}
