//! Searches the memory of a running process for passwords and digests, as an attacker would who can read it.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, read_to_string};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::process::Child;
use std::time::{Duration, Instant};

/// Bytes of a secret that are looked for at each of its positions: so few tell of a copy that is overwritten in part, and
/// so many are not there by chance.
const WINDOW: usize = 8;

/// The same of UTF-32, of which most bytes are zeros.
const WIDE_WINDOW: usize = 16;

/// What windows are combined with, so that the list of them does not find itself.
const MASK: u64 = 0x9e37_79b9_7f4a_7c15;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// What the environment of a program is given that is searched, to see that its memory is.
pub const CONTROL: &str = "control-that-must-be-found-7731";

/// How long a program may take to clean up after the last thing that it is seen to do.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What is looked for.
#[derive(Default)]
pub struct Needles {
    names: Vec<String>,
    /// The first eight bytes of a window, masked; which name it belongs to, and its other bytes.
    windows: HashMap<u64, Vec<(usize, Vec<u8>)>>,
}

/// A window of a secret that was found.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// What it is of.
    pub name: String,
    /// The mapping that it is in, as `/proc/PID/maps` names it.
    pub mapping: String,
}

impl fmt::Debug for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in {}", self.name, self.mapping)
    }
}

impl Needles {
    /// Looks for every window of `bytes`, which are at least eight.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        assert!(bytes.len() >= WINDOW, "{name} is too short to be told from chance");
        self.windows_of(name, bytes, WINDOW);
    }

    fn windows_of(&mut self, name: &str, bytes: &[u8], length: usize) {
        let at = self.name(name);
        for window in bytes.windows(length) {
            self.add(at, word(window), &window[WINDOW..]);
        }
    }

    /// Looks for a password in UTF-8, UTF-16 and UTF-32.
    pub fn password(&mut self, name: &str, password: &str) {
        self.bytes(&format!("{name} in UTF-8"), password.as_bytes());
        let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.bytes(&format!("{name} in UTF-16"), &utf16);
        let utf32: Vec<u8> =
            password.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect();
        self.windows_of(&format!("{name} in UTF-32"), &utf32, WIDE_WINDOW);
    }

    /// Looks for a digest: its bytes, hexadecimal in both cases, the state of a hash function, and the words that an index
    /// is asked for, moved by any number of bits.
    pub fn digest(&mut self, name: &str, digest: &[u8]) {
        self.bytes(&format!("{name} in binary"), digest);
        let hex = |digit: fn(&u8) -> String| digest.iter().map(digit).collect::<String>();
        self.bytes(&format!("{name} in lower-case hex"), hex(|byte| format!("{byte:02x}")).as_bytes());
        self.bytes(&format!("{name} in upper-case hex"), hex(|byte| format!("{byte:02X}")).as_bytes());
        let swapped: Vec<u8> =
            digest.chunks_exact(4).flat_map(|part| part.iter().rev().copied().collect::<Vec<_>>()).collect();
        self.bytes(&format!("{name} as a hash's state"), &swapped);
        let reversed: Vec<u8> = digest.iter().rev().copied().collect();
        self.bytes(&format!("{name} in reverse"), &reversed);
        let at = self.name(&format!("{name} in the words of a key"));
        let mut padded = [0; 32];
        padded[..digest.len()].copy_from_slice(digest);
        for bit in 0..=digest.len() * 8 - 64 {
            let from = bit / 8;
            let (first, next) = (&padded[from..from + 8], u64::from(padded[from + 8]));
            let word = u64::from_be_bytes(std::array::from_fn(|i| first[i]));
            let moved = if bit % 8 == 0 { word } else { word << (bit % 8) | next >> (8 - bit % 8) };
            self.add(at, moved, &[]);
        }
    }

    fn name(&mut self, name: &str) -> usize {
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    fn add(&mut self, name: usize, window: u64, rest: &[u8]) {
        // What is mostly zeros may be anything.
        if !rest.is_empty() || window.to_le_bytes().iter().filter(|byte| **byte != 0).count() > 3 {
            self.windows.entry(window ^ MASK).or_default().push((name, rest.to_owned()));
        }
    }

    /// Whether every window is looked for by its first bytes.
    fn beginnings(&self) -> Vec<bool> {
        let mut beginnings = vec![false; 1 << 16];
        for window in self.windows.keys() {
            beginnings[(window ^ MASK) as u16 as usize] = true;
        }
        beginnings
    }
}

fn word(window: &[u8]) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| window[i]))
}

/// What is found in all memory that a process can read: heap, stacks, mapped files and all else but indexes, which hold
/// the digests that they hold.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] where the system does not let this process read that one's memory.
pub fn search(process: &str, needles: &Needles) -> io::Result<Vec<Found>> {
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let beginnings = needles.beginnings();
    let mut found = Vec::new();
    let mut piece = vec![0; PIECE + WIDE_WINDOW - 1];
    for line in read_to_string(format!("/proc/{process}/maps"))?.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(range), Some(rights)) = (fields.next(), fields.next()) else { continue };
        let mapping = fields.nth(3).unwrap_or("anonymous memory");
        let Some((start, end)) = range.split_once('-') else { continue };
        let address = |digits| u64::from_str_radix(digits, 16).map_err(io::Error::other);
        let (mut at, end) = (address(start)?, address(end)?);
        if !rights.starts_with('r') || mapping.ends_with(".bdx") {
            continue;
        }
        while at < end {
            let wanted = (end - at).min(piece.len() as u64) as usize;
            // Pages of the kernel's, and beyond the end of a file, cannot be read.
            let Ok(read) = memory.read_at(&mut piece[..wanted], at) else { break };
            if read == 0 {
                break;
            }
            for (from, window) in piece[..read].windows(WINDOW).enumerate() {
                let window = word(window);
                if !beginnings[window as u16 as usize] {
                    continue;
                }
                for (name, rest) in needles.windows.get(&(window ^ MASK)).into_iter().flatten() {
                    if piece[from + WINDOW..read].starts_with(rest) {
                        found.push(Found { name: needles.names[*name].clone(), mapping: mapping.to_owned() });
                    }
                }
            }
            at += if read == piece.len() { PIECE as u64 } else { read as u64 };
        }
    }
    piece.fill(0);
    found.sort();
    found.dedup();
    Ok(found)
}

/// Waits until nothing is found in the memory of a program that has [`CONTROL`] in its environment, and ends it. Says so
/// where the system does not let its memory be read.
///
/// # Panics
/// When something is still found after a while, or the program ends by itself.
pub fn assert_forgotten(what: &str, child: &mut Child, needles: &Needles) {
    let process = child.id().to_string();
    let mut control = Needles::default();
    control.bytes("the control", CONTROL.as_bytes());
    match search(&process, &control) {
        Ok(found) => assert!(!found.is_empty(), "{what}: memory is searched"),
        Err(error) => {
            println!("skipped: the memory of another process cannot be read here: {error}");
            child.kill().expect("the child is there");
            return;
        }
    }
    let since = Instant::now();
    loop {
        let found = search(&process, needles).expect("its memory was readable");
        assert!(child.try_wait().expect("the child is there").is_none(), "{what}: the command still runs");
        if found.is_empty() {
            break;
        }
        assert!(since.elapsed() < TIMEOUT, "{what}: {found:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("the child is there");
    child.wait().expect("the child is there");
}
