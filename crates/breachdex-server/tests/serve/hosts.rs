//! Which host names are answered, and what pages of other sites in a browser can learn.

use breachdex::{Digest, Kind, OverlayFile};
use breachdex_server::ServeOptions;
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::subject::{BODY, ROWS, Running, options, sha1};

const REFUSED: &str =
    "This server does not answer this page under this host name; its operator can allow the name";

/// A request under a name, as a page of that name in a browser sends it.
fn ask(server: &Running, method: &str, path: &str, headers: &str) -> Answer {
    let mut client = Client::connect(server.address);
    client.send(format!("{method} {path} HTTP/1.1\r\n{headers}\r\n\r\n").as_bytes());
    client.read()
}

fn with_overlay(folder: &TempDir) -> ServeOptions {
    let base = sha1(folder.path(), ROWS);
    let overlay = OverlayFile::at(folder.path().join("own.bdx"));
    let digest = Digest::from_hex(Kind::Sha1, b"21BD1A0000000000000000000000000000000001").unwrap();
    overlay.add(Kind::Sha1, &[digest], &()).unwrap();
    ServeOptions { overlays: vec![overlay.path().to_owned()], serve_overlays: true, ..options(&[&base]) }
}

#[test]
fn public_ranges_are_answered_under_every_name() {
    let folder = TempDir::new().unwrap();
    let server = Running::serve(&[&sha1(folder.path(), ROWS)]);
    for host in ["Host: pwned.example", "Host: evil.example:8080", "Host: ", "Host: localhost"] {
        assert_eq!(ask(&server, "GET", "/range/21BD1", host).text(), BODY, "{host}");
    }
    assert_eq!(ask(&server, "GET", "/healthz", "Host: load-balancer.example").text(), r#"{"status":"ok"}"#);
}

#[test]
fn overlays_and_status_pages_are_answered_under_own_names_only() {
    let folder = TempDir::new().unwrap();
    let overlaid = Running::start(ServeOptions {
        allow_hosts: vec!["pwned.example".parse().unwrap()],
        ..with_overlay(&folder)
    });
    let detailed = Running::start(ServeOptions {
        health_details: true,
        allow_hosts: vec!["pwned.example".parse().unwrap()],
        ..options(&[&sha1(folder.path(), ROWS)])
    });
    for (server, path) in [
        (&overlaid, "/range/21BD1"),
        (&overlaid, "/range/xyz"),
        (&overlaid, "/elsewhere"),
        (&overlaid, "/metrics"),
        (&detailed, "/metrics"),
        (&detailed, "/healthz"),
    ] {
        for host in ["evil.example", "localhost.evil.example:80", "pwned.example.evil.example"] {
            let answer = ask(server, "GET", path, &format!("Host: {host}"));
            assert_eq!((answer.status, answer.text()), (421, REFUSED), "{host} {path}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
        for host in
            ["localhost:8080", "127.0.0.1", "[::1]:8080", "192.0.2.1", "pwned.example", "PWNED.example:443"]
        {
            assert_ne!(ask(server, "GET", path, &format!("Host: {host}")).status, 421, "{host} {path}");
        }
    }
    let two = "Host: localhost\r\nHost: evil.example";
    assert!([400, 421].contains(&ask(&overlaid, "GET", "/range/21BD1", two).status));
    let whole = ask(&overlaid, "GET", "http://evil.example/range/21BD1", "Host: localhost");
    assert_eq!(whole.status, 421);
    assert!(overlaid.metric("breachdex_other_requests_total{outcome=\"host_refused\"}") >= 12.0);
}

#[test]
fn the_answer_to_another_name_says_how_the_operator_allows_it() {
    let folder = TempDir::new().unwrap();
    let remedy = Some("in the settings".to_owned());
    let server = Running::start(ServeOptions { allow_host_remedy: remedy, ..with_overlay(&folder) });
    let answer = ask(&server, "GET", "/range/21BD1", "Host: evil.example");
    assert_eq!(answer.text(), format!("{REFUSED} in the settings"));
}

#[test]
fn any_name_is_answered_where_that_was_asked_for() {
    let folder = TempDir::new().unwrap();
    let server =
        Running::start(ServeOptions { allow_hosts: vec!["*".parse().unwrap()], ..with_overlay(&folder) });
    assert_eq!(ask(&server, "GET", "/range/21BD1", "Host: evil.example").status, 200);
}

#[test]
fn the_name_that_a_server_listens_on_is_its_own() {
    let folder = TempDir::new().unwrap();
    let listen = vec!["localhost:0".parse().unwrap()];
    let server = Running::start(ServeOptions { listen, ..with_overlay(&folder) });
    assert_eq!(ask(&server, "GET", "/range/21BD1", "Host: localhost").status, 200);
}

#[test]
fn nothing_of_an_overlay_or_of_status_is_for_pages_of_other_sites() {
    let folder = TempDir::new().unwrap();
    let server = Running::start(with_overlay(&folder));
    let cross = "Host: 127.0.0.1\r\nOrigin: https://evil.example";
    for (method, path) in [
        ("GET", "/range/21BD1"),
        ("GET", "/range/00000"),
        ("GET", "/range/xyz"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/elsewhere"),
        ("OPTIONS", "/range/21BD1"),
        ("POST", "/range/21BD1"),
    ] {
        let answer = ask(&server, method, path, cross);
        for name in ["origin", "methods", "headers"] {
            let name = format!("access-control-allow-{name}");
            assert_eq!(answer.header(&name), None, "{method} {path} {name}");
        }
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{method} {path}");
        let marked = ask(&server, method, path, &format!("{cross}\r\nSec-Fetch-Site: cross-site"));
        assert_eq!(marked.status, 421, "{method} {path}");
    }
    let plain = TempDir::new().unwrap();
    let plain = Running::serve(&[&sha1(plain.path(), ROWS)]);
    assert_eq!(ask(&plain, "GET", "/range/21BD1", cross).header("access-control-allow-origin"), Some("*"));
    assert_eq!(ask(&plain, "GET", "/metrics", cross).header("access-control-allow-origin"), None);
}
