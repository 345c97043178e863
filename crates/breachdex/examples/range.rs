//! Prints the entries whose digests begin with a prefix, as a range server answers.
//!
//! `cargo run -p breachdex --example range 5BAA6 [INDEX]`; without an index, the starter index is asked.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;

use breachdex::rows::write_row;
use breachdex::{Index, Prefix};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let prefix = arguments.next().ok_or("name a prefix of hexadecimal digits")?;
    let index = match arguments.next() {
        Some(path) => Index::open(path)?,
        None => Index::starter()?,
    };
    print!("{}", rows(&index, &prefix)?);
    Ok(())
}

/// A row for each entry: the digest in upper-case hexadecimal digits, a colon and the count.
pub fn rows(index: &Index, prefix: &str) -> Result<String, Box<dyn Error>> {
    let mut text = Vec::new();
    for entry in index.range(&Prefix::from_hex(index.kind(), prefix)?)? {
        write_row(&mut text, &entry?, index.kind(), 0, true);
        text.push(b'\n');
    }
    Ok(String::from_utf8(text)?)
}
