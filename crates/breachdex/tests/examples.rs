//! The examples do what they say.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]
#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

#[path = "../examples/build.rs"]
mod build;
#[path = "../examples/check_password.rs"]
mod check_password;
#[path = "../examples/range.rs"]
mod range;

use breachdex::Index;

const PASSWORD: &str = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";

#[test]
fn a_password_is_checked_in_an_index_that_was_built() {
    let folder = tempfile::tempdir().unwrap();
    let (list, target) = (folder.path().join("list.txt"), folder.path().join("index.bdx"));
    std::fs::write(&list, "password\nhunter2\npassword\n").unwrap();
    assert_eq!(build::build_from_passwords(&list, &target).unwrap().entries, 2);
    let index = Index::open(&target).unwrap();
    assert_eq!(check_password::answer(&index, "password").unwrap(), "exposed: seen 2 times");
    assert_eq!(check_password::answer(&index, "never seen 82").unwrap(), "not found");
    assert_eq!(range::rows(&index, "5BAA6").unwrap(), format!("{PASSWORD}:2\n"));
    assert_eq!(range::rows(&index, "5BAA7").unwrap(), "");
    assert!(range::rows(&index, "no hex").is_err());
}

#[test]
fn the_starter_index_answers() {
    let index = Index::starter().unwrap();
    assert!(check_password::answer(&index, "password").unwrap().starts_with("exposed: seen "));
    assert!(range::rows(&index, "5BAA6").unwrap().contains(PASSWORD));
}
