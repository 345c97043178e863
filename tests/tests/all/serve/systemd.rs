//! What the server tells a service manager, and the sockets that it takes from one. Nothing here needs systemd.

use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use super::{COMMAND, Server, ask, body, folder};

/// Opens a socket, gives it to the command as systemd does, and becomes the command.
const ACTIVATE: &str = "\
import os, socket, sys
sockets = [socket.create_server(('127.0.0.1', 0)), socket.create_server(('127.0.0.1', 0))]
for number, opened in enumerate(sockets):
    os.dup2(opened.fileno(), 20 + number)
for number, opened in enumerate(sockets):
    os.dup2(20 + number, 3 + number, inheritable=True)
    os.close(20 + number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES='web:status')
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn sockets_of_a_service_manager_replace_the_default_address() {
    let folder = folder();
    let mut command = Command::new("python3");
    command.args(["-c", ACTIVATE, COMMAND, "serve", "--index", "a.bdx", "--partial"]);
    let mut server = Server::spawn(folder.path(), command);
    let mut connection = TcpStream::connect(server.address).unwrap();
    assert_eq!(ask(&mut connection, "/range/00007").unwrap(), (200, body(7, 0)));
    assert_eq!(ask(&mut connection, "/metrics").unwrap().0, 400, "status has a socket of its own");
    server.signal(Signal::TERM);
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_service_manager_is_told_of_every_change() {
    let folder = folder();
    let path = folder.path().join("notify.sock");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let next = |wanted: &str| {
        let mut buffer = [0; 512];
        loop {
            let length = manager.recv(&mut buffer).unwrap();
            let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
            // The watchdog may come in between.
            if text != "WATCHDOG=1" || wanted == "WATCHDOG=1" {
                assert!(text.starts_with(wanted), "{text:?} came for {wanted:?}");
                return text;
            }
        }
    };
    let mut command = Command::new(COMMAND);
    command
        .args(["serve", "--index", "a.bdx", "--partial", "--listen", "127.0.0.1:0"])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000");
    let mut server = Server::spawn(folder.path(), command);
    next("READY=1\n");
    next("WATCHDOG=1");
    server.signal(Signal::HUP);
    let reloading = next("RELOADING=1\nMONOTONIC_USEC=");
    assert!(reloading.rsplit('=').next().unwrap().parse::<u64>().unwrap() > 0);
    next("READY=1");
    server.signal(Signal::TERM);
    next("STOPPING=1\n");
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}
