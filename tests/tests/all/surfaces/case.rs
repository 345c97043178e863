//! Cases, made of a seed: a small corpus split into sources, what is wrong with each of them, and what is asked.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use breachdex::{BuildOptions, CoverageRule, Digest, Format, Input, Source, build};
use breachdex_tests::parts::sections;

/// Passwords with how often a source has seen them.
pub(super) type Seen = BTreeMap<String, u64>;

/// SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ x >> 31
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// What a file is like when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Sound,
    /// One byte of the groups is another.
    DamagedGroup,
    /// One byte of the directory is another.
    DamagedDirectory,
    /// One byte of the facts is another.
    DamagedFacts,
    /// One byte of the notes is another, on which no answer depends.
    DamagedNotes,
    Cut,
    Empty,
    Text,
    Missing,
    /// A folder has the name: the system reads no file there, whoever asks.
    Unreadable,
}

/// What happens to a file later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Stays,
    /// The bytes of its groups are changed in place.
    Overwritten,
    /// A sound index of other passwords takes its place.
    Replaced,
    /// A file of text takes its place.
    ReplacedByText,
    Removed,
    /// The handle is closed, where a surface can do that; else nothing.
    Closed,
}

/// What a range server does instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Refuses,
    TimesOut,
    SaysNotFound,
    Redirects,
    HangsUp,
    /// One row of the range has no count.
    Malformed,
    /// The range ends in the middle of a row.
    CutShort,
}

/// An index file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) seen: Seen,
    /// What is in the file that replaces it.
    pub(super) later: Seen,
    /// The 5-digit prefixes that it covers.
    pub(super) span: (u32, u32),
    pub(super) start: Start,
    pub(super) then: Then,
}

/// A range server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) seen: Seen,
    pub(super) start: Option<Trouble>,
    pub(super) then: Option<Trouble>,
}

/// Sources and questions.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) bases: Vec<File>,
    pub(super) server: Option<Server>,
    pub(super) overlays: Vec<File>,
    pub(super) min_count: u64,
    /// Whether `check` is asked for all forms, and `audit` too.
    pub(super) forms: bool,
    pub(super) questions: Vec<String>,
}

const WHOLE: (u32, u32) = (0, 0xF_FFFF);

/// The password of a number.
pub(super) fn password(number: u64) -> String {
    format!("Password-{number}!")
}

/// The same in full-width characters: NFKC makes the one of the other.
pub(super) fn full_width(password: &str) -> String {
    password.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect()
}

/// The 5-digit prefix and the other 35 digits of a password's SHA-1.
pub(super) fn range_of(password: &str) -> (u32, String) {
    let digest = Digest::sha1(password.as_bytes()).to_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    (u32::from_str_radix(&hex[..5], 16).unwrap(), hex[5..].to_owned())
}

impl Case {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x5DEE_CE66_D1CE_4E5B));
        let numbers = 8 + random.below(8);
        let (bases, servers) = random.pick(&[(1, 0), (1, 0), (1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (2, 1)]);
        let overlays = random.pick(&[0, 0, 1, 1, 2]);
        let file = |random: &mut Random, name: String| File::new(random, name, numbers);
        let bases = (0..bases).map(|i| file(&mut random, format!("base-{i}.bdx"))).collect();
        let overlays = (0..overlays).map(|i| file(&mut random, format!("overlay-{i}.bdx"))).collect();
        let server = (servers > 0).then(|| Server::new(&mut random, numbers));
        let mut questions: Vec<String> = (0..numbers + 2).map(password).collect();
        questions.extend((0..numbers).step_by(2).map(|number| full_width(&password(number))));
        // In no order.
        for i in (1..questions.len()).rev() {
            questions.swap(i, random.below(i as u64 + 1) as usize);
        }
        Self {
            seed,
            bases,
            server,
            overlays,
            min_count: random.pick(&[1, 1, 2, 5, 20]),
            forms: random.below(2) == 0,
            questions,
        }
    }

    /// Every file, bases first.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.bases.iter().chain(&self.overlays)
    }

    /// Whether the server lets clients wait for nothing.
    pub(super) fn times_out(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.start == Some(Trouble::TimesOut))
    }
}

/// A part of the corpus: some are seen by several sources, some in full width.
fn seen(random: &mut Random, numbers: u64) -> Seen {
    let mut seen = Seen::new();
    for number in 0..numbers {
        if random.below(3) == 0 {
            let count = random.pick(&[1, 1, 2, 3, 4, 9, 19, 20, 1000]);
            let typed = password(number);
            seen.insert(if random.below(6) == 0 { full_width(&typed) } else { typed }, count);
        }
    }
    seen
}

