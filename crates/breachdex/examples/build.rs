//! Builds an index from a list of passwords, one a line, or of `HEX:COUNT` lines.
//!
//! `cargo run -p breachdex --example build passwords.txt index.bdx`

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;

use breachdex::{BuildOptions, BuildReport, Format, Input, build};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, target] = &arguments[..] else {
        return Err("name the list of passwords and the index to make".into());
    };
    let report = build_from_passwords(input.as_ref(), target.as_ref())?;
    println!("{} entries", report.entries);
    Ok(())
}

/// An index of a list of passwords. The same password twice is one entry with the count 2.
pub fn build_from_passwords(list: &Path, target: &Path) -> breachdex::Result<BuildReport> {
    let input = Input { format: Some(Format::Passwords), ..Input::path(list) };
    let options = BuildOptions { source: String::from("my list"), ..BuildOptions::default() };
    build(&[input], target, &options, &())
}
