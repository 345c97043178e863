//! Targets that are inputs, that are busy, or that appear while a build runs.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use super::{assert_refused, assert_succeeds, breachdex, corpus, listing, start, wait_for_writing};

/// A folder with `corpus.txt` and its index `a.bdx`, and with links to both.
fn folder_with_links() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("corpus.txt"), corpus(100)).unwrap();
    assert_succeeds(&breachdex(folder.path(), &["build", "-o", "a.bdx", "corpus.txt"], b""));
    for (file, kind) in [("corpus.txt", "corpus"), ("a.bdx", "index")] {
        symlink(file, folder.path().join(format!("symbolic.{kind}"))).unwrap();
        fs::hard_link(folder.path().join(file), folder.path().join(format!("hard.{kind}"))).unwrap();
    }
    folder
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    listing(folder)
        .into_iter()
        .map(|name| {
            let bytes = fs::read(folder.join(&name)).unwrap();
            (name, bytes)
        })
        .collect()
}

#[test]
fn an_input_is_never_overwritten_by_whatever_name() {
    let folder = folder_with_links();
    let before = contents(folder.path());
    for (command, input, targets) in [
        ("build", "corpus.txt", ["corpus.txt", "./corpus.txt", "symbolic.corpus", "hard.corpus"]),
        ("build", "a.bdx", ["a.bdx", "./a.bdx", "symbolic.index", "hard.index"]),
        ("merge", "a.bdx", ["a.bdx", "./a.bdx", "symbolic.index", "hard.index"]),
    ] {
        for target in targets {
            let output = breachdex(folder.path(), &[command, "--force", "-o", target, input], b"");
            assert_refused(&output, &format!("{target} is an input; choose another target"));
        }
        let output = breachdex(folder.path(), &[command, "--force", "-o", input, targets[2]], b"");
        assert_refused(&output, &format!("{input} is an input; choose another target"));
    }
    for target in ["a.bdx", "./a.bdx", "symbolic.index", "hard.index"] {
        let output = breachdex(folder.path(), &["export", "a.bdx", "--force", "-o", target], b"");
        assert_refused(&output, &format!("{target} is the index itself; choose another OUT"));
    }
    assert!(contents(folder.path()) == before, "an input was changed");
    // The name of a delta is made of OLD's content id, and an index may have it.
    let ending = breachdex::replica::delta_ending(
        breachdex::Index::open(folder.path().join("a.bdx")).unwrap().content_id(),
    );
    let new = format!("b.bdx{ending}");
    fs::copy(folder.path().join("a.bdx"), folder.path().join(&new)).unwrap();
    // Refused before anything is compared, which the damage would end.
    let mut bytes = fs::read(folder.path().join(&new)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(folder.path().join(&new), bytes).unwrap();
    let output = breachdex(folder.path(), &["diff", "a.bdx", &new, "--delta", "b.bdx", "--force"], b"");
    assert_refused(&output, &format!("{new} is one of the indexes; choose another FILE"));
}

#[test]
fn a_target_in_the_folder_of_ranges_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("ranges")).unwrap();
    fs::write(folder.path().join("ranges/00000"), format!("{:035X}:1", 7)).unwrap();
    symlink("ranges", folder.path().join("link")).unwrap();
    for target in ["ranges/00001", "link/00001"] {
        let output = breachdex(folder.path(), &["build", "--partial", "-o", target, "ranges"], b"");
        assert_refused(
            &output,
            &format!("{target} would lie in the folder that is read; choose another place"),
        );
    }
    assert_eq!(listing(&folder.path().join("ranges")), ["00000"]);
}

#[test]
fn a_second_build_of_one_target_is_refused_and_the_first_finishes() {
    let folder = TempDir::new().unwrap();
    let text = corpus(1000);
    let (beginning, end) = text.split_at(text.len() / 2);
    let mut first = start(folder.path(), &["build", "-o", "a.bdx", "-"]);
    let mut slow = first.stdin.take().unwrap();
    slow.write_all(beginning.as_bytes()).unwrap();
    assert!(wait_for_writing(folder.path()));
    let busy = "another build is writing a.bdx; wait for it or choose another target";
    for force in [&[][..], &["--force"]] {
        let second = [&["build", "-o", "a.bdx", "-"], force].concat();
        assert_refused(&breachdex(folder.path(), &second, text.as_bytes()), busy);
    }
    // Another target in the same folder is nobody else's business.
    assert_succeeds(&breachdex(folder.path(), &["build", "-o", "b.bdx", "-"], text.as_bytes()));
    slow.write_all(end.as_bytes()).unwrap();
    drop(slow);
    assert_succeeds(&first.wait_with_output().unwrap());
    assert_eq!(listing(folder.path()), ["a.bdx", "b.bdx"]);
    assert!(fs::read(folder.path().join("a.bdx")).unwrap() == fs::read(folder.path().join("b.bdx")).unwrap());
    assert_succeeds(&breachdex(folder.path(), &["verify", "a.bdx"], b""));
}

#[test]
fn a_target_that_appears_meanwhile_is_kept() {
    for command in [&["build", "-o", "a.bdx", "-"][..], &["build", "-o", "a.bdx", "--top", "3", "-"]] {
        let folder = TempDir::new().unwrap();
        let mut build = start(folder.path(), command);
        let mut slow = build.stdin.take().unwrap();
        assert!(wait_for_writing(folder.path()));
        fs::write(folder.path().join("a.bdx"), b"of another program").unwrap();
        slow.write_all(corpus(100).as_bytes()).unwrap();
        drop(slow);
        assert_refused(&build.wait_with_output().unwrap(), "a.bdx exists; use --force to replace it");
        assert_eq!(listing(folder.path()), ["a.bdx"]);
        assert_eq!(fs::read(folder.path().join("a.bdx")).unwrap(), b"of another program");
    }
}
