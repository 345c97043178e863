//! Splicing from outside: recorded ranges of Pwned Passwords handed over one by one, a disk that is full, and
//! a process that is killed while it splices. What must run apart is this test program, started once more.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};

use breachdex::{
    BuildOptions, Change, ChangedRange, Coverage, CoverageRule, Digest, Entry, Error, Index, Input, Kind,
    SpliceOptions, SpliceReport, build, diff, splice,
};
use tempfile::TempDir;

fn shared_data() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
    let data = std::env::var_os("BREACHDEX_SHARED").map_or_else(beside, PathBuf::from).join("data");
    if data.is_dir() {
        return Some(data);
    }
    eprintln!("skipped: there is no recorded data in {}", data.display());
    None
}

/// The recorded ranges of a kind, ascending.
fn recorded(folder: &Path, kind: Kind) -> Vec<ChangedRange> {
    let range = |path: PathBuf| {
        let digits = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let entries = fs::read_to_string(&path).unwrap();
        let entry = |row: &str| {
            let (suffix, count) = row.split_once(':').unwrap();
            let digest = Digest::from_hex(kind, format!("{digits}{suffix}").as_bytes()).unwrap();
            Entry::new(&digest, count.parse().unwrap())
        };
        let entries = entries.lines().map(entry).collect();
        ChangedRange { prefix: u32::from_str_radix(&digits, 16).unwrap(), entries, folded: 0 }
    };
    let mut ranges: Vec<ChangedRange> =
        fs::read_dir(folder).unwrap().map(|file| range(file.unwrap().path())).collect();
    ranges.sort_by_key(|range| range.prefix);
    ranges
}

fn coverage(ranges: &[ChangedRange]) -> Coverage {
    Coverage::from_ranges(ranges.iter().map(|range| (range.prefix, range.prefix))).unwrap()
}

fn into(
    target: &Path,
    base: Option<&Index>,
    ranges: Vec<ChangedRange>,
    options: &SpliceOptions,
) -> Result<SpliceReport, Error> {
    splice(base, ranges.into_iter().map(Ok), target, options, |_| Ok(Vec::new()), &())
}

#[test]
fn recorded_ranges_handed_over_are_the_index_built_of_their_files() {
    let Some(data) = shared_data() else { return };
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let folder = TempDir::new().unwrap();
        let files = data.join("ranges").join(kind.name());
        let built = folder.path().join("built.bdx");
        let options = BuildOptions { kind, coverage: CoverageRule::Present, ..BuildOptions::default() };
        build(&[Input::path(&files)], &built, &options, &()).unwrap();
        let ranges = recorded(&files, kind);
        let options =
            SpliceOptions { kind, coverage: coverage(&ranges), replace: true, ..SpliceOptions::default() };
        // All at once, and half of them put into the other half.
        let target = folder.path().join("spliced.bdx");
        into(&target, None, ranges.clone(), &options).unwrap();
        assert!(fs::read(&target).unwrap() == fs::read(&built).unwrap());
        let (odd, even): (Vec<_>, Vec<_>) =
            ranges.clone().into_iter().partition(|range| range.prefix & 1 == 1);
        let half = SpliceOptions { coverage: coverage(&even), ..options.clone() };
        into(&target, None, even, &half).unwrap();
        let base = Index::open(&target).unwrap();
        let report = into(&target, Some(&base), odd.clone(), &options).unwrap();
        assert_eq!(report.hashes_added, odd.iter().map(|range| range.entries.len() as u64).sum::<u64>());
        assert!(fs::read(&target).unwrap() == fs::read(&built).unwrap());

        // The next month: one range has a row less, a row more and a row seen once more.
        let mut changed = ranges[ranges.len() / 2].clone();
        let removed = changed.entries.remove(3);
        let recounted = changed.entries[5];
        changed.entries[5] = Entry::new(&recounted.digest(kind), recounted.count() + 1);
        let mut bytes = changed.entries[8].digest(kind).to_bytes().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        let added = Entry::new(&Digest::from_bytes(kind, &bytes).unwrap(), 77);
        changed.entries.push(added);
        changed.entries.sort_by_key(|entry| entry.digest(kind).to_bytes().to_vec());
        let base = Index::open(&built).unwrap();
        let report = into(&target, Some(&base), vec![changed.clone()], &options).unwrap();
        let found =
            [report.ranges_changed, report.hashes_added, report.hashes_removed, report.counts_changed];
        assert_eq!(found, [1; 4]);
        let updated = Index::open(&target).unwrap();
        updated.verify(&()).unwrap();
        let mut changes = Vec::new();
        let told = diff(
            &base,
            &updated,
            &mut |change| {
                changes.push(change);
                Ok::<(), Error>(())
            },
            &(),
        );
        assert_eq!(told.unwrap().ranges_changed, 1);
        let expected = [
            Change::Added(added),
            Change::Removed(removed),
            Change::Recounted { entry: changed.entries[5], before: recounted.count() },
        ];
        assert_eq!(changes.len(), 3);
        assert!(expected.iter().all(|change| changes.contains(change)));
    }
}

/// Names the folder that a test program started once more works in.
#[cfg(unix)]
const FOLDER: &str = "BREACHDEX_TEST_SPLICE_FOLDER";

