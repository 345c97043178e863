//! Runs of several indexes and encodings, killed anywhere: what is finished is as if it had been written at once, and what is not holds
//! whole ranges.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;

use breachdex::{BuildOptions, CoverageRule, Format, Index, Input, Source, build};
use flate2::read::GzDecoder;
use tempfile::TempDir;

use super::folder::Folder;
use super::{StaticOptions, write_ranges, write_ranges_to};

const PREFIXES: [u32; 11] = [0, 0xA, 0xB, 0xC, 0x10, 0x1A, 0x2000, 0xABCDE, 0xABCDF, 0xFFFF0, 0xFFFFF];
const LOCK: &str = "manifest.lock";
/// `BREACHDEX_SEEDS` plays more of them.
const SEEDS: u64 = 25;

/// Where syncs take no time, if there is such a place.
fn world() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a folder")
}

/// An index of these prefixes whose counts are those of a generation, where `rows` says so of a prefix.
fn index(folder: &Path, name: &str, prefixes: &[u32], generation: impl Fn(u32) -> u32) -> Index {
    let mut lines = String::new();
    for prefix in prefixes {
        for row in 0..3 {
            writeln!(lines, "{prefix:05X}{row:035X}:{}", 1 + generation(*prefix)).expect("a line");
        }
    }
    let (plain, target) = (folder.join(format!("{name}.txt")), folder.join(name));
    fs::write(&plain, lines).expect("a file");
    let coverage = CoverageRule::Prefixes(prefixes.iter().map(|prefix| (*prefix, *prefix)).collect());
    let inputs = [Input { source: Source::Path(plain), format: Some(Format::Hibp) }];
    let options = BuildOptions { coverage, threads: 1, ..BuildOptions::default() };
    build(&inputs, &target, &options, &()).expect("an index");
    Index::open(target).expect("an index")
}

fn options(gzip: bool, brotli: bool, lower_case: bool) -> StaticOptions {
    StaticOptions { gzip, brotli, lower_case, allow_partial: true, threads: 1 }
}

/// Names and bytes of everything but the lock.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let named = entries.map(|entry| (entry.file_name().into_string().expect("text"), entry.path()));
    named
        .filter(|(name, _)| name != LOCK)
        .map(|(name, path)| (name, fs::read(path).expect("a file")))
        .collect()
}

/// A generator of a seed's choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

struct Variant {
    index: usize,
    options: StaticOptions,
    /// What a folder holds that was written at once.
    fresh: BTreeMap<String, Vec<u8>>,
}

struct World {
    folder: TempDir,
    indexes: Vec<Index>,
    variants: Vec<Variant>,
    /// Every body of a range that there is.
    bodies: BTreeMap<String, Vec<Vec<u8>>>,
}

impl World {
    fn new() -> Self {
        let folder = world();
        let of = |name, prefixes: &[u32], generation: fn(u32) -> u32| {
            index(folder.path(), name, prefixes, generation)
        };
        let indexes = vec![
            of("a.bdx", &PREFIXES, |_| 0),
            of("b.bdx", &PREFIXES, |_| 1),
            of("c.bdx", &PREFIXES, |prefix| prefix & 1),
            of("d.bdx", &PREFIXES[2..7], |prefix| prefix & 1),
        ];
        let sets = [options(false, false, false), options(true, false, true), options(true, true, false)];
        let (mut variants, mut bodies) = (Vec::new(), BTreeMap::<String, Vec<Vec<u8>>>::new());
        for (number, index) in indexes.iter().enumerate() {
            for options in &sets {
                let target = folder.path().join("fresh");
                write_ranges(index, &target, options, &()).expect("ranges");
                let fresh = contents(&target);
                fs::remove_dir_all(&target).expect("a folder");
                for (name, body) in fresh.iter().filter(|(name, _)| name.len() == 5) {
                    bodies.entry(name.clone()).or_default().push(body.clone());
                }
                variants.push(Variant { index: number, options: options.clone(), fresh });
            }
        }
        Self { folder, indexes, variants, bodies }
    }

