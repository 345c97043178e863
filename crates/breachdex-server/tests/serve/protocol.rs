//! The protocol as clients know it: bodies, errors, methods, CORS, kinds, pipelining.

use crate::client::Client;
use crate::subject::{BODY, EMPTY, EMPTY_NTLM, ROWS, Running, dense_lines, partial, sha1, small};

#[test]
fn a_range_is_its_rows_with_crlf_between_and_none_after() {
    let (_folder, server) = small();
    let answer = server.get("/range/21BD1", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), BODY);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("content-length"), Some(BODY.len().to_string().as_str()));
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.header("vary"), Some("Accept-Encoding, Add-Padding"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(answer.header("last-modified"), Some("Thu, 02 Jul 2026 00:00:00 GMT"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn prefixes_of_any_case_get_the_same_body() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    for path in ["/range/21BD1", "/range/21bd1", "/range/21Bd1", "/range/21BD1?", "/range/21BD1?x=y"] {
        assert_eq!(client.get(path, &[]).text(), BODY, "{path}");
    }
}

#[test]
fn a_prefix_without_rows_is_one_row_of_zeros() {
    let (_folder, server) = small();
    assert_eq!(server.get("/range/00000", &[]).text(), EMPTY);
    assert_eq!(server.get("/range/FFFFF?mode=ntlm", &[]).text(), EMPTY_NTLM);
}

#[test]
fn mode_ntlm_to_the_letter_is_ntlm_and_anything_else_sha1() {
    let (_folder, server) = small();
    assert_eq!(server.get("/range/21BD1?mode=ntlm", &[]).text(), "00000000000000000000000000A:9");
    for mode in ["mode=sha1", "mode=NTLM", "mode=", "mode=ntlm%20", "MODE=ntlm", "ntlm"] {
        assert_eq!(server.get(&format!("/range/21BD1?{mode}"), &[]).text(), BODY, "{mode}");
    }
}

#[test]
fn bad_prefixes_and_paths_get_the_services_sentences() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    for (path, sentence) in [
        ("/range/21BD", "The hash prefix was not in a valid format"),
        ("/range/21BD10", "The hash prefix was not in a valid format"),
        ("/range/", "The hash prefix was not in a valid format"),
        ("/range/21BD1/", "The hash prefix was not in a valid format"),
        ("/range/21B/1", "The hash prefix was not valid hexadecimal"),
        ("/range/21BDG", "The hash prefix was not valid hexadecimal"),
        ("/range/+1BD1", "The hash prefix was not valid hexadecimal"),
        ("/range/%41AA", "The hash prefix was not valid hexadecimal"),
        ("/range", "Invalid API query"),
        ("/", "Invalid API query"),
        ("/Range/21BD1", "Invalid API query"),
        ("/range21BD1", "Invalid API query"),
        ("/pwnedpassword/21BD1", "Invalid API query"),
        ("//range/21BD1", "Invalid API query"),
        ("/healthz/", "Invalid API query"),
    ] {
        let answer = client.get(path, &[]);
        assert_eq!((answer.status, answer.text()), (400, sentence), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("etag"), None, "{path}");
    }
}

#[test]
fn other_methods_are_refused_with_what_is_allowed() {
    let (_folder, server) = small();
    for path in ["/range/21BD1", "/healthz", "/metrics", "/elsewhere"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let answer = Client::connect(server.address).request(method, path, &[]);
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{method} {path}");
        }
    }
    let body = ["Content-Length: 4", "", "body"];
    assert_eq!(Client::connect(server.address).request("POST", "/range/21BD1", &body).status, 405);
}

#[test]
fn options_allows_get_and_add_padding_from_anywhere() {
    let (_folder, server) = small();
    for path in ["/range/21BD1", "/range/", "*", "/elsewhere"] {
        let headers = ["Origin: https://example.org", "Access-Control-Request-Headers: add-padding"];
        let answer = Client::connect(server.address).request("OPTIONS", path, &headers);
        assert_eq!((answer.status, answer.text()), (200, ""), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("Add-Padding"));
    }
}

#[test]
fn head_says_what_get_would_say_without_the_body() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    for (path, headers) in [
        ("/range/21BD1", &[][..]),
        ("/range/21BD1", &["Accept-Encoding: gzip"]),
        ("/range/21BD1?mode=ntlm", &[]),
        ("/range/00000", &[]),
        ("/range/2", &[]),
        ("/elsewhere", &[]),
    ] {
        let got = client.get(path, headers);
        // If a body followed, the next answer on the connection could not be read.
        let head = client.request("HEAD", path, headers);
        assert_eq!(head.status, got.status, "{path}");
        let same = ["content-length", "content-type", "content-encoding", "etag", "last-modified", "vary"];
        for name in same {
            assert_eq!(head.header(name), got.header(name), "{path} {name}");
        }
    }
}

#[test]
fn no_accept_header_is_refused_and_none_is_needed() {
    let (_folder, server) = small();
    for headers in [&["Accept: application/json"][..], &["Accept: image/png;q=0.1", "User-Agent:"], &[]] {
        assert_eq!(server.get("/range/21BD1", headers).text(), BODY, "{headers:?}");
    }
    let mut client = Client::connect(server.address);
    client.send(b"GET /range/21BD1 HTTP/1.0\r\n\r\n");
    assert_eq!(client.read().text(), BODY);
    assert!(client.is_closed());
}

#[test]
fn a_whole_url_as_target_is_understood() {
    let (_folder, server) = small();
    let answer = server.get(&format!("{}/range/21BD1?mode=ntlm", server.url), &[]);
    assert_eq!(answer.text(), "00000000000000000000000000A:9");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let (_folder, server) = small();
    let mut client = Client::connect(server.address);
    let one = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let targets = ["/range/21BD1", "/range/00000", "/range/zzzzz", "/range/21BD1?mode=ntlm"];
    let burst: String = targets.iter().map(|target| one(target)).collect();
    client.send(burst.repeat(50).as_bytes());
    for _ in 0..50 {
        assert_eq!(client.read().text(), BODY);
        assert_eq!(client.read().text(), EMPTY);
        assert_eq!(client.read().status, 400);
        assert_eq!(client.read().text(), "00000000000000000000000000A:9");
    }
}

#[test]
fn a_kind_without_an_index_is_unavailable_never_not_found() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = Running::serve(&[&sha1(folder.path(), ROWS)]);
    let answer = server.get("/range/21BD1?mode=ntlm", &[]);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.text(), "This server has no NTLM index: it cannot say whether the password is exposed");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn outside_the_coverage_is_unavailable_never_not_found() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = Running::serve(&[&partial(folder.path(), &dense_lines(1, 1, 0))]);
    assert_eq!(server.get("/range/F0000", &[]).text(), EMPTY);
    let answer = server.get("/range/00010", &["Add-Padding: true"]);
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.text(),
        "This range is outside what the index covers: what is exposed there is not known"
    );
    assert_eq!(answer.header("last-modified"), None);
}
