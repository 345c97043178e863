#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::io::Write as _;
use std::path::Path;

use super::*;

const LENGTH: u64 = 32 << 20;

/// Bytes of a file that are not cached.
pub(crate) fn absent_bytes(file: &File) -> u64 {
    let end = file.metadata().unwrap().len() / advice::page_size() * advice::page_size();
    advice::absent(file, &(0..end)).iter().map(|run| run.end - run.start).sum()
}

/// Has the system forget a file that no process maps. `false`, said aloud, where it does not.
pub(crate) fn make_cold(file: &File) -> bool {
    file.sync_all().unwrap();
    let length = file.metadata().unwrap().len();
    advice::forget(file, &(0..length));
    let cold = absent_bytes(file) > length / 10 * 9;
    if !cold {
        eprintln!("skipped: the file system of the temporary folder keeps everything in memory");
    }
    cold
}

#[test]
fn only_pages_that_were_cached_before_stay_cached() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&vec![7; LENGTH as usize]).unwrap();
    for mapped in [true, false] {
        if !make_cold(&file) {
            return;
        }
        // A service has these in use.
        let warm = 9 << 20..10 << 20;
        advice::read_ahead(&file, &warm);
        let mut touched = vec![0; 1 << 20];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut touched, warm.start).unwrap();
        assert!(advice::absent(&file, &warm).is_empty());
        // With what the system read around them.
        let before = absent_bytes(&file);
        assert!(before > LENGTH / 2);

        let storage = Storage::map(file.try_clone().unwrap(), Path::new("a file")).unwrap();
        let bounds: Vec<u64> =
            (0..=LENGTH).step_by(WINDOW as usize).map(|at| at.saturating_sub(77)).collect();
        let source = if mapped { storage.source() } else { Some(Source::file(&file)) };
        let windows = Windows::new(source, bounds.clone());
        let mut sum = 0;
        for (part, ends) in bounds.windows(2).enumerate() {
            let window = windows.enter(part).unwrap();
            // What is let go before it was read is still on its way.
            let mut read = vec![0; (ends[1] - ends[0]) as usize];
            let bytes = if mapped {
                &storage.bytes().unwrap()[ends[0] as usize..ends[1] as usize]
            } else {
                std::os::unix::fs::FileExt::read_exact_at(&file, &mut read, ends[0]).unwrap();
                &read
            };
            sum += bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
            drop(window);
            assert!(windows.enter(part).is_none(), "a part is entered once");
        }
        assert_eq!(sum, 7 * bounds[bounds.len() - 1]);
        drop(windows);
        let absent = absent_bytes(&file);
        assert!(absent > before / 10 * 9, "{absent} of {before} bytes are not cached");
        assert!(advice::absent(&file, &warm).is_empty(), "what was warm is warm");
    }
}

#[test]
fn bytes_in_memory_have_no_windows() {
    let storage = Storage::Memory(std::borrow::Cow::Borrowed(b"here"));
    let windows = Windows::new(storage.source(), vec![0, 2, 4]);
    assert!(windows.enter(0).is_none() && windows.enter(1).is_none());
}