    /// A run that is killed in front of so many steps, or is not.
    fn run(&self, target: &Path, variant: &Variant, steps: Option<u64>) -> Result<(), String> {
        let index = &self.indexes[variant.index];
        let mut folder = Folder::open(target, index).map_err(|error| error.to_string())?;
        folder.block = 2;
        folder.handle.steps = steps.map(|steps| AtomicI64::new(i64::try_from(steps).expect("few")));
        let written = write_ranges_to(index, &mut folder, &variant.options, &());
        written.map(drop).map_err(|error| error.to_string())
    }

    /// What web servers may send is a range of some index, whole.
    fn require_whole_ranges(&self, target: &Path, told: &str) {
        for (name, bytes) in contents(target) {
            let (prefix, ending) = name.split_at_checked(5).unwrap_or_default();
            let Some(bodies) = self.bodies.get(prefix) else { continue };
            let plain = match ending {
                "" => bytes,
                ".gz" => {
                    let mut plain = Vec::new();
                    GzDecoder::new(&bytes[..]).read_to_end(&mut plain).expect(told);
                    plain
                }
                _ => continue,
            };
            assert!(bodies.contains(&plain), "{told}: {name}");
        }
    }
}

fn play(world: &World, seed: u64) {
    let mut choices = Choices(seed);
    let target = world.folder.path().join("ranges");
    // In half of them the folder is there, and files are replaced.
    let is_there = choices.below(2) == 0;
    if is_there {
        fs::create_dir(&target).expect("a folder");
    }
    let mut told = format!("seed {seed}");
    for _ in 0..2 + choices.below(6) {
        let variant = &world.variants[choices.below(world.variants.len() as u64) as usize];
        let steps = (choices.below(4) > 0).then(|| choices.below(90));
        let done = world.run(&target, variant, steps);
        write!(told, "; {} {:?} {steps:?} {done:?}", variant.index, variant.options).expect("text");
        match done {
            Ok(()) => assert!(contents(&target) == variant.fresh, "{told}"),
            Err(_) if is_there => world.require_whole_ranges(&target, &told),
            Err(_) => {}
        }
    }
    let last = &world.variants[choices.below(world.variants.len() as u64) as usize];
    world.run(&target, last, None).expect(&told);
    let (held, expected) = (contents(&target), &last.fresh);
    let names = |of: &BTreeMap<String, Vec<u8>>| Vec::from_iter(of.keys().cloned());
    assert_eq!(names(&held), names(expected), "{told}; then {} {:?}", last.index, last.options);
    assert!(held == *expected, "{told}; then {} {:?}", last.index, last.options);
    fs::remove_dir_all(&target).expect("a folder");
    let unfinished: PathBuf = target.with_file_name(".ranges.part");
    assert!(!unfinished.exists(), "{told}");
}

#[test]
fn runs_that_are_killed_anywhere_leave_whole_ranges_and_are_finished_by_others() {
    let world = World::new();
    let asked = std::env::var("BREACHDEX_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    for seed in 0..asked.unwrap_or(SEEDS) {
        play(&world, seed);
    }
}

/// A, then B killed, then A killed: what B replaced is nowhere noted when A goes on.
#[test]
fn what_was_begun_stays_known_whatever_run_comes_next() {
    let world = World::new();
    let target = world.folder.path().join("ranges");
    fs::create_dir(&target).expect("a folder");
    let (a, b) = (&world.variants[0], &world.variants[4]);
    world.run(&target, a, None).expect("a run");
    for steps in (10..60).step_by(7) {
        world.run(&target, b, Some(steps)).expect_err("killed");
        for again in [4, 6, 9] {
            let _ = world.run(&target, a, Some(again));
        }
        world.run(&target, a, None).expect("a run");
        assert!(contents(&target) == a.fresh, "{steps}");
    }
}

/// Two runs at a time would mix what each notes.
#[test]
fn a_folder_that_is_being_written_is_refused_to_others() {
    let world = World::new();
    for exists in [true, false] {
        let target = world.folder.path().join(if exists { "there" } else { "new" });
        if exists {
            fs::create_dir(&target).expect("a folder");
        }
        let (one, other) = (&world.indexes[0], &world.variants[0]);
        let first = Folder::open(&target, one).expect("a folder");
        let refused = world.run(&target, other, None).expect_err("two runs at once");
        assert!(refused.ends_with("is being written by another process"), "{refused}");
        drop(first);
        world.run(&target, other, None).expect("a run");
        assert!(contents(&target) == other.fresh);
    }
}
