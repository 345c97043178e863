//! Reads a password from standard input and says how often it was seen in breaches.
//!
//! `cargo run -p breachdex --example check_password [INDEX]`; without an index, the starter index is asked.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::BufRead;

use breachdex::{Digest, Index};

fn main() -> Result<(), Box<dyn Error>> {
    let index = match std::env::args_os().nth(1) {
        Some(path) => Index::open(path)?,
        None => Index::starter()?,
    };
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    println!("{}", answer(&index, password.trim_end_matches(['\r', '\n']))?);
    Ok(())
}

/// What to tell the person who chose the password.
pub fn answer(index: &Index, password: &str) -> breachdex::Result<String> {
    Ok(match index.count(&Digest::sha1(password.as_bytes()))? {
        0 => String::from("not found"),
        seen => format!("exposed: seen {seen} times"),
    })
}
