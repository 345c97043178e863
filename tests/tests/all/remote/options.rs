//! What is asked of `download` that cannot be.

use breachdex_tests::range_server::RangeServer;
use tempfile::tempdir;

use super::{command, corpus, listing, said};

fn refused(arguments: &[&str]) -> String {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let url = server.url();
    let mut command = command(folder.path());
    command.args(["download", "-o", "a.bdx", "--prefixes", "00000-00003", "--retries", "0"]);
    if !arguments.contains(&"--base-url") {
        command.args(["--base-url", &url]);
    }
    let (stdout, stderr, exit) = said(&command.args(arguments).output().unwrap());
    assert_eq!((stdout.as_str(), exit), ("", 2), "{stderr}");
    assert!(listing(folder.path()).iter().all(|name| name.starts_with('.')));
    assert!(server.requests().is_empty());
    stderr.replace(&folder.path().display().to_string(), "")
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_asked() {
    assert_eq!(
        refused(&["--kind", "ntlm", "--bits", "160"]),
        "breachdex: error: 160 bits are not possible: NTLM digests have 128, and at least 32 are needed\n"
    );
    assert!(
        refused(&["--base-url", "pwnedpasswords"])
            .contains("not a base URL: it is not of the form https://host or http://host:port")
    );
    assert!(refused(&["--timeout", "0"]).contains("give seconds, as in 30 or 2.5"));
}

#[test]
fn another_server_may_go_on_and_other_settings_may_not() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let run = |server: &RangeServer, arguments: &[&str]| {
        let output = command(folder.path())
            .args(["download", "-o", "a.bdx", "--prefixes", "00000-0003F", "--retries", "0"])
            .args(["--base-url", &server.url()])
            .args(arguments)
            .output()
            .unwrap();
        said(&output)
    };
    server.behave(|request| match request.prefix {
        0x30 => breachdex_tests::range_server::Reply::Status(404, vec![]),
        _ => breachdex_tests::range_server::Reply::Good,
    });
    let (_, stderr, exit) = run(&server, &[]);
    assert_eq!(
        (stderr.as_str(), exit),
        (
            "breachdex: note: all other ranges are kept: run the same command again to fetch what is missing, or with --allow-missing to do without it\nbreachdex: error: range 00030: the server answered 404 (tried 2 times); for a mirror that answers so for every range without rows: --mirror-quirks\n",
            2
        )
    );
    let (_, stderr, exit) = run(&server, &["--min-count", "2"]);
    assert_eq!(exit, 2);
    assert_eq!(
        stderr,
        "breachdex: error: .a.bdx.breachdex-download: a run with other settings was begun and not finished \
         (another minimum count); use the same ones, or discard what it fetched with --restart\n"
    );
    let mirror = RangeServer::start(corpus(0));
    let (_, stderr, exit) = run(&mirror, &[]);
    assert_eq!(exit, 0, "{stderr}");
    assert!(stderr.contains(" kept from before\n"), "{stderr}");
    assert!(mirror.requests().len() < 64);
    let (_, stderr, exit) = run(&mirror, &[]);
    assert_eq!((stderr.as_str(), exit), ("breachdex: error: a.bdx exists; use --force to replace it\n", 2));
    let (_, _, exit) = run(&server, &["--force", "--min-count", "2"]);
    assert_eq!(exit, 2);
    let (_, stderr, exit) = run(&mirror, &["--force", "--restart", "--min-count", "3"]);
    assert_eq!((stderr.contains(" kept "), exit), (false, 0));
}
