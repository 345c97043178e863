//! Two builds of one target, and what a killed one leaves.

#![allow(clippy::unwrap_used)]

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_second_writer_is_refused_until_the_first_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    let first = Publication::claim(&target, false).unwrap();
    let refused = Publication::claim(&target, false).err().unwrap().to_string();
    let expected =
        format!("another build is writing {}; wait for it or choose another target", target.display());
    assert_eq!(refused, expected);
    // Another target in the same folder is nobody's business.
    drop(Publication::claim(&folder.path().join("b.bdx"), false).unwrap());
    drop(first);
    assert!(names(folder.path()).is_empty());
    drop(Publication::claim(&target, false).unwrap());
}

#[test]
fn leftovers_of_the_same_target_go_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let kept =
        [".a.bdx.breachdex-12-abc", ".a.bdx.breachdex-x-abcdefgh", ".b.bdx.breachdex-12-abcdefgh", "a.bdx2"];
    for name in kept.iter().chain(&[".a.bdx.breachdex-12-abcdefgh", ".a.bdx.breachdex-3-ABCDEF01"]) {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    drop(Publication::claim(&folder.path().join("a.bdx"), false).unwrap());
    assert_eq!(names(folder.path()), kept);
}

#[test]
fn a_target_that_appeared_meanwhile_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    let publication = Publication::claim(&target, false).unwrap();
    std::fs::write(&target, "someone else's").unwrap();
    assert!(
        matches!(publication.publish(ReadBack::unchecked()), Err(Error::TargetExists(path)) if path == target)
    );
    assert_eq!(std::fs::read(&target).unwrap(), b"someone else's");
    assert_eq!(names(folder.path()), ["a.bdx"]);
    Publication::claim(&target, true).unwrap().publish(ReadBack::unchecked()).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"");
}

#[test]
fn targets_that_cannot_be_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().display();
    let refused = Publication::claim(folder.path(), true).err().unwrap().to_string();
    assert_eq!(refused, format!("{shown} is a folder"));
    let inside = folder.path().join("no").join("a.bdx");
    let refused = Publication::claim(&inside, false).err().unwrap().to_string();
    assert!(refused.starts_with(&format!("cannot create {}: ", inside.display())), "{refused}");
    #[cfg(unix)]
    {
        let refused = Publication::claim("/dev/null".as_ref(), true).err().unwrap().to_string();
        assert_eq!(refused, "/dev/null is not a regular file");
    }
}

#[cfg(unix)]
#[test]
fn the_file_has_the_permissions_of_any_new_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    Publication::claim(&target, false).unwrap().publish(ReadBack::unchecked()).unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&target), mode(&plain));
}

#[test]
#[cfg(unix)]
fn what_is_for_its_owner_is_so_from_the_moment_the_file_is_there() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target.bdx");
    let modes = || -> Vec<u32> {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().metadata().unwrap());
        files.map(|facts| facts.permissions().mode() & 0o777).collect()
    };
    let private = Publication::claim_for(Readers::Owner, &target, true).unwrap();
    assert_eq!(modes(), [0o600]);
    drop(private);
    let layout = crate::testing::layout(crate::Kind::Sha1, 160, 0);
    let mut usual = Publication::claim(&target, true).unwrap();
    usual.restrict_mode(layout).unwrap();
    assert_eq!(modes(), [0o600]);
    usual.restrict_mode(Layout { overlay: OverlayMark::Merged, ..layout }).unwrap();
    assert_eq!(modes(), [0o600]);
    usual.sync().unwrap();
    usual.publish(ReadBack::unchecked()).unwrap();
    assert_eq!(modes(), [0o600]);
}
