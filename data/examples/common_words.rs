//! Writes `common-words.fst`: from standard input, one password a line, to the file that is named. Every word is in
//! it behind `>` as it is and behind `<` backwards.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, BufRead as _};

/// One less than the shortest password that is compared with these words.
const SHORTEST: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("name the file to write")?;
    let mut words = BTreeSet::new();
    for line in io::stdin().lock().split(b'\n') {
        let word = line?.to_ascii_lowercase();
        if word.len() >= SHORTEST && word.is_ascii() {
            let backwards: Vec<u8> = word.iter().rev().copied().collect();
            words.insert([b">", &word[..]].concat());
            words.insert([b"<", &backwards[..]].concat());
        }
    }
    let set = fst::Set::from_iter(words)?;
    std::fs::write(path, set.as_fst().as_bytes())?;
    Ok(())
}
