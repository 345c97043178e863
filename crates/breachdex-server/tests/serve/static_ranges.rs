//! Ranges as files are what the server sends, byte for byte, and only what changed is written again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use breachdex::{BuildOptions, Index, Monitor, Progress};
use breachdex_server::{StaticError, StaticOptions, StaticReport, read_manifest, write_ranges};
use flate2::read::GzDecoder;
use tempfile::TempDir;

use crate::subject::{NTLM_ROWS, ROWS, Running, dense_lines, index, ntlm, partial, range};

fn options() -> StaticOptions {
    let mut options = StaticOptions::default();
    (options.gzip, options.brotli, options.lower_case) = (true, true, true);
    (options.allow_partial, options.threads) = (true, 2);
    options
}

fn write(index: &Path, folder: &Path, options: &StaticOptions) -> Result<StaticReport, StaticError> {
    write_ranges(&Index::open(index).unwrap(), folder, options, &())
}

/// Names and inodes of everything in a folder.
fn listing(folder: &Path) -> BTreeMap<String, u64> {
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().ino())
    };
    fs::read_dir(folder).unwrap().map(entry).collect()
}

#[test]
fn files_are_what_the_server_sends() {
    let world = TempDir::new().unwrap();
    let index = partial(world.path(), &dense_lines(3, 700, 1));
    let folder = world.path().join("range");
    let report = write(&index, &folder, &options()).unwrap();
    assert_eq!((report.ranges, report.written), (16, 16));
    let server = Running::serve(&[&index]);
    let facts: BTreeMap<_, _> = read_manifest(&folder.join("manifest")).unwrap().collect();
    assert_eq!(facts.len(), 16);
    for prefix in 0..16 {
        let name = format!("{prefix:X}0000");
        let served = server.get(&range(prefix), &[]);
        let plain = fs::read(folder.join(&name)).unwrap();
        assert_eq!(plain, served.body, "{name}");
        let of_range = facts[&(prefix << 16)];
        assert_eq!(of_range.length, plain.len() as u64);
        assert_eq!(&of_range.hash, blake3::hash(&plain).as_bytes());
        assert_eq!(served.header("etag"), Some(&*format!("\"{:032x}\"", of_range.tag)));
        let gzip = fs::read(folder.join(format!("{name}.gz"))).unwrap();
        assert_eq!(gzip, server.get(&range(prefix), &["Accept-Encoding: gzip"]).body);
        let mut unpacked = Vec::new();
        GzDecoder::new(&gzip[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
        let brotli = fs::read(folder.join(format!("{name}.br"))).unwrap();
        assert_eq!(brotli, server.get(&range(prefix), &["Accept-Encoding: br"]).body);
        assert_eq!(fs::read(folder.join(name.to_lowercase())).unwrap(), plain);
    }
    // A manifest and a lock, 16 ranges in three encodings, and 6 of them once more in lower case.
    assert_eq!(listing(&folder).len(), 2 + 16 * 3 + 6 * 3);
}

#[test]
fn only_what_changed_is_written_again() {
    let world = TempDir::new().unwrap();
    let (lines, folder) = (dense_lines(4, 20, 1), world.path().join("range"));
    let index = partial(world.path(), &lines);
    write(&index, &folder, &options()).unwrap();
    assert_eq!(write(&index, &folder, &options()).unwrap().written, 0);
    // Right before the next run: a number that an earlier one gave up may be given again.
    let before = listing(&folder);
    let changed = lines.replacen("000000000001", "000000000002", 1);
    let changed = if changed == lines { lines.replacen(":2\n", ":3\n", 1) } else { changed };
    let index = partial(world.path(), &changed);
    let report = write(&index, &folder, &options()).unwrap();
    assert_eq!(report.written, 1);
    let after = listing(&folder);
    let moved: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
    assert_eq!(moved, ["00000", "00000.br", "00000.gz", "manifest"]);
    // A file that is missing or has another length is written though the manifest has it.
    fs::remove_file(folder.join("20000")).unwrap();
    fs::write(folder.join("30000"), "cut").unwrap();
    assert_eq!(write(&index, &folder, &options()).unwrap().written, 2);
}

#[test]
fn a_folder_that_is_there_is_filled_in_place() {
    let world = TempDir::new().unwrap();
    let (index, folder) = (partial(world.path(), &dense_lines(3, 9, 1)), world.path().join("range"));
    fs::create_dir(&folder).unwrap();
    let inode = fs::metadata(&folder).unwrap().ino();
    write(&index, &folder, &options()).unwrap();
    assert_eq!(fs::metadata(&folder).unwrap().ino(), inode);
    let fresh = world.path().join("fresh");
    write(&index, &fresh, &options()).unwrap();
    let names = |folder: &Path| Vec::from_iter(listing(folder).into_keys());
    assert_eq!(names(&folder), names(&fresh));
    for name in names(&folder) {
        assert_eq!(fs::read(folder.join(&name)).unwrap(), fs::read(fresh.join(&name)).unwrap(), "{name}");
    }
}

#[test]
fn other_encodings_leave_no_old_files() {
    let world = TempDir::new().unwrap();
    let (index, folder) = (partial(world.path(), &dense_lines(1, 9, 1)), world.path().join("range"));
    write(&index, &folder, &options()).unwrap();
    let mut plain = StaticOptions::default();
    plain.allow_partial = true;
    // The plain ones stay as they are.
    assert_eq!(write(&index, &folder, &plain).unwrap().written, 0);
    assert_eq!(listing(&folder).len(), 2 + 16);
    assert_eq!(write(&index, &folder, &options()).unwrap().written, 16);
    // Whatever is missing of a range has all of it written again.
    fs::remove_file(folder.join("30000.br")).unwrap();
    fs::remove_file(folder.join("a0000.gz")).unwrap();
    fs::write(folder.join("E0000.gz"), "").unwrap();
    assert_eq!(write(&index, &folder, &options()).unwrap().written, 3);
}

/// Pipes and links under names that somebody else could make, before or after a run.
#[test]
fn links_pipes_and_folders_of_others_are_neither_followed_nor_waited_for() {
    let world = TempDir::new().unwrap();
    let (index, folder) = (partial(world.path(), &dense_lines(1, 9, 1)), world.path().join("range"));
    let said = |folder: &Path| write(&index, folder, &options()).unwrap_err().to_string();
    let unpublished = world.path().join(".range.part");
    let elsewhere = world.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &unpublished).unwrap();
    let shown = unpublished.display();
    assert_eq!(
        said(&folder),
        format!("cannot write to {shown}: it is a symbolic link, which is not followed here; remove it")
    );
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(&unpublished).unwrap();
    fs::write(&unpublished, "").unwrap();
    assert_eq!(said(&folder), format!("cannot write to {shown}: it is not a folder; remove it"));
    fs::remove_file(&unpublished).unwrap();
    fs::create_dir(&unpublished).unwrap();
    if std::os::unix::fs::chown(&unpublished, Some(65534), None).is_ok() {
        assert_eq!(
            said(&folder),
            format!(
                "cannot write to {shown}: it belongs to another user; remove it or choose another folder"
            )
        );
    } else {
        eprintln!("skipped: a folder of another user, which only root can make");
    }
    fs::remove_dir(&unpublished).unwrap();
    write(&index, &folder, &options()).unwrap();
    for name in ["manifest.part", "manifest.begun", "manifest"] {
        let path = folder.join(name);
        let _ = fs::remove_file(&path);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = said(&folder);
        assert!(error.ends_with(&format!("{name}: it is a pipe")), "{error}");
        fs::remove_file(&path).unwrap();
    }
}

/// Stops at the first word it hears after so many.
struct StopAfter(AtomicU32);

impl Monitor for StopAfter {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[test]
fn an_interrupted_run_is_finished_by_the_next() {
    let world = TempDir::new().unwrap();
    let (index, folder) = (partial(world.path(), &dense_lines(2, 9, 1)), world.path().join("range"));
    let opened = Index::open(&index).unwrap();
    let stopped = write_ranges(&opened, &folder, &options(), &StopAfter(AtomicU32::new(0)));
    assert!(matches!(stopped, Err(StaticError::Index(breachdex::Error::Cancelled))), "{stopped:?}");
    // A folder that is not there appears when it is complete.
    let unfinished = world.path().join(".range.part");
    assert!(!folder.exists() && unfinished.exists());
    // What was noted is not written again, also where the last line is torn.
    let report = write(&index, &folder, &options()).unwrap();
    assert_eq!((report.ranges, report.written), (16, 16));
    assert!(folder.exists() && !unfinished.exists());
    let manifest = fs::read_to_string(folder.join("manifest")).unwrap();
    let torn: String = manifest.chars().take(manifest.len() - 500).collect();
    let noted = torn.lines().count() - 6 - usize::from(!torn.ends_with('\n'));
    fs::remove_file(folder.join("manifest")).unwrap();
    fs::write(folder.join("manifest.part"), torn).unwrap();
    assert_eq!(write(&index, &folder, &options()).unwrap().written, 16 - noted as u64);
    assert_eq!(fs::read_to_string(folder.join("manifest")).unwrap(), manifest);
    // A loss of power may leave zeros in place of some bytes, with whole lines behind them.
    let (before, behind) = manifest.split_at(manifest.len() - 500);
    let noted = before.lines().count() - 6 - usize::from(!before.ends_with('\n'));
    fs::remove_file(folder.join("manifest")).unwrap();
    fs::write(folder.join("manifest.part"), format!("{before}\0\0\0{}", &behind[3..])).unwrap();
    assert_eq!(write(&index, &folder, &options()).unwrap().written, 16 - noted as u64);
    assert_eq!(fs::read_to_string(folder.join("manifest")).unwrap(), manifest);
}

#[test]
fn a_folder_in_which_a_run_ended_before_its_notes_is_empty() {
    let world = TempDir::new().unwrap();
    let (index, folder) = (partial(world.path(), &dense_lines(1, 9, 1)), world.path().join("range"));
    fs::create_dir(&folder).unwrap();
    // The last of them where the file system has no locks.
    for name in [".manifest.part", "manifest.lock", "manifest.lock.lock"] {
        fs::write(folder.join(name), "").unwrap();
    }
    assert_eq!(write(&index, &folder, &options()).unwrap().written, 16);
}

#[test]
fn what_an_interrupted_run_of_another_index_replaced_is_not_kept() {
    let world = TempDir::new().unwrap();
    let (lines, folder) = (dense_lines(4, 20, 1), world.path().join("range"));
    let write_first = |lines: &str| write(&partial(world.path(), lines), &folder, &options()).unwrap();
    write_first(&lines);
    // Ranges of the same length.
    let other = lines.replace(":2\n", ":3\n");
    assert_ne!(lines, other);
    let index = Index::open(partial(world.path(), &other)).unwrap();
    write_ranges(&index, &folder, &options(), &StopAfter(AtomicU32::new(0))).unwrap_err();
    write_first(&lines);
    for (prefix, facts) in read_manifest(&folder.join("manifest")).unwrap() {
        let plain = fs::read(folder.join(format!("{prefix:05X}"))).unwrap();
        assert_eq!(&facts.hash, blake3::hash(&plain).as_bytes(), "{prefix:05X}");
    }
}

#[test]
fn what_is_not_to_be_published_is_refused_by_name() {
    let world = TempDir::new().unwrap();
    let folder = world.path().join("range");
    let said = |index: &Path, options: &StaticOptions| {
        let error = write(index, &folder, options).unwrap_err();
        error.to_string().replace(&world.path().display().to_string(), "DIR")
    };
    let part = partial(world.path(), &dense_lines(1, 9, 1));
    assert_eq!(
        said(&part, &StaticOptions::default()),
        "DIR/partial.bdx covers 16 of 1048576 prefixes; clients take a missing file for \"not exposed\""
    );
    let bits = BuildOptions { bits: Some(64), ..BuildOptions::default() };
    let truncated = index(world.path(), "truncated.bdx", ROWS, bits);
    assert_eq!(
        said(&truncated, &options()),
        "DIR/truncated.bdx keeps a part of each digest only, which ranges need"
    );
    let bare = BuildOptions { counts: false, ..BuildOptions::default() };
    let uncounted = index(world.path(), "uncounted.bdx", ROWS, bare);
    assert_eq!(said(&uncounted, &options()), "DIR/uncounted.bdx has no counts, which ranges need");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("00000.gz"), "old").unwrap();
    assert_eq!(
        said(&part, &options()),
        "DIR/range holds files and no manifest of ranges; name an empty folder or a new one"
    );
    fs::remove_dir_all(&folder).unwrap();
    write(&part, &folder, &options()).unwrap();
    let other = ntlm(world.path(), NTLM_ROWS);
    assert_eq!(
        said(&other, &options()),
        "DIR/range holds SHA-1 ranges, and DIR/ntlm.bdx has NTLM digests; give each kind a folder of its own"
    );
    let manifest = fs::read_to_string(folder.join("manifest")).unwrap();
    fs::write(folder.join("manifest"), manifest.replacen("10000 ", "1000G ", 1)).unwrap();
    assert_eq!(
        said(&part, &options()),
        "DIR/range/manifest, line 8: it is not a prefix behind the one before, a length, a hash and a tag; if the folder is to be \
         written anew, remove it"
    );
    fs::write(folder.join("manifest"), "something else\n").unwrap();
    assert_eq!(
        said(&part, &options()),
        "DIR/range/manifest, line 1: it is not a manifest of ranges that this version reads; if the folder is to be written anew, \
         remove it"
    );
}
