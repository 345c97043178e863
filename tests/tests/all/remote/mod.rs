//! Downloads, updates and remote checks against range servers that behave and that misbehave.
//!
//! `faults` has every way of misbehaving, `ends` what is no whole answer, `missing` ranges that cannot be fetched, `mirrors` what
//! mirrors do, `proxies` and `secure` the way to the server. `resume` has what is killed and gone on with, `disk` what a
//! download takes there, `update` what changes, `check` the answers from afar, `options` what is refused.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod check;
#[cfg(unix)]
mod disk;
mod ends;
mod faults;
mod mirrors;
mod missing;
mod options;
mod proxies;
mod resume;
mod secure;
mod update;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use breachdex::{Coverage, Index, Kind, Prefix, SpliceOptions, rows};
use breachdex_hibp::{DownloadOptions, DownloadReport, FetchOptions, RetryPolicy, download};
use breachdex_tests::range_server::{RangeServer, body};

/// A small number made of two others.
fn mix(one: u64, other: u64) -> u64 {
    let mut x = one.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ other.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ x >> 32
}

/// The rows of a prefix in a state of a made-up corpus: none to 24, in some states one range in eight is another.
fn corpus(state: u64) -> impl Fn(Kind, u32) -> Vec<(u64, u64)> + Send + Sync + 'static {
    move |kind, prefix| {
        let seed = mix(u64::from(prefix), kind.bits().into());
        let changed = if seed % 8 == 3 { state } else { 0 };
        let mut rows: Vec<(u64, u64)> = (0..seed % 25)
            .map(|row| (mix(seed, row), 1 + mix(row, seed ^ changed) % 9))
            .chain((changed > 0).then(|| (mix(seed, 1000 + changed), 5)))
            .collect();
        rows.sort_unstable();
        rows.dedup_by_key(|row| row.0);
        rows
    }
}

/// Quick to try again, three times.
fn fetching(server: &RangeServer) -> FetchOptions {
    FetchOptions {
        base_url: server.url().parse().unwrap(),
        concurrency: 8,
        timeout: Duration::from_millis(400),
        request_timeout: Duration::from_secs(5),
        retry: RetryPolicy {
            retries: 3,
            base_delay: Duration::from_millis(2),
            longest_delay: Duration::from_millis(10),
        },
        ..FetchOptions::default()
    }
}

fn downloading(server: &RangeServer, last: u32) -> DownloadOptions {
    DownloadOptions {
        fetch: fetching(server),
        also_text: None,
        index: SpliceOptions {
            coverage: Coverage::from_ranges([(0, last)]).unwrap(),
            memory: 64 << 20,
            ..SpliceOptions::default()
        },
        restart: false,
        max_age: None,
        allow_missing: false,
    }
}

fn fetch(server: &RangeServer, folder: &Path, last: u32) -> breachdex_hibp::Result<DownloadReport> {
    download(&folder.join("a.bdx"), &downloading(server, last), &())
}

/// Whether an index holds just what a corpus has.
fn assert_holds(path: &Path, rows_of: &dyn Fn(Kind, u32) -> Vec<(u64, u64)>, last: u32) {
    let index = Index::open(path).unwrap();
    index.verify(&()).unwrap();
    for prefix in 0..=last {
        let mut found = Vec::new();
        for entry in index.range(&Prefix::of_range(prefix)).unwrap() {
            if !found.is_empty() {
                found.extend_from_slice(b"\r\n");
            }
            rows::write_row(&mut found, &entry.unwrap(), index.kind(), 5, true);
        }
        let rows = rows_of(index.kind(), prefix);
        let expected = if rows.is_empty() { Vec::new() } else { body(&rows, index.kind()) };
        assert!(found == expected, "range {prefix:05X} differs");
    }
}

/// All that is in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Whether a folder holds what an unfinished download of `a.bdx` leaves and nothing else.
fn assert_unfinished(folder: &Path) {
    let names = listing(folder);
    let journal = ".a.bdx.breachdex-download";
    let early = format!("{journal}-early-");
    assert_eq!(names[0], journal);
    assert_eq!(names.last(), Some(&format!("{journal}-index")));
    assert!(names[1..names.len() - 1].iter().all(|name| name.starts_with(&early)), "{names:?}");
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breachdex-under-test"));
    command.current_dir(folder).env_remove("BREACHDEX_INDEX");
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    command
}

/// Standard output, standard error, exit code.
fn said(output: &Output) -> (String, String, i32) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap_or(-1))
}
