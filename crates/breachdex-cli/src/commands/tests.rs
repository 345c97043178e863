//! What holds for every subcommand, and the made-up one that CONTRIBUTING.md adds.

use std::env;
use std::process::Command as Process;

use clap::CommandFactory as _;

use super::*;
use crate::flags::Arguments;

/// Where the child of a test finds its index.
const INDEX: &str = "BREACHDEX_TEST_COUNT";

#[test]
fn a_subcommand_is_typed_as_its_file_is_named() {
    let parser = Arguments::command();
    let typed: Vec<&str> = parser.get_subcommands().map(clap::Command::get_name).collect();
    let files: Vec<String> = ALL.iter().map(|(file, _)| file.replace('_', "-")).collect();
    assert_eq!(typed, files);
    for command in parser.get_subcommands() {
        assert!(command.get_about().is_some(), "{}", command.get_name());
    }
}

/// What is laid out by hand is not broken again where the terminal ends.
#[test]
fn help_fits_into_a_hundred_columns() {
    fn check(command: &clap::Command) {
        let said = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        for line in said.lines() {
            assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
        }
        command.get_subcommands().for_each(check);
    }
    check(&Arguments::command());
}

#[test]
fn passwords_are_typed_for_some() {
    let taking: Vec<&str> = ALL.iter().filter(|(_, takes)| *takes).map(|(file, _)| *file).collect();
    assert_eq!(taking, ["overlay", "policy", "check"]);
    assert_eq!(named(OsStr::new("check")), Some(("check".into(), true)));
    assert_eq!(named(OsStr::new("pull")), Some(("pull".into(), false)));
    assert_eq!(named(OsStr::new("counts")), None);
    assert_eq!(named(OsStr::new("password")), None);
}

/// One file and one line: the subcommand is parsed, in help, completions and the manual, and runs.
#[test]
fn a_made_up_subcommand_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, index) = (folder.path().join("words.txt"), folder.path().join("words.bdx"));
    std::fs::write(&input, "one\ntwo\nthree\n").expect("written");
    let options = breachdex::BuildOptions::default();
    let input = breachdex::Input {
        source: breachdex::Source::Path(input),
        format: Some(breachdex::Format::Passwords),
    };
    breachdex::build(&[input], &index, &options, &()).expect("an index");
    let (code, stdout, _) = in_a_child(index.to_str().expect("a path"));
    assert_eq!((code, stdout.contains("\n3\n")), (Some(0), true), "{stdout}");
    let (code, stdout, stderr) = in_a_child("no-such-index.bdx");
    assert_eq!((code, stdout.contains("\n3\n")), (Some(2), false), "{stdout}");
    assert!(stderr.contains("breachdex: error: cannot open no-such-index.bdx"), "{stderr}");
    let mut parser = Arguments::command();
    assert!(
        parser.render_help().to_string().contains("  count        Print how many entries an index has\n")
    );
}

/// Runs `count` in a process of its own, whose standard output is the command's.
fn in_a_child(index: &str) -> (Option<i32>, String, String) {
    let child = Process::new(env::current_exe().expect("this program"))
        .args(["--exact", "commands::tests::the_child_counts", "--ignored", "--nocapture"])
        .env(INDEX, index)
        .output()
        .expect("a child");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (child.status.code(), text(&child.stdout), text(&child.stderr))
}

#[test]
#[ignore = "the child of a_made_up_subcommand_runs"]
fn the_child_counts() {
    let Ok(index) = env::var(INDEX) else { return };
    std::process::exit(i32::from(crate::run(["breachdex", "count", &index])));
}

#[test]
fn contributing_shows_the_made_up_subcommand_as_it_is() {
    let page = include_str!("../../../../CONTRIBUTING.md");
    assert!(page.contains(include_str!("count.rs")));
    assert!(page.contains("    Count => count,\n"));
}
