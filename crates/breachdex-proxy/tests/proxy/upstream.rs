//! Connections to the site: kept, tried again where that is safe, over Unix sockets and TLS.

#![forbid(unsafe_code)]

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::setup::{EXPOSED, Proxy, log_in, options};
use crate::site::{Reply, Site, ok};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    for _ in 0..5 {
        connection.ask(GET.as_bytes());
        connection.ask(&log_in("a", EXPOSED));
    }
    let connections: Vec<usize> = site.requests().iter().map(|request| request.connection).collect();
    // One may open before the end of an answer was noticed.
    assert!(connections.iter().max() <= Some(&1), "{connections:?}");
}

#[test]
fn a_connection_that_the_site_closes_is_not_used_again() {
    let site = Site::new(|_| {
        Reply::Last(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok".to_vec())
    });
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    for number in 0..3 {
        let answer = connection.ask(&log_in("a", EXPOSED));
        assert_eq!((answer.status(), answer.head.one("connection")), (200, None));
        assert_eq!(site.last().connection, number);
    }
}

/// A site that closes a kept connection when its second request comes, without a word.
fn closing() -> (Site, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let site = Site::new(move |_| match counted.fetch_add(1, Ordering::Relaxed) {
        1 => Reply::Last(Vec::new()),
        _ => Reply::Bytes(ok("ok")),
    });
    (site, seen)
}

#[test]
fn a_get_on_a_connection_that_was_closed_is_sent_again() {
    let (site, seen) = closing();
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    for _ in 0..3 {
        assert_eq!(connection.ask(GET.as_bytes()).status(), 200);
    }
    assert_eq!(seen.load(Ordering::Relaxed), 4);
    assert_eq!(proxy.metric("breachdex_proxy_retries_total"), 1);
}

#[test]
fn a_post_that_may_have_been_done_is_not_sent_again() {
    let (site, seen) = closing();
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    assert_eq!(connection.ask(&log_in("a", EXPOSED)).status(), 200);
    assert_eq!(connection.ask(&log_in("a", EXPOSED)).status(), 502);
    assert_eq!(seen.load(Ordering::Relaxed), 2);
}

#[test]
fn a_post_on_a_connection_that_was_closed_while_idle_is_sent_on_another() {
    let site = Site::new(|request| match request.connection {
        0 => Reply::Last(ok("ok")),
        _ => Reply::Bytes(ok("ok")),
    });
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    assert_eq!(connection.ask(&log_in("a", EXPOSED)).status(), 200);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(connection.ask(&log_in("a", EXPOSED)).status(), 200);
    assert_eq!(site.last().connection, 1);
}

#[test]
fn a_site_that_keeps_connections_for_a_second_gets_none_back() {
    let site = Site::new(|_| {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n".to_vec())
    });
    let proxy = Proxy::before(&site);
    let mut connection = proxy.connect();
    for number in 0..2 {
        connection.ask(GET.as_bytes());
        assert_eq!(site.last().connection, number);
    }
}

/// A site that answers each request from its head, and closes without reading the body.
pub(crate) fn hasty() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a site");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            crate::wire::head(&mut stream).expect("a request");
            let answer = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 7\r\n\r\ntoo big";
            stream.get_mut().write_all(answer).expect("answered");
        }
    });
    address
}

/// A body that is too large, or that needs a log-in first: the site's answer counts, not that it takes no more.
#[test]
fn an_answer_of_a_site_that_closes_without_reading_the_body_arrives() {
    let address = hasty();
    let proxy = Proxy::start(&options(&format!("http://{address}")));
    let head = "PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n";
    for round in 0..30 {
        let answer = proxy.connect().ask(&[head.as_bytes(), &[7; 1 << 20]].concat());
        assert_eq!((answer.status(), answer.text()), (413, "too big"), "round {round}");
    }
    assert_eq!(proxy.metric("breachdex_proxy_upstream_errors_total{reason=\"broken\"}"), 0);
}

#[cfg(unix)]
#[test]
fn a_site_on_a_unix_socket_is_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut stream = BufReader::new(stream);
        while let Some(head) = crate::wire::head(&mut stream) {
            let host = head.one("host").unwrap_or_default().to_owned();
            stream.get_mut().write_all(&ok(&host)).expect("answered");
        }
    });
    let proxy = Proxy::start(&options(&format!("unix:{}", path.display())));
    assert_eq!(proxy.ask("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").text(), "shop.example");
    assert_eq!(proxy.ask("GET / HTTP/1.0\r\n\r\n").text(), "localhost");
}

mod tls {
    use std::io::{BufReader, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::path::PathBuf;
    use std::sync::Arc;

    use breachdex_proxy::{ProxyError, ProxyServer};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    use crate::setup::{Proxy, options};
    use crate::site::ok;

    /// A site over TLS with a certificate for `localhost` and 127.0.0.1, and the file of its authority.
    fn site(folder: &std::path::Path) -> (SocketAddr, PathBuf) {
        let names = vec![String::from("localhost"), String::from("127.0.0.1")];
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(names).expect("a certificate");
        let ca = folder.join("ca.pem");
        std::fs::write(&ca, cert.pem()).expect("a file");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(vec![cert.der().clone()], key)
                .expect("a configuration");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
                std::thread::spawn(move || {
                    let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
                    while let Some(head) = crate::wire::head(&mut stream) {
                        let proto = head.one("x-forwarded-proto").unwrap_or_default().to_owned();
                        if stream.get_mut().write_all(&ok(&proto)).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        (address, ca)
    }

    #[test]
    fn a_site_over_tls_is_reached_where_its_authority_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let (address, ca) = site(folder.path());
        let mut options = options(&format!("https://localhost:{}", address.port()));
        options.upstream.ca = Some(ca);
        let proxy = Proxy::start(&options);
        for _ in 0..3 {
            let answer = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!((answer.status(), answer.text()), (200, "http"));
        }
    }

    #[test]
    fn a_site_with_another_certificate_is_a_bad_gateway() {
        let (folder, other) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (address, _) = site(folder.path());
        let (_, ca) = site(other.path());
        let mut options = options(&format!("https://localhost:{}", address.port()));
        options.upstream.ca = Some(ca);
        let answer = Proxy::start(&options).ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!((answer.status(), answer.text()), (502, "The site cannot be reached\n"));
    }

    #[test]
    fn a_bad_file_of_authorities_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca.pem");
        let said = |address: &str| {
            let mut options = options(address);
            options.upstream.ca = Some(path.clone());
            ProxyServer::bind(&options, Vec::new())
                .err()
                .map(|error: ProxyError| error.to_string())
                .expect("refused")
        };
        let name = path.display();
        assert_eq!(
            said("https://a"),
            format!("cannot use {name} to verify the site: No such file or directory (os error 2)")
        );
        std::fs::write(&path, "nothing").expect("a file");
        assert_eq!(
            said("https://a"),
            format!("cannot use {name} to verify the site: there is no certificate in it (PEM)")
        );
        assert_eq!(
            said("http://a"),
            "the site is reached without TLS, so no certificate is verified; give an https address or no file of authorities"
        );
    }
}
