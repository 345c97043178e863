//! Proxies: named in errors without their credentials, logged in at once and not again and again, and never passed over.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use breachdex_tests::range_server::{RangeServer, Reply};
use tempfile::tempdir;

use super::{assert_holds, check, command, corpus, listing, said};

fn download(folder: &Path, url: &str) -> Command {
    let mut command = command(folder);
    command.args(["download", "-o", "a.bdx", "--prefixes", "00000-0003F", "--base-url", url]);
    command
}

fn port(server: &RangeServer) -> String {
    server.url().rsplit(':').next().unwrap().to_owned()
}

#[test]
fn a_refused_login_is_not_repeated() {
    // A server that nothing reaches directly.
    for base in ["http://server.invalid", "https://server.invalid"] {
        for (credentials, said_of_it) in [
            ("me:secret@", "does not accept the user name and password"),
            ("", "requires a user name and a password"),
        ] {
            let (proxy, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
            proxy.behave(|_| Reply::Status(407, vec![("Proxy-Authenticate", "Basic".into())]));
            let port = port(&proxy);
            let address = format!("http://{credentials}localhost:{port}");
            let output = download(folder.path(), base).env("ALL_PROXY", &address).output().unwrap();
            let (_, stderr, exit) = said(&output);
            let end = format!(": the proxy localhost:{port} {said_of_it}\n");
            // Of those that were asked for at once, any may be the first to hear of it.
            assert!(stderr.starts_with("breachdex: error: range 000") && stderr.ends_with(&end), "{stderr}");
            assert!(exit == 2 && stderr.lines().count() == 1 && !stderr.contains("secret"));
            assert_eq!(proxy.requests().len(), 1);
        }
    }
    // Of a hundred questions in four batches, one reaches the proxy.
    let (proxy, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    proxy.behave(|_| Reply::Status(407, vec![]));
    let address = format!("me:secret@localhost:{}", port(&proxy));
    let lines: String = (0..100).map(|line| format!("password {line}\n")).collect();
    let variables = [("HTTPS_PROXY", address.as_str())];
    let api = ["--api", "https://server.invalid"];
    let (stdout, stderr, exit) = check::check_with(folder.path(), &variables, &api, &lines);
    assert_eq!((stdout.as_str(), exit), ("", 2));
    assert_eq!(stderr.lines().count(), 100);
    assert!(stderr.contains(" does not accept the user name and password\n") && !stderr.contains("secret"));
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn a_proxy_is_used_and_named() {
    let (proxy, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let port = port(&proxy);
    // This one answers for the server.
    let base = "http://server.invalid";
    let output =
        download(folder.path(), base).args(["--proxy", &format!("localhost:{port}")]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_holds(&folder.path().join("a.bdx"), &corpus(0), 0x3f);
    assert!(
        proxy.requests().iter().all(|request| request.target.starts_with("http://server.invalid/range/"))
    );
    drop(proxy);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let output = download(folder.path(), base)
        .args(["--force", "--retries", "0"])
        .env("HTTP_PROXY", format!("http://me:secret@127.0.0.1:{port}"))
        .output()
        .unwrap();
    let (_, stderr, exit) = said(&output);
    assert_eq!(exit, 2);
    assert!(
        stderr.contains(&format!(": cannot connect through the proxy 127.0.0.1:{port}: "))
            && !stderr.contains("secret"),
        "{stderr}"
    );
}

#[test]
fn exceptions_are_reached_directly() {
    for exceptions in ["*", "localhost", "example, LOCALHOST"] {
        let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
        let output = download(folder.path(), &server.url())
            .env("HTTP_PROXY", "http://proxy.invalid:1")
            .env("NO_PROXY", exceptions)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{exceptions}: {output:?}");
    }
    // An address, too.
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let url = format!("http://127.0.0.1:{}", port(&server));
    let output = download(folder.path(), &url)
        .env("ALL_PROXY", "http://proxy.invalid:1")
        .env("no_proxy", "*")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn what_is_no_proxy_is_refused_by_name() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let no_address = "not the address of a proxy: give http://host:port, https:// or socks5h://";
    for (name, value) in
        [("HTTP_PROXY", "http://me:secret@:80"), ("http_proxy", "http://x:port"), ("ALL_PROXY", "http://")]
    {
        let (_, stderr, exit) =
            said(&download(folder.path(), &server.url()).env(name, value).output().unwrap());
        assert_eq!((stderr, exit), (format!("breachdex: error: {name}: {no_address}\n"), 2));
        let api = ["--api", &server.url()];
        let (_, stderr, exit) = check::check_with(folder.path(), &[(name, value)], &api, "password\n");
        assert_eq!((stderr, exit), (format!("breachdex: error: {name}: {no_address}\n"), 2));
    }
    let refused = |proxy: &str| {
        let output = download(folder.path(), &server.url()).args(["--proxy", proxy]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        said(&output).1
    };
    assert_eq!(refused("http://"), format!("breachdex: error: --proxy: {no_address}\n"));
    assert_eq!(
        refused("http://me:secret@proxy:80"),
        "breachdex: error: --proxy must not hold a user name or a password, which other users could see: give the \
         proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY\n"
    );
    assert!(server.requests().is_empty());
    assert!(listing(folder.path()).iter().all(|name| name != "a.bdx"));
}

/// A SOCKS 5 proxy to one server, which wants `password` where that is not empty. Returns its port and the number of log-ins.
fn socks(server: &RangeServer, password: &'static str) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = format!("127.0.0.1:{}", self::port(server));
    let logins = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&logins);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let (to, counter) = (to.clone(), Arc::clone(&counter));
            thread::spawn(move || greet(connection.ok()?, &to, password, &counter));
        }
    });
    (port, logins)
}

fn greet(mut client: TcpStream, to: &str, password: &str, logins: &AtomicU32) -> Option<()> {
    let read = |client: &mut TcpStream, length: usize| {
        let mut bytes = vec![0; length];
        client.read_exact(&mut bytes).ok().map(|()| bytes)
    };
    let methods = read(&mut client, 2)?[1];
    read(&mut client, methods.into())?;
    client.write_all(&[5, if password.is_empty() { 0 } else { 2 }]).ok()?;
    if !password.is_empty() {
        let user = read(&mut client, 2)?[1];
        read(&mut client, user.into())?;
        let length = read(&mut client, 1)?[0];
        let given = read(&mut client, length.into())?;
        logins.fetch_add(1, Ordering::SeqCst);
        let is_right = given == password.as_bytes();
        client.write_all(&[1, u8::from(!is_right)]).ok()?;
        if !is_right {
            return None;
        }
    }
    // A host name: the proxy resolves it.
    let head = read(&mut client, 5)?;
    assert_eq!(head[..4], [5, 1, 0, 3]);
    let host = read(&mut client, head[4].into())?;
    read(&mut client, 2)?;
    assert_eq!(host, b"server.invalid");
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
    let server = TcpStream::connect(to).ok()?;
    let (mut from_client, mut to_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
    std::io::copy(&mut &server, &mut client).ok().map(|_| ())
}

#[test]
fn a_socks_proxy_is_used_and_a_refused_login_there_is_not_repeated() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let base = "http://server.invalid";
    let (port, _) = socks(&server, "");
    let output = download(folder.path(), base)
        .args(["--proxy", &format!("socks5h://127.0.0.1:{port}")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_holds(&folder.path().join("a.bdx"), &corpus(0), 0x3f);
    let (port, logins) = socks(&server, "right");
    for (password, exit) in [("right", 0), ("wrong", 2)] {
        let before = logins.load(Ordering::SeqCst);
        let output = download(folder.path(), base)
            .args(["--force", "--restart"])
            .env("ALL_PROXY", format!("socks5h://me:{password}@127.0.0.1:{port}"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(exit), "{output:?}");
        if exit == 2 {
            let end = format!(": the proxy 127.0.0.1:{port} does not accept the user name and password\n");
            assert!(said(&output).1.ends_with(&end), "{output:?}");
            assert_eq!(logins.load(Ordering::SeqCst), before + 1);
        }
    }
}
