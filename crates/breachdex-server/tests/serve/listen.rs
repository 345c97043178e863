//! Where a server listens: several addresses, names, Unix sockets, an address for status, inherited sockets.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use breachdex::{Digest, Kind, OverlayFile};
use breachdex_server::{Inherited, Listen, ServeOptions, Server, Shutdown, Surface};
use tempfile::TempDir;

use crate::client::{Answer, Client, get};
use crate::subject::{BODY, ROWS, Running, options, sha1, wait_until};

fn over(path: &Path, target: &str) -> Answer {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    Client::over(stream).get(target, &[])
}

fn unix(path: &Path) -> Listen {
    format!("unix:{}", path.display()).parse().unwrap()
}

fn refusal(options: &ServeOptions, folder: &Path) -> String {
    Server::bind(options).err().unwrap().to_string().replace(folder.to_str().unwrap(), "FOLDER")
}

#[test]
fn every_address_answers() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("a.sock");
    let listen = vec!["0".parse().unwrap(), "localhost:0".parse().unwrap(), unix(&socket)];
    let options = ServeOptions { listen, workers: 2, ..options(&[&sha1(folder.path(), ROWS)]) };
    let server = Server::bind(&options).unwrap();
    let urls = server.urls();
    assert!(urls.len() >= 3, "{urls:?}");
    assert_eq!(urls.last(), Some(&format!("unix:{}", socket.display())));
    let shutdown = Shutdown::new();
    let running = server.start(&shutdown).unwrap();
    for url in &urls[..urls.len() - 1] {
        let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        assert_eq!(get(address, "/range/21BD1", &[]).text(), BODY, "{url}");
    }
    assert_eq!(over(&socket, "/range/21BD1").text(), BODY);
    shutdown.trigger();
    running.wait().unwrap();
    assert!(!socket.exists(), "the socket is left behind");
}

#[test]
fn a_unix_socket_has_its_mode_and_only_a_dead_one_is_replaced() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("a.sock");
    let base = sha1(folder.path(), ROWS);
    let with = |listen| ServeOptions { listen: vec![listen], ..options(&[&base]) };
    // A server that died leaves its file.
    drop(UnixListener::bind(&socket).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    {
        let _server = Running::start(with(unix(&socket)));
        assert_eq!(mode(&socket), 0o660);
        assert_eq!(
            refusal(&with(unix(&socket)), folder.path()),
            "cannot listen on unix:FOLDER/a.sock: another process listens there"
        );
        assert_eq!(over(&socket, "/range/21BD1").text(), BODY);
    }
    let open: Listen = format!("unix:{},mode=0666", socket.display()).parse().unwrap();
    let server = Running::start(with(open));
    assert_eq!(mode(&socket), 0o666);
    // What took its place is not removed with it.
    fs::remove_file(&socket).unwrap();
    fs::write(&socket, "mine").unwrap();
    drop(server);
    assert_eq!(fs::read(&socket).unwrap(), b"mine");
    assert_eq!(
        refusal(&with(unix(&socket)), folder.path()),
        "cannot listen on unix:FOLDER/a.sock: there is a file that is not a socket; remove it or choose another path"
    );
    assert_eq!(
        refusal(&with(unix(&folder.path().join("no/a.sock"))), folder.path()),
        "cannot listen on unix:FOLDER/no/a.sock: No such file or directory (os error 2)"
    );
}

#[test]
fn overlays_are_served_over_unix_sockets_which_are_on_this_machine() {
    let folder = TempDir::new().unwrap();
    let base = sha1(folder.path(), ROWS);
    let overlay = OverlayFile::at(folder.path().join("own.bdx"));
    let digest = Digest::from_hex(Kind::Sha1, b"0000100000000000000000000000000000000002").unwrap();
    overlay.add(Kind::Sha1, &[digest], &()).unwrap();
    let socket = folder.path().join("a.sock");
    let _server = Running::start(ServeOptions {
        listen: vec![unix(&socket)],
        overlays: vec![overlay.path().to_owned()],
        serve_overlays: true,
        ..options(&[&base])
    });
    assert_eq!(over(&socket, "/range/00001").text(), "00000000000000000000000000000000002:1");
}

#[test]
fn status_has_an_address_of_its_own() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("status.sock");
    let server = Running::start(ServeOptions {
        status_listen: vec![unix(&socket)],
        ..options(&[&sha1(folder.path(), ROWS)])
    });
    for path in ["/healthz", "/metrics"] {
        assert_eq!(server.get(path, &[]).status, 400, "{path}");
        assert_eq!(over(&socket, path).status, 200, "{path}");
    }
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
    assert_eq!(over(&socket, "/range/21BD1").status, 400);
}

#[test]
fn inherited_sockets_answer_as_opened_ones_do() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("status.sock");
    let (tcp, local) = (TcpListener::bind("127.0.0.1:0").unwrap(), UnixListener::bind(&path).unwrap());
    let address = tcp.local_addr().unwrap();
    let inherited = vec![Inherited::tcp(tcp, Surface::Main), Inherited::unix(local, Surface::Status)];
    let options = ServeOptions { listen: Vec::new(), ..options(&[&sha1(folder.path(), ROWS)]) };
    let server = Server::bind_with(&options, inherited).unwrap();
    assert_eq!(server.urls(), [format!("http://{address}")]);
    assert_eq!(server.status_urls(), [format!("unix:{}", path.display())]);
    let shutdown = Shutdown::new();
    let running = server.start(&shutdown).unwrap();
    let mut pulse = running.pulse();
    wait_until("all workers respond", || pulse.is_beating());
    let ended = thread::spawn(move || running.wait());
    assert_eq!(get(address, "/range/21BD1", &[]).text(), BODY);
    assert_eq!(over(&path, "/healthz").status, 200);
    shutdown.trigger();
    ended.join().unwrap().unwrap();
    // The service manager's file stays.
    assert!(path.exists());
}

#[test]
fn a_server_needs_an_address_for_ranges() {
    let folder = TempDir::new().unwrap();
    let options = ServeOptions { listen: Vec::new(), ..options(&[&sha1(folder.path(), ROWS)]) };
    assert_eq!(refusal(&options, folder.path()), "there is no address to listen on");
    let options = ServeOptions { listen: vec!["no-such-host.invalid:80".parse().unwrap()], ..options };
    let refused = refusal(&options, folder.path());
    assert!(refused.starts_with("cannot listen on no-such-host.invalid:80: "), "{refused}");
}
