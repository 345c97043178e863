//! The test password: in its range when that was asked for, and nowhere else.

#![forbid(unsafe_code)]

use breachdex::{Digest, TEST_PASSWORD};
use breachdex_server::ServeOptions;
use tempfile::TempDir;

use crate::subject::{BODY, EMPTY, NTLM_ROWS, ROWS, Running, ntlm, options, sha1};

/// The first five digits of a digest and the others.
fn digits(digest: &Digest) -> (String, String) {
    let hex: String = digest.to_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
    (hex[..5].to_owned(), hex[5..].to_owned())
}

#[test]
fn it_is_a_row_of_its_range() {
    let folder = TempDir::new().unwrap();
    let (sha1_digits, ntlm_digits) =
        (digits(&Digest::sha1(TEST_PASSWORD.as_bytes())), digits(&Digest::ntlm(TEST_PASSWORD)));
    let neighbour = format!("{}{}:9\n", sha1_digits.0, "F".repeat(35));
    let base = sha1(folder.path(), &format!("{ROWS}{neighbour}"));
    let other = ntlm(folder.path(), NTLM_ROWS);
    let server = Running::start(ServeOptions { test_password: true, ..options(&[&base, &other]) });
    let answer = server.get(&format!("/range/{}", sha1_digits.0), &[]);
    assert_eq!(answer.text(), format!("{}:1\r\n{}:9", sha1_digits.1, "F".repeat(35)));
    // No cache keeps it beyond the trial, and no date says that nothing changed.
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    assert_eq!(answer.header("last-modified"), None);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let answer = server.get(&format!("/range/{}?mode=ntlm", ntlm_digits.0), &[]);
    assert_eq!(answer.text(), format!("{}:1", ntlm_digits.1));
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);

    let plain = Running::serve(&[&base]);
    let answer = plain.get(&format!("/range/{}", sha1_digits.0), &[]);
    assert_eq!(answer.text(), format!("{}:9", "F".repeat(35)));
    assert_eq!(plain.get("/range/00002", &[]).text(), EMPTY);
}

#[test]
fn a_replaced_index_keeps_it() {
    let folder = TempDir::new().unwrap();
    let base = sha1(folder.path(), ROWS);
    let server = Running::start(ServeOptions { test_password: true, ..options(&[&base]) });
    let (prefix, rest) = digits(&Digest::sha1(TEST_PASSWORD.as_bytes()));
    sha1(folder.path(), &format!("{ROWS}{prefix}{}:3\n", "0".repeat(35)));
    crate::subject::wait_until("the new index answers", || {
        server.get(&format!("/range/{prefix}"), &[]).text() == format!("{}:3\r\n{rest}:1", "0".repeat(35))
    });
}
