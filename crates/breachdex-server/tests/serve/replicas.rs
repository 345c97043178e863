//! Several servers of one corpus behind a load balancer give equal answers, so that what a client keeps from one is
//! good for the other.

use breachdex::BuildOptions;
use tempfile::TempDir;

use crate::subject::{Running, dense_lines, index, range};

#[test]
fn replicas_have_equal_bodies_and_tags() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let lines = dense_lines(16, 200, 0);
    let dated = || BuildOptions { date: "2026-07-02".into(), ..BuildOptions::default() };
    // The second one was built apart, of the same lines in another order.
    let shuffled: Vec<&str> = lines.lines().rev().collect();
    let first = Running::serve(&[&index(folder.path(), "a.bdx", &lines, dated())]);
    let second = Running::serve(&[&index(other.path(), "b.bdx", &shuffled.join("\n"), dated())]);
    for prefix in 0..16 {
        for headers in [&[][..], &["Accept-Encoding: gzip"], &["Accept-Encoding: br"]] {
            let (a, b) = (first.get(&range(prefix), headers), second.get(&range(prefix), headers));
            assert_eq!(a.status, 200);
            assert!(a.body == b.body, "{prefix}");
            for name in ["etag", "last-modified", "cache-control", "vary", "content-encoding"] {
                assert_eq!(a.header(name), b.header(name), "{name}");
            }
            let none_match = format!("If-None-Match: {}", a.header("etag").unwrap());
            let headers = [headers, &[none_match.as_str()]].concat();
            assert_eq!(second.get(&range(prefix), &headers).status, 304);
        }
    }
}
