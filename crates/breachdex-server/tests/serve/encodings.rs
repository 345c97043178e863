//! gzip and brotli on the wire.

use std::io::Read as _;

use flate2::read::GzDecoder;
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::subject::{BODY, EMPTY, Running, dense_body, dense_lines, partial, range, small};

pub(crate) fn gunzipped(answer: &Answer) -> String {
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn gzip_holds_the_same_rows() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    for accept in ["gzip", "gzip, deflate, br", "*", "GZIP;q=0.3, identity;q=0"] {
        let answer = client.get("/range/21BD1", &[&format!("Accept-Encoding: {accept}")]);
        assert_eq!(gunzipped(&answer), BODY);
        assert_eq!(answer.header("vary"), Some("Accept-Encoding, Add-Padding"));
    }
    assert_eq!(gunzipped(&client.get("/range/00000", &["Accept-Encoding: gzip"])), EMPTY);
}

#[test]
fn brotli_is_for_those_who_do_not_take_gzip() {
    let (_folder, server) = small();
    let answer = server.get("/range/21BD1", &["Accept-Encoding: br"]);
    assert_eq!(answer.header("content-encoding"), Some("br"));
    let mut text = String::new();
    brotli::Decompressor::new(&answer.body[..], 4096).read_to_string(&mut text).unwrap();
    assert_eq!(text, BODY);
}

#[test]
fn who_takes_neither_gets_the_plain_body() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    for accept in ["identity", "deflate", "gzip;q=0", "identity;q=0", "*;q=0", "zstd, identity;q=0.5"] {
        let answer = client.get("/range/21BD1", &[&format!("Accept-Encoding: {accept}")]);
        assert_eq!((answer.header("content-encoding"), answer.text()), (None, BODY), "{accept}");
    }
}

#[test]
fn long_ranges_come_whole_in_every_encoding() {
    let folder = TempDir::new().unwrap();
    let rows = 5_000;
    let server = Running::serve(&[&partial(folder.path(), &dense_lines(3, rows, 1))]);
    let mut client = Client::connect(server.address);
    for prefix in 0..3 {
        let (path, body) = (range(prefix), dense_body(prefix, rows, 1));
        assert!(client.get(&path, &[]).text() == body);
        let packed = client.get(&path, &["Accept-Encoding: gzip"]);
        assert!(gunzipped(&packed) == body);
        assert!(packed.body.len() * 100 < body.len() * 60);
    }
}
