//! A build that is told to stop.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{command, listing};

/// A build that reads what is written to the returned pipe.
fn endless_build(folder: &Path) -> (Child, std::process::ChildStdin) {
    let mut child = command(folder)
        .args(["build", "-o", "b.bdx", "--memory", "16MiB", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

#[test]
#[cfg(unix)]
fn an_interrupted_build_leaves_no_files() {
    use rustix::process::{Pid, Signal, kill_process};

    for signal in [Signal::INT, Signal::TERM] {
        let folder = TempDir::new().unwrap();
        // The input goes on as long as the build listens, so it is interrupted while it works.
        let (child, mut stdin) = endless_build(folder.path());
        let feeder = std::thread::spawn(move || {
            let mut number = 0_u64;
            while number < 50_000_000 {
                let lines: String =
                    (0..1000).map(|i| format!("{:040X}:1\n", u128::from(number + i) << 64)).collect();
                number += 1000;
                if stdin.write_all(lines.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        while listing(folder.path()).is_empty() {
            assert!(Instant::now() < deadline, "the build wrote nothing beside its target");
            std::thread::sleep(Duration::from_millis(10));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "breachdex: error: stopped; nothing was written\n"
        );
        assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)));
        assert_eq!(listing(folder.path()), Vec::<String>::new());
    }
}