impl File {
    fn new(random: &mut Random, name: String, numbers: u64) -> Self {
        let start = match random.below(24) {
            0..=3 => Start::DamagedGroup,
            4 => Start::DamagedNotes,
            5 => random.pick(&[
                Start::DamagedDirectory,
                Start::DamagedFacts,
                Start::Cut,
                Start::Empty,
                Start::Text,
                Start::Missing,
                Start::Unreadable,
            ]),
            _ => Start::Sound,
        };
        let then = match random.below(12) {
            0 => Then::Overwritten,
            1 | 2 => Then::Replaced,
            3 => Then::ReplacedByText,
            4 => Then::Removed,
            5 => Then::Closed,
            _ => Then::Stays,
        };
        let span = random.pick(&[WHOLE, WHOLE, WHOLE, WHOLE, (0, 0x7_FFFF), (0x5_0000, 0xC_FFFF)]);
        Self { name, seen: seen(random, numbers), later: seen(random, numbers), span, start, then }
    }

    /// Writes the file as it is when it is opened.
    pub(super) fn write(&self, folder: &Path) {
        let path = folder.join(&self.name);
        self.build(&self.seen, &path);
        let mut bytes = fs::read(&path).unwrap();
        let [groups, directory, facts, _, notes] = sections(&bytes);
        let mut random = Random(self.name.len() as u64 ^ self.seen.len() as u64 ^ u64::from(self.span.0));
        let mut flip = |part: std::ops::Range<usize>| {
            let at = part.start + random.below(part.len() as u64) as usize;
            bytes[at] ^= 1 << random.below(8);
        };
        match self.start {
            Start::Sound => return,
            Start::DamagedGroup => flip(groups),
            Start::DamagedDirectory => flip(directory),
            Start::DamagedFacts => flip(facts),
            Start::DamagedNotes => flip(notes),
            Start::Cut => bytes.truncate(bytes.len() * 2 / 3),
            Start::Empty => bytes.clear(),
            Start::Text => bytes = b"This is no index.\n".repeat(40),
            Start::Missing => return fs::remove_file(&path).unwrap(),
            Start::Unreadable => {
                fs::remove_file(&path).unwrap();
                return fs::create_dir(&path).unwrap();
            }
        }
        fs::write(&path, bytes).unwrap();
    }

    /// Does to the file what happens later. It could be opened before.
    pub(super) fn change(&self, folder: &Path) {
        let path = folder.join(&self.name);
        match self.then {
            Then::Stays | Then::Closed => {}
            Then::Removed => fs::remove_file(&path).unwrap(),
            Then::Replaced => {
                // Built under another name and renamed, as any writer of this project does.
                self.build(&self.later, &path);
            }
            Then::ReplacedByText => {
                let other = folder.join(format!("{}.other", self.name));
                fs::write(&other, "This is no index.\n").unwrap();
                fs::rename(&other, &path).unwrap();
            }
            Then::Overwritten => {
                use std::io::{Seek as _, SeekFrom, Write as _};

                let bytes = fs::read(&path).unwrap();
                let [groups, ..] = sections(&bytes);
                let other: Vec<u8> = bytes[groups.clone()].iter().map(|byte| !byte).collect();
                let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
                file.seek(SeekFrom::Start(groups.start as u64)).unwrap();
                file.write_all(&other).unwrap();
            }
        }
    }

    fn build(&self, seen: &Seen, path: &Path) {
        let (first, last) = self.span;
        // Nobody asks for this one; an index without any entry is none.
        let filler = (0..)
            .map(|number| format!("filler {number}"))
            .find(|name| (first..=last).contains(&range_of(name).0))
            .unwrap();
        let line = |(password, count): (&String, &u64)| {
            let (prefix, suffix) = range_of(password);
            format!("{prefix:05X}{suffix}:{count}\n")
        };
        let text: String = seen.iter().chain([(&filler, &3)]).map(line).collect();
        let corpus: PathBuf = path.with_extension("txt");
        fs::write(&corpus, text).unwrap();
        let options = BuildOptions {
            coverage: CoverageRule::Prefixes(vec![self.span]),
            threads: 1,
            memory: 64 << 20,
            replace: true,
            ..BuildOptions::default()
        };
        let input = Input { source: Source::Path(corpus), format: Some(Format::Hibp) };
        build(&[input], path, &options, &()).unwrap();
    }
}

impl Server {
    fn new(random: &mut Random, numbers: u64) -> Self {
        const TROUBLES: [Trouble; 6] = [
            Trouble::Refuses,
            Trouble::SaysNotFound,
            Trouble::Redirects,
            Trouble::HangsUp,
            Trouble::Malformed,
            Trouble::CutShort,
        ];
        let trouble = |random: &mut Random| (random.below(2) == 0).then(|| random.pick(&TROUBLES));
        let (mut start, mut then) = (trouble(random), trouble(random));
        // A timeout that a sound answer never meets would be long to wait for: such a server stays as it is.
        if random.below(8) == 0 {
            (start, then) = (Some(Trouble::TimesOut), Some(Trouble::TimesOut));
        }
        Self { seen: seen(random, numbers), start, then }
    }
}