/// Ranges of 200 rows each under every 1024th prefix, whose counts tell one state of the corpus from others.
#[cfg(unix)]
fn state(state: u64) -> Vec<ChangedRange> {
    let range = |prefix: u32| {
        let entry = |row: u64| {
            let mut bytes = (u64::from(prefix) << 44 | row << 30).to_be_bytes().to_vec();
            bytes.resize(20, row as u8);
            Entry::new(&Digest::from_bytes(Kind::Sha1, &bytes).unwrap(), state)
        };
        ChangedRange { prefix, entries: (0..200).map(entry).collect(), folded: 0 }
    };
    (0..1024).map(|at| range(at << 10)).collect()
}

#[cfg(unix)]
fn options() -> SpliceOptions {
    SpliceOptions { coverage: coverage(&state(1)), replace: true, ..SpliceOptions::default() }
}

/// This test program, told to run one of the tests below in a folder.
#[cfg(unix)]
fn again(test: &str, folder: &Path) -> Vec<std::ffi::OsString> {
    let program = std::env::current_exe().unwrap().into_os_string();
    let variable = format!("{FOLDER}={}", folder.display());
    let (_, module) = module_path!().split_once("::").unwrap();
    let test = format!("{module}::{test}");
    let arguments = ["--exact", &test, "--ignored", "--nocapture"].map(Into::into);
    [vec!["env".into(), variable.into(), program], arguments.to_vec()].concat()
}

#[test]
#[ignore = "the part of another test that runs apart"]
#[cfg(unix)]
fn splices_onto_a_full_disk() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let base = Index::open(folder.join("base.bdx")).unwrap();
    let target = folder.join("disk/out.bdx");
    let changed = state(2).into_iter().step_by(100).collect();
    let error = into(&target, Some(&base), changed, &options()).unwrap_err();
    let left = fs::read_dir(folder.join("disk")).unwrap().count();
    fs::write(folder.join("said"), format!("{error}\n{left} files left\n")).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_a_splice_and_nothing_is_left() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("disk")).unwrap();
    into(&folder.path().join("base.bdx"), None, state(1), &options()).unwrap();
    let script = r#"mount -t tmpfs -o size=1m none "$1" || exit 99; shift; exec "$@""#;
    for way in [&["--mount"][..], &["--map-root-user", "--mount"]] {
        let output = std::process::Command::new("unshare")
            .args(way)
            .args(["sh", "-c", script, "sh"])
            .arg(folder.path().join("disk"))
            .args(again("splices_onto_a_full_disk", folder.path()))
            .output();
        if !output.is_ok_and(|output| output.status.success()) {
            continue;
        }
        let target = folder.path().join("disk/out.bdx");
        let expected = format!(
            "cannot write {}: No space left on device (os error 28)\n0 files left\n",
            target.display()
        );
        assert_eq!(fs::read_to_string(folder.path().join("said")).unwrap(), expected);
        return;
    }
    eprintln!("skipped: no file system can be mounted here, neither as root nor in a namespace");
}

#[test]
#[ignore = "the part of another test that runs apart"]
#[cfg(unix)]
fn splices_one_state_after_another() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let target = folder.join("index.bdx");
    // As many as nobody waits for, so that it ends where nobody kills it.
    for number in 2..500 {
        let base = Index::open(&target).unwrap();
        into(&target, Some(&base), state(number), &options()).unwrap();
    }
}

/// Waits until another file is under a path.
#[cfg(unix)]
fn wait_for_another(path: &Path) {
    use std::os::unix::fs::MetadataExt as _;

    let inode = || fs::metadata(path).unwrap().ino();
    let (before, started) = (inode(), std::time::Instant::now());
    while inode() == before {
        assert!(started.elapsed().as_secs() < 60, "no splice was ever done");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Whenever it is killed, the index is one whole state, and the next splice clears up what was left.
#[test]
#[cfg(unix)]
fn a_killed_splice_leaves_one_whole_state() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("index.bdx");
    into(&target, None, state(1), &options()).unwrap();
    let arguments = again("splices_one_state_after_another", folder.path());
    let (mut furthest, mut leftovers) = (1, 0);
    for round in 0..12_u64 {
        let mut child = std::process::Command::new(&arguments[0])
            .args(&arguments[1..])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        if round % 2 == 0 {
            wait_for_another(&target);
        }
        std::thread::sleep(std::time::Duration::from_micros(3_000 + round * 7_919));
        child.kill().unwrap();
        child.wait().unwrap();
        leftovers += fs::read_dir(folder.path()).unwrap().count() - 1;
        let index = Index::open(&target).unwrap();
        index.verify(&()).unwrap();
        let counts: Vec<u64> = index.iter().map(|entry| entry.unwrap().count()).collect();
        assert_eq!(counts.len(), 1024 * 200);
        assert!(counts.iter().all(|count| *count == counts[0]), "two states are mixed");
        furthest = furthest.max(counts[0]);
    }
    assert!(furthest > 1, "no splice was ever done");
    let base = Index::open(&target).unwrap();
    into(&target, Some(&base), Vec::new(), &options()).unwrap();
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["index.bdx"], "of {leftovers} leftovers");
}
