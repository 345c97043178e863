//! A made-up language is added to a copy of this crate, as CONTRIBUTING.md says: one file and one line.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A copy of the sources with the language `zz`, whose file is the Japanese one after an edit.
fn copy(name: &str, edit: impl Fn(String) -> String) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (sources, languages) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), folder.join("languages"));
    fs::create_dir_all(&languages).unwrap();
    for from in [sources.clone(), sources.join("languages")] {
        for entry in fs::read_dir(&from).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                let to = folder.join(entry.path().strip_prefix(&sources).unwrap());
                fs::write(to, fs::read(entry.path()).unwrap()).unwrap();
            }
        }
    }
    let registry = languages.join("mod.rs");
    let registered = fs::read_to_string(&registry).unwrap();
    let with_line = registered.replace("    Ja => ja,\n", "    Ja => ja,\n    /// Made up.\n    Zz => zz,\n");
    assert_ne!(registered, with_line);
    fs::write(&registry, with_line).unwrap();
    let japanese = fs::read_to_string(languages.join("ja.rs")).unwrap();
    fs::write(languages.join("zz.rs"), edit(japanese)).unwrap();
    folder
}

fn compile(folder: &Path, flags: &[&str]) -> Output {
    Command::new(std::env::var("RUSTC").unwrap_or_else(|_| String::from("rustc")))
        .args(["--edition", "2024", "--crate-name", "made_up", "--out-dir"])
        .arg(folder)
        .args(flags)
        .arg(folder.join("lib.rs"))
        .output()
        .unwrap()
}

/// What the compiler says about an edit that it has to refuse.
fn refused(name: &str, from: &str, to: &str) -> String {
    let folder = copy(name, |text| {
        let edited = text.replace(from, to);
        assert_ne!(text, edited);
        edited
    });
    let output = compile(&folder, &["--crate-type", "lib", "--emit", "metadata"]);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn one_file_and_one_line_are_a_language() {
    let folder = copy("whole", |text| text);
    let output = compile(&folder, &["--test"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tested =
        Command::new(folder.join(format!("made_up{}", std::env::consts::EXE_SUFFIX))).output().unwrap();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));
}

#[test]
fn a_message_in_one_language_only_does_not_compile() {
    let said = refused("missing", "label_unknown: text(\"不明\"),", "");
    assert!(said.contains("missing field `label_unknown`"), "{said}");
    let said = refused("more", "label_unknown:", "label_more: text(\"\"),\n label_unknown:");
    assert!(said.contains("no field named `label_more`"), "{said}");
}

#[test]
fn a_text_with_other_places_does_not_compile() {
    let expected = "too_long: a text needs exactly the places %(max_length)d and no other %";
    for (name, place) in
        [("misspelt", "%(max_lenght)d"), ("typed", "%(max_length)s"), ("left-out", ""), ("bare", "%")]
    {
        let said = refused(name, "%(max_length)d", place);
        assert!(said.contains(expected), "{said}");
    }
}
