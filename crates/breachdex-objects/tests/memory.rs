//! Ranges in a store in memory are those of a folder, and runs that ended are gone on with.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use breachdex::{BuildOptions, CoverageRule, Format, Index, Input, Monitor, Phase, Progress, Source, build};
use breachdex_objects::{ObjectAddress, ObjectRanges, Store, StoreOptions};
use breachdex_server::{StaticError, StaticOptions, StaticReport, write_ranges, write_ranges_to};
use futures_util::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tempfile::TempDir;

/// More than one block.
const PREFIXES: u32 = 1100;

fn index(folder: &Path, count: u32) -> Index {
    let mut lines = String::new();
    for row in 0..4000_u32 {
        let (prefix, mixed) = (row % PREFIXES, row.wrapping_mul(0x9E37_79B9));
        let count = if prefix == 7 { count } else { 3 };
        writeln!(lines, "{prefix:05X}{row:06X}{mixed:08X}{:021X}:{count}", row * 7).unwrap();
    }
    let (plain, target) = (folder.join("rows.txt"), folder.join(format!("{count}.bdx")));
    fs::write(&plain, lines).unwrap();
    let inputs = [Input { source: Source::Path(plain), format: Some(Format::Hibp) }];
    let coverage = CoverageRule::Prefixes(vec![(0, PREFIXES - 1)]);
    let date = format!("2026-11-{count:02}");
    build(&inputs, &target, &BuildOptions { coverage, date, threads: 1, ..BuildOptions::default() }, &())
        .unwrap();
    Index::open(&target).unwrap()
}

fn options() -> StaticOptions {
    let mut options = StaticOptions::default();
    (options.gzip, options.allow_partial, options.threads) = (true, true, 2);
    options
}

fn ranges(index: &Index, store: &Arc<InMemory>) -> ObjectRanges {
    let address: ObjectAddress = "s3://memory/range".parse().unwrap();
    let store = Store::with(&address, Arc::clone(store) as Arc<dyn ObjectStore>, &StoreOptions::default());
    ObjectRanges::new(store.unwrap(), index.name(), false, false)
}

fn write(
    index: &Index,
    store: &Arc<InMemory>,
    options: &StaticOptions,
    monitor: &dyn Monitor,
) -> Result<StaticReport, StaticError> {
    write_ranges_to(index, &mut ranges(index, store), options, monitor)
}

/// Every object, by its name below the prefix.
fn objects(store: &InMemory) -> BTreeMap<String, Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut found = BTreeMap::new();
        for meta in store.list(None).try_collect::<Vec<_>>().await.unwrap() {
            let body = store.get(&meta.location).await.unwrap().bytes().await.unwrap();
            found.insert(meta.location.filename().unwrap().to_owned(), body.to_vec());
        }
        found
    })
}

/// What a folder has, without its lock.
fn files(index: &Index, folder: PathBuf, options: &StaticOptions) -> BTreeMap<String, Vec<u8>> {
    write_ranges(index, &folder, options, &()).unwrap();
    let entries =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = entries.filter(|name| name != "manifest.lock");
    names.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn objects_are_the_files_of_a_folder() {
    let world = TempDir::new().unwrap();
    let (first, store) = (index(world.path(), 1), Arc::new(InMemory::new()));
    let report = write(&first, &store, &options(), &()).unwrap();
    assert_eq!(report.written, u64::from(PREFIXES));
    assert!(objects(&store) == files(&first, world.path().join("first"), &options()));
    assert_eq!(write(&first, &store, &options(), &()).unwrap().written, 0);
    let second = index(world.path(), 2);
    assert_eq!(write(&second, &store, &options(), &()).unwrap().written, 1);
    // Other encodings leave no old objects.
    let mut plain = options();
    plain.gzip = false;
    assert_eq!(write(&second, &store, &plain, &()).unwrap().written, u64::from(PREFIXES));
    assert!(objects(&store) == files(&second, world.path().join("second"), &plain));
}

/// Who goes back to an older corpus is told by this.
#[test]
fn the_date_of_what_was_there_is_known() {
    let world = TempDir::new().unwrap();
    let store = Arc::new(InMemory::new());
    for (count, expected) in [(2, None), (1, Some("2026-11-02")), (3, Some("2026-11-01"))] {
        let index = index(world.path(), count);
        let mut ranges = ranges(&index, &store);
        write_ranges_to(&index, &mut ranges, &options(), &()).unwrap();
        assert_eq!(ranges.previous_date(), expected);
    }
}

/// Stops a run in its second block.
struct StopLate;

impl Monitor for StopLate {
    fn progress(&self, progress: Progress) -> ControlFlow<()> {
        let is_late = matches!(progress.phase, Phase::WritingRanges) && progress.done > 1050;
        if is_late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn an_interrupted_run_is_finished_by_the_next() {
    let world = TempDir::new().unwrap();
    let (index, store) = (index(world.path(), 1), Arc::new(InMemory::new()));
    let stopped = write(&index, &store, &options(), &StopLate);
    assert!(matches!(stopped, Err(StaticError::Index(breachdex::Error::Cancelled))), "{stopped:?}");
    let left = objects(&store);
    assert!(!left.contains_key("manifest") && left.contains_key("manifest.part.00000"));
    let report = write(&index, &store, &options(), &()).unwrap();
    assert_eq!((report.ranges, report.written), (u64::from(PREFIXES), u64::from(PREFIXES - 1024)));
    assert!(objects(&store) == files(&index, world.path().join("range"), &options()));
}

#[test]
fn other_objects_are_not_mixed_with_ranges() {
    let world = TempDir::new().unwrap();
    let (index, store) = (index(world.path(), 1), Arc::new(InMemory::new()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.put(&"range/00000.gz".into(), "old".into())).unwrap();
    let refused = write(&index, &store, &options(), &()).unwrap_err().to_string();
    assert_eq!(
        refused,
        "s3://memory/range holds objects and no manifest of ranges; name a prefix that holds nothing"
    );
}
