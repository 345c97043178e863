//! The header is generated from the sources, without what is said to readers of Rust.

use std::path::Path;
use std::{env, fs};

const HEADER: &str = "include/breachdex.h";

/// What the header must be.
fn generated() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).expect("a configuration");
    let builder = cbindgen::Builder::new().with_config(config).with_src(folder.join("src/lib.rs"));
    let mut bytes = Vec::new();
    builder.generate().expect("bindings").write(&mut bytes);
    without_safety(&String::from_utf8(bytes).expect("text"))
}

/// Without the sections on safety, which tell a caller in Rust what every caller in C has to know, and without back quotes.
fn without_safety(header: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut is_safety = false;
    for line in header.lines() {
        is_safety |= line.trim() == "# Safety";
        is_safety &= line.trim() != "*/";
        if line.trim() == "*/" && kept.last().is_some_and(|last| last.is_empty()) {
            kept.pop();
        }
        if !is_safety {
            kept.push(line.trim_end());
        }
    }
    kept.join("\n").replace('`', "") + "\n"
}

#[test]
fn header_is_that_of_the_sources() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(HEADER);
    let generated = generated();
    if env::var_os("BREACHDEX_C_WRITE_HEADER").is_some() {
        fs::write(&path, &generated).expect("the header");
    }
    let kept = fs::read_to_string(&path).expect("the header");
    assert!(kept == generated, "{HEADER} is not that of the sources; see this file's first lines");
}
