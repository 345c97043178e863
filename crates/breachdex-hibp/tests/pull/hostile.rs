//! Every fault of a static server by name: what is said, and that the target stays as it was.

use std::fs;
use std::sync::Arc;

use breachdex::replica::delta_ending;
use breachdex_hibp::pull::{PullOptions, PullReport, pull};

use super::server::{Reply, Request, Server};
use super::world::{delta, folder, listing, open, options, state};

fn run(server: &Server, path: &std::path::Path, options: &PullOptions) -> breachdex_hibp::Result<PullReport> {
    pull(&server.url().parse().unwrap(), path, options, &())
}

/// What the server does, and what is said.
type Case = (fn() -> Reply, &'static str);

/// Of the index, behind its header.
fn is_part(request: &Request) -> bool {
    request.ending.is_empty() && request.part.as_ref().is_some_and(|part| part.start >= 256)
}

#[test]
fn faults_are_said_and_change_nothing() {
    let (old, new) = (state(3000, 0, "2026-11-20"), state(3000, 1, "2026-11-27"));
    let always =
        |reply: fn() -> Reply| move |request: &Request| if is_part(request) { reply() } else { Reply::Good };
    let cases: Vec<Case> = vec![
        (
            || Reply::Whole,
            "the server does not answer range requests: it sends the whole file (it calls itself test/1)",
        ),
        (|| Reply::Status(404, ""), "the server answered 404"),
        (|| Reply::Status(403, ""), "the server answered 403"),
        (|| Reply::Status(500, ""), "the server answered 500 (tried 4 times)"),
        (|| Reply::Status(416, ""), "was replaced 4 times while it was fetched"),
        (
            || Reply::Status(302, "Location: https://b.example/x?token=secret\r\n"),
            "the server answered 302, a redirection to https://b.example/x; none is followed",
        ),
        (
            || Reply::Status(307, "Location: https://user:secret@b.example/x\r\n"),
            "the server answered 307, a redirection to https://b.example/x; none is followed",
        ),
        (|| Reply::Status(304, ""), "the server answered 304 to a question that has no earlier answer"),
        (|| Reply::Headed("Content-Encoding: gzip\r\n", usize::MAX), "compression was not asked for"),
        (|| Reply::Headed("Content-Range: x\r\n", usize::MAX), "does not say which bytes of how many it is"),
        (|| Reply::Headed("Content-Range: bytes 256-299/999999\r\n", usize::MAX), "was replaced 4 times"),
        (
            || Reply::Headed("Content-Type: multipart/byteranges\r\nContent-Range: \r\n", 9),
            "does not say which bytes",
        ),
        (|| Reply::Beside, "the server was asked for the bytes"),
        (|| Reply::Headed("ETag: \"2\"\r\n", usize::MAX), "was replaced 4 times"),
        (
            || Reply::Headed("Transfer-Encoding: chunked\r\n", usize::MAX),
            "the server says the length of its answer twice",
        ),
        (|| Reply::Headed("Content-Length: 3\r\n", 3), "the answer does not have the"),
        (|| Reply::Headed("Content-Length: 99999999\r\n", 9), "the answer does not have the"),
        (|| Reply::Headed("", 7), "the answer broke off"),
        (|| Reply::Stall(3), "no answer in time"),
    ];
    for (reply, said) in cases {
        let server = Server::start(&new);
        server.behave(always(reply));
        let (folder, path) = folder(Some(&old));
        let error = run(&server, &path, &options()).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
        assert!(error.contains(&server.url()), "{error}");
        assert!(!error.contains("secret"), "{error}");
        assert!(fs::read(&path).unwrap() == old, "{said}");
        // Of an index whose length is not proved, no copy of that length stays.
        assert_eq!(listing(folder.path()), ["a.bdx"], "{said}");
        // The next run goes on where the fault is over.
        server.behave(|_| Reply::Good);
        run(&server, &path, &options()).unwrap();
        assert!(fs::read(&path).unwrap() == new, "{said}");
        assert_eq!(listing(folder.path()), ["a.bdx"]);
    }
}

#[test]
fn a_file_that_is_not_there_or_no_index() {
    let server = Server::start(b"");
    let (folder, path) = folder(None);
    for (bytes, said) in [
        (&b""[..], "is not a breachdex index: it is empty"),
        (b"<html>not here</html>", "is not a breachdex index"),
        (&state(10, 0, "")[..100], "is damaged: header at byte 0: the file is cut short inside the header"),
    ] {
        server.put("", bytes, "\"1\"");
        let error = run(&server, &path, &options()).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    server.behave(|_| Reply::Status(404, ""));
    let error = run(&server, &path, &options()).unwrap_err().to_string();
    assert_eq!(error, format!("{}: there is no such file (404)", server.url()));
    assert!(listing(folder.path()).is_empty());
}

/// The error names the index's address, whichever of its files was asked for first.
#[test]
fn a_redirection_is_named_and_not_followed() {
    let server = Server::start(&state(10, 0, ""));
    let (folder, path) = folder(None);
    let trusting = PullOptions { trust: super::world::Key::new().trust(), ..options() };
    let elsewhere = server.url().replace("/a.bdx", "/new/b.bdx");
    for (location, options, to) in [
        ("Location: /new/b.bdx\r\n", options(), Some(elsewhere.as_str())),
        ("Location: /new/b.bdx.id\r\n", trusting.clone(), Some(&elsewhere)),
        (
            "Location: https://c.example/b.bdx.id?signature=secret\r\n",
            trusting,
            Some("https://c.example/b.bdx"),
        ),
        ("", options(), None),
        ("Location: mailto:secret@c.example\r\n", options(), None),
    ] {
        server.behave(move |_| Reply::Status(301, location));
        server.requests();
        let error = run(&server, &path, &options).unwrap_err().to_string();
        let to = to.map(|to| format!(" to {to}")).unwrap_or_default();
        let said = format!(
            "the server answered 301, a redirection{to}; none is followed: name that address if you trust it"
        );
        assert!(error.ends_with(&said), "{location}: {error}");
        assert_eq!(server.requests().len(), 1);
    }
    assert!(listing(folder.path()).is_empty());
}

/// A delta only saves bytes: without it, or without the rest of it, everything is fetched of the index.
#[test]
fn a_delta_that_cannot_be_read_is_no_fault() {
    let (old, new) = (state(20_000, 0, "2026-11-20"), state(20_000, 1, "2026-11-27"));
    let ending = delta_ending(open(&old).content_id());
    let delta = delta(&old, &new);
    let length = delta.len();
    let replies: [fn() -> Reply; 5] = [
        || Reply::Status(404, ""),
        || Reply::Status(500, ""),
        || Reply::Headed("ETag: \"other\"\r\n", usize::MAX),
        || Reply::Headed("", 3),
        || Reply::Whole,
    ];
    // All of it; all but its header; all but header and table.
    for earlier in 0..=2 {
        for (number, reply) in replies.into_iter().enumerate() {
            let server = Server::start(&new);
            server.put(&ending, &delta, "\"1\"");
            let of_delta = ending.clone();
            server.behave(move |request| {
                if request.ending == of_delta && request.earlier >= earlier { reply() } else { Reply::Good }
            });
            let (folder, path) = folder(Some(&old));
            let report = run(&server, &path, &options()).unwrap();
            assert!(fs::read(&path).unwrap() == new, "{earlier} {number}");
            assert_eq!((report.replaced, listing(folder.path())), (0, vec!["a.bdx".to_owned()]));
            assert!(report.bytes > length as u64, "{earlier} {number}: it was fetched of the index");
        }
    }
}

/// Of a delta no more is read than would be of the index.
#[test]
fn changes_that_are_longer_than_the_group_are_not_fetched() {
    const MORE: usize = 200_000;
    let (old, new) = (state(60_000, 0, "2026-11-20"), state(60_000, 1, "2026-11-27"));
    let ending = delta_ending(open(&old).content_id());
    let mut long = delta(&old, &new);
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let (table, first) = (number(&long, 88), number(&long, number(&long, 88)) >> 32);
    // Behind the changes of the first group, which the table then has, too.
    long.splice(104 + first..104 + first, [0; MORE]);
    let table = table + MORE;
    long[88..96].copy_from_slice(&(table as u64).to_le_bytes());
    long[table + 4..table + 8].copy_from_slice(&((first + MORE) as u32).to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&long[..96]), &long[table..]);
    long[96..100].copy_from_slice(&crc.to_le_bytes());
    let server = Server::start(&new);
    server.put(&ending, &long, "\"1\"");
    let (_folder, path) = folder(Some(&old));
    run(&server, &path, &options()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    let parts: Vec<_> = server.requests().into_iter().filter(|request| request.ending == ending).collect();
    // The changes of the other groups are used.
    assert!(parts.len() > 2);
    assert!(
        parts
            .iter()
            .all(|request| request.part.as_ref().is_none_or(|part| part.end - part.start < MORE as u64))
    );
}

/// An answer that breaks off is gone on with where it broke off.
#[test]
fn no_byte_is_fetched_twice() {
    let new = state(20_000, 0, "2026-11-27");
    let server = Server::start(&new);
    server.behave(|request| {
        if is_part(request) && request.earlier % 3 > 0 { Reply::Headed("", 70_000) } else { Reply::Good }
    });
    let (_folder, path) = folder(None);
    let report = run(&server, &path, &options()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    assert!(report.retries > 0);
    assert_eq!(report.bytes, new.len() as u64);
}

#[test]
fn faults_that_pass_are_got_over() {
    let new = state(5000, 0, "2026-11-27");
    let server = Server::start(&new);
    server.behave(|request| match request.earlier {
        0 => Reply::Status(503, "Retry-After: 0\r\n"),
        2 => Reply::Status(500, ""),
        3 => Reply::Headed("", 10),
        5 => Reply::Status(429, ""),
        _ => Reply::Good,
    });
    let (_folder, path) = folder(None);
    let report = run(&server, &path, &options()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    assert_eq!((report.retries, report.replaced), (4, 0));
}

#[test]
fn a_file_that_is_replaced_meanwhile_is_pulled_anew() {
    let (old, new) = (state(9000, 1, "2026-11-26"), state(9000, 2, "2026-11-27"));
    assert_eq!(old[..19], new[..19]);
    // By another tag; by the same tag, so that only the hashes tell; without any.
    for (first, then) in [("\"1\"", "\"2\""), ("\"1\"", "\"1\""), ("W/\"1\"", "W/\"1\"")] {
        for requests in [1, 2, 3] {
            let server = Arc::new(Server::start(&old));
            server.put("", &old, first);
            server.replace_after(requests, new.clone(), then);
            let (folder, path) = folder(None);
            let report = run(&server, &path, &options()).unwrap();
            assert!(fs::read(&path).unwrap() == new, "{first} {requests}");
            assert!(report.replaced <= 2, "{first} {requests}: {}", report.replaced);
            assert_eq!(listing(folder.path()), ["a.bdx"]);
        }
    }
}

#[test]
fn a_published_file_that_is_damaged_is_not_taken() {
    let (old, new) = (state(5000, 0, "2026-11-20"), state(5000, 1, "2026-11-27"));
    let tail = open(&new).metadata().file_length as usize;
    for at in [20, 60, 210, 300, new.len() / 2, tail - 5000, tail - 700, tail - 3] {
        let mut bad = new.clone();
        bad[at] ^= 0x10;
        let server = Server::start(&bad);
        let (folder, path) = folder(Some(&old));
        // All of it is fetched: what is copied would not be damaged.
        let options = PullOptions { force: true, ..options() };
        fs::write(&path, b"no index").unwrap();
        let error = run(&server, &path, &options).unwrap_err().to_string();
        assert!(error.contains("is damaged") && error.contains(&server.url()), "{at}: {error}");
        assert_eq!(fs::read(&path).unwrap(), b"no index");
        // What arrived of groups is kept; nothing where the damage is before them or behind them.
        let is_kept = error.contains("groups at byte");
        assert_eq!(listing(folder.path()) == ["a.bdx"], !is_kept, "{at}: {error}");
    }
}
