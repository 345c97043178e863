//! Ranges that are kept as text, too, on disks that do not keep everything.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use breachdex::files::{Disk, System};

use super::*;

/// A disk that fails to sync many files at once, for a while.
#[derive(Debug, Default)]
struct Failing(AtomicBool);

impl Disk for Failing {
    fn sync_all(&self, folder: &Path, files: &[PathBuf]) -> io::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(io::Error::from_raw_os_error(5)),
            false => System.sync_all(folder, files),
        }
    }
}

#[test]
fn text_has_no_name_before_it_is_on_disk() {
    const LAST: u32 = 0x45;
    let folder = tempfile::tempdir().expect("a folder");
    let (target, text) = (folder.path().join("x.bdx"), folder.path().join("text"));
    let opened = || {
        let mut assembly = open(&target, LAST);
        assembly.keep_text(TextFolder::create(&text).expect("a folder"));
        assembly
    };
    let keep = |assembly: &mut Assembly<'_>| {
        for prefix in 5..=LAST {
            let text = Some(format!("text of {prefix:05X}").into_bytes());
            assembly.keep(Kept { record: range(prefix), text }).expect("kept");
        }
        assembly.flush(&())
    };
    let named = || beside_target(&text).into_iter().filter(|name| name.ends_with(".txt")).count();
    let disk = Arc::new(Failing::default());
    breachdex::files::simulate(Arc::<Failing>::clone(&disk), || {
        let mut assembly = opened();
        keep(&mut assembly).expect("nothing is synced yet");
        assert_eq!((named(), assembly.ranges()), (0, 0), "more may come");
        disk.0.store(true, Ordering::Relaxed);
        let error = assembly.flush(&()).expect_err("not on disk").to_string();
        assert!(error.starts_with(&format!("cannot write {}", text.display())), "{error}");
        assert_eq!(beside_target(&text), [""; 0], "none of them is believed");
        drop(assembly);
        // The sync after one that failed says that all is well, and nothing is.
        disk.0.store(false, Ordering::Relaxed);
        let mut assembly = opened();
        assert_eq!(assembly.missing().len() as u32, LAST - 4);
        keep(&mut assembly).expect("kept");
        assembly.flush(&()).expect("synced");
        assert_eq!((named() as u32, assembly.missing().len()), (LAST - 4, 0));
        assert!(finish(assembly, &target) == expected(LAST));
        assert_eq!(beside_target(&text).len() as u32, LAST - 4, "nothing else is left");
    });
    assert_eq!(std::fs::read(text.join("00045.txt")).expect("a range"), b"text of 00045");
}
