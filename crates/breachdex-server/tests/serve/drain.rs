//! The end of a server behind a load balancer: it says so first, and no request is lost.

use std::io::ErrorKind;
use std::net::TcpStream;

use crate::client::{Answer, Client};
use crate::subject::{BODY, small, wait_until};

fn is_last(answer: &Answer) -> bool {
    answer.header("connection") == Some("close")
}

#[test]
fn a_draining_server_answers_and_has_balancers_go_elsewhere() {
    let (_folder, server) = small();
    let mut idle = Client::connect(server.address);
    assert!(!is_last(&idle.get("/range/21BD1", &[])));
    server.start_drain();
    // On a connection from before, and on new ones.
    let answer = idle.get("/range/21BD1", &[]);
    assert_eq!((answer.status, answer.text()), (200, BODY));
    assert!(is_last(&answer) && idle.is_closed());
    for request in [&["If-None-Match: *"][..], &["Add-Padding: true"], &["Accept-Encoding: gzip"]] {
        let mut client = Client::connect(server.address);
        let answer = client.get("/range/21BD1", request);
        assert!(matches!(answer.status, 200 | 304) && is_last(&answer) && client.is_closed());
    }
    let health = server.get("/healthz", &[]);
    assert_eq!((health.status, health.text()), (503, r#"{"status":"draining"}"#));
    assert_eq!(health.header("cache-control"), Some("no-store"));
    assert!(is_last(&health));
}

#[test]
fn a_connection_without_a_request_has_one_answered_at_the_end() {
    let (_folder, mut server) = small();
    let mut clients: Vec<Client> = (0..20).map(|_| Client::connect(server.address)).collect();
    server.ask_to_stop();
    for client in &mut clients {
        client.send(b"GET /range/21BD1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    for client in &mut clients {
        let answer = client.read();
        assert_eq!((answer.status, answer.text()), (200, BODY));
        assert!(is_last(&answer) && client.is_closed());
    }
    let address = server.address;
    let is_refused = |error: std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
    wait_until("the address refuses", || TcpStream::connect(address).is_err_and(is_refused));
    server.stop();
}
