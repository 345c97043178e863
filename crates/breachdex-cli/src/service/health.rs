//! Asks a running server for `/healthz`, for health checks of containers, which have no other client.

#![forbid(unsafe_code)]

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use crate::commands::Exit;
use crate::failure::Failure;

/// How long to wait for each of connection, request and answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// More of the answer is not read.
const MOST: u64 = 4096;

/// Exit code 0 where the server says that it is well.
pub(crate) fn ask(url: &str) -> Result<Exit, Failure> {
    let answer = fetch(url)?;
    let head = String::from_utf8_lossy(&answer);
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or("no");
    if status == "200" {
        return Ok(Exit::Success);
    }
    Err(Failure::Usage(format!("the server at {url} does not answer /healthz: status {status}")))
}

fn fetch(url: &str) -> Result<Vec<u8>, Failure> {
    let fault = |source: io::Error| Failure::Usage(format!("the server at {url} does not answer: {source}"));
    #[cfg(unix)]
    if let Some(path) = url.strip_prefix("unix:") {
        let stream = std::os::unix::net::UnixStream::connect(path).map_err(fault)?;
        stream.set_read_timeout(Some(TIMEOUT)).map_err(fault)?;
        stream.set_write_timeout(Some(TIMEOUT)).map_err(fault)?;
        return exchange(stream, "localhost").map_err(fault);
    }
    #[cfg(not(unix))]
    if url.starts_with("unix:") {
        return Err(Failure::Usage(String::from(
            "this system has no Unix sockets; give --health http://ADDR:PORT",
        )));
    }
    let form = || Failure::Usage(String::from("--health takes http://ADDR:PORT or unix:/path"));
    let host = url.strip_prefix("http://").ok_or_else(form)?.trim_end_matches('/');
    if host.contains(['/', '@', ' ']) || host.chars().any(char::is_control) {
        return Err(form());
    }
    let with_port = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let address = with_port.to_socket_addrs().map_err(fault)?.next();
    let address = address.ok_or_else(|| fault(io::ErrorKind::NotFound.into()))?;
    let stream = TcpStream::connect_timeout(&address, TIMEOUT).map_err(fault)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(fault)?;
    stream.set_write_timeout(Some(TIMEOUT)).map_err(fault)?;
    exchange(stream, host).map_err(fault)
}

fn exchange(mut stream: impl Read + Write, host: &str) -> io::Result<Vec<u8>> {
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    Ok(answer)
}
