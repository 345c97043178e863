//! Pulls that are killed at any moment, and gone on with. The test program is its own child: `child` pulls where it is asked to.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use breachdex_hibp::pull::{PullOptions, pull};

use super::server::{Reply, Server};
use super::world::{Random, folder, listing, options, state};

#[test]
fn child() {
    let (Ok(url), Ok(path)) = (env::var("PULL_URL"), env::var("PULL_PATH")) else { return };
    let gap = env::var("PULL_GAP").ok().and_then(|gap| gap.parse().ok()).unwrap_or_default();
    let options = PullOptions { concurrency: 2, gap, ..options() };
    pull(&url.parse().unwrap(), Path::new(&path), &options, &()).unwrap();
}

fn start(server: &Server, path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "resume::child"])
        .env("PULL_URL", server.url())
        .env("PULL_PATH", path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Bytes that one kill can cost: what each of two workers has on its way, what waits, and what is being written.
const LOST_AT_MOST: u64 = 6 * (128 << 10);

#[test]
fn a_pull_killed_at_any_moment_is_gone_on_with() {
    let (old, new) = (state(60_000, 0, "2026-11-20"), state(60_000, 1, "2026-11-27"));
    let server = Server::start(&new);
    server.behave(|_| {
        thread::sleep(Duration::from_millis(3));
        Reply::Good
    });
    let mut random = Random(5);
    let (mut kills, mut whole) = (0_u64, Duration::from_millis(400));
    while kills < 30 {
        let base = (random.below(3) > 0).then_some(&old[..]);
        let (folder, path) = folder(base);
        server.requests();
        let mut killed = 0;
        loop {
            let begun = Instant::now();
            let mut running = start(&server, &path);
            let wait = Duration::from_micros(random.below(whole.as_micros() as u64 * 5 / 4));
            if killed < 6 {
                thread::sleep(wait);
            }
            if killed < 6 && running.try_wait().unwrap().is_none() {
                running.kill().unwrap();
                running.wait().unwrap();
                killed += 1;
                let there = fs::read(&path).ok();
                assert!(there.as_deref() == base || there.as_ref() == Some(&new), "neither old nor new");
                continue;
            }
            assert!(running.wait().unwrap().success());
            if killed == 0 {
                whole = begun.elapsed();
            }
            break;
        }
        assert!(fs::read(&path).unwrap() == new);
        // The last run removes what others left, also where it was killed behind the rename.
        assert!(start(&server, &path).wait().unwrap().success());
        assert_eq!(listing(folder.path()), ["a.bdx"]);
        let parts = server.requests().into_iter().filter(|request| request.ending.is_empty());
        let asked: u64 = parts.filter_map(|request| request.part).map(|part| part.end - part.start).sum();
        assert!(
            asked <= new.len() as u64 + (killed + 2) * 600_000 + killed * LOST_AT_MOST,
            "{asked} bytes for {} after {killed} kills",
            new.len()
        );
        kills += killed;
    }
}
