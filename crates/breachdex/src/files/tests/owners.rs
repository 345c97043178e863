//! Whose files are written to and replaced, and what a replaced file hands on.

use std::fs::Permissions;

use super::*;

/// Whether a test that only root can make may run; says that the test is skipped where not.
fn is_root(reason: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: {reason}");
    }
    is_root
}

#[test]
fn a_link_a_pipe_and_a_folder_under_our_names_are_refused() {
    let folder = tempdir().unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let path = folder.path().join("ours");
    let opened = |path: &Path| open_or_create(&System, path).unwrap_err().to_string();
    let replaced = |path: &Path| replace_leftover(&System, path, Readers::Owner).unwrap_err().to_string();
    symlink(&victim, &path).unwrap();
    let said = "it is a symbolic link, which is not followed here; remove it";
    assert_eq!([opened(&path), replaced(&path)], [said, said]);
    fs::remove_file(&path).unwrap();
    symlink(folder.path().join("nothing"), &path).unwrap();
    assert_eq!([opened(&path), replaced(&path)], [said, said]);
    fs::remove_file(&path).unwrap();
    mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
    let said = "it is not a regular file; remove it";
    assert_eq!([opened(&path), replaced(&path)], [said, said]);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!([opened(&path), replaced(&path)], [said, said]);
    fs::remove_dir(&path).unwrap();
    // Another name of the same file, in a folder where others may make one.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    fs::hard_link(&victim, &path).unwrap();
    let said = "it has other names (hard links), which others may have made; remove it";
    assert_eq!([opened(&path), replaced(&path)], [said, said]);
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    fs::remove_file(&path).unwrap();
    let (_, is_new) = open_or_create(&System, &path).unwrap();
    assert!(is_new && mode(&path) == 0o600);
    assert!(!open_or_create(&System, &path).unwrap().1);
}

#[test]
fn a_file_of_another_user_is_refused() {
    if !is_root("only root may make a file of another user") {
        return;
    }
    let folder = tempdir().unwrap();
    let path = folder.path().join("ours");
    fs::write(&path, "").unwrap();
    std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
    let said = open_or_create(&System, &path).unwrap_err().to_string();
    assert_eq!(said, "it belongs to another user; remove it or choose another folder");
    // Whose folder it is may do as he likes in it.
    std::os::unix::fs::chown(folder.path(), Some(65_534), None).unwrap();
    assert!(!open_or_create(&System, &path).unwrap().1);
}

/// A link that somebody else puts where others may write could have us replace any file of ours.
#[test]
fn links_of_others_are_followed_where_they_could_not_put_them_there() {
    if !is_root("only root may make a link of another user") {
        return;
    }
    let folder = tempdir().unwrap();
    let [victim, link, ours] = ["victim", "link", "ours"].map(|name| folder.path().join(name));
    fs::write(&victim, "precious").unwrap();
    symlink("victim", &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(65_534), None).unwrap();
    symlink("link", &ours).unwrap();
    let real = fs::canonicalize(&victim).unwrap();
    for path in [&victim, &link, &ours] {
        assert_eq!(follow(path).unwrap(), real);
    }
    for mode in [0o1777, 0o775, 0o777] {
        fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
        assert_eq!(follow(&victim).unwrap(), real);
        for path in [&link, &ours] {
            let said = "it is a symbolic link of another user in a folder where others may write; name the file that it \
                        leads to, or remove it";
            assert_eq!(follow(path).unwrap_err().to_string(), said);
            let Err(ClaimError::Io("replace", named, error)) = resolve_target(path, true) else { panic!() };
            assert_eq!((&named, error.to_string().as_str()), (path, said));
        }
    }
    // Whose folder it is may put links there, and so may we.
    std::os::unix::fs::chown(folder.path(), Some(65_534), None).unwrap();
    assert_eq!(follow(&ours).unwrap(), real);
    fs::remove_file(&link).unwrap();
    symlink("ours", &link).unwrap();
    assert_eq!(follow(&link).unwrap_err().to_string(), "it leads through too many symbolic links");
    // A pipe that others read.
    std::os::unix::fs::chown(folder.path(), Some(0), None).unwrap();
    fs::remove_file(&link).unwrap();
    mkfifoat(CWD, &link, Mode::RUSR | Mode::WUSR).unwrap();
    refuse_put_there(&ours).unwrap();
    std::os::unix::fs::chown(&link, Some(65_534), None).unwrap();
    assert_eq!(
        refuse_put_there(&ours).unwrap_err().to_string(),
        "it belongs to another user, in a folder where others may write; choose another name"
    );
}

#[test]
fn a_replaced_file_hands_on_its_mode_and_attributes() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    for old in [0o600, 0o640, 0o664, 0o604] {
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, Permissions::from_mode(old)).unwrap();
        let has_attributes =
            rustix::fs::setxattr(&target, "user.note", b"kept", rustix::fs::XattrFlags::empty()).is_ok();
        let temporary = claim(system(), &target);
        assert_eq!(mode(temporary.path()), 0o600);
        write_all_at(&System, temporary.file(), b"new", 0).unwrap();
        assert!(temporary.publish(true, Readers::Umask).unwrap().is_synced());
        assert_eq!((mode(&target), fs::read(&target).unwrap().as_slice()), (old, &b"new"[..]));
        if has_attributes {
            let mut value = [0; 8];
            let length = rustix::fs::getxattr(&target, "user.note", &mut value[..]).unwrap();
            assert_eq!(&value[..length], b"kept");
        }
        claim(system(), &target).publish(true, Readers::Owner).unwrap();
        assert_eq!(mode(&target), 0o600);
        fs::remove_file(&target).unwrap();
    }
}

#[test]
fn a_replaced_file_hands_on_its_owner_and_group() {
    if !is_root("only root may give a file away") {
        return;
    }
    let folder = tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    fs::write(&target, "old").unwrap();
    std::os::unix::fs::chown(&target, Some(65_534), Some(33)).unwrap();
    fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
    claim(system(), &target).publish(true, Readers::Umask).unwrap();
    let facts = fs::metadata(&target).unwrap();
    assert_eq!((facts.uid(), facts.gid(), mode(&target)), (65_534, 33, 0o640));
}

/// Whoever puts a file into `/tmp` under a name that root is going to write would own what root writes.
#[test]
fn a_file_that_a_stranger_put_into_a_shared_folder_hands_on_nothing() {
    if !is_root("only root may give a file away") {
        return;
    }
    let folder = tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
    let (target, new) = (folder.path().join("a.bdx"), folder.path().join("new.bdx"));
    claim(system(), &new).publish(false, Readers::Umask).unwrap();
    for (readers, expected) in [(Readers::Umask, mode(&new)), (Readers::Owner, 0o600)] {
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::chown(&target, Some(65_534), Some(33)).unwrap();
        fs::set_permissions(&target, Permissions::from_mode(0o666)).unwrap();
        Temporary::claim(system(), &target, readers).unwrap().publish(true, readers).unwrap();
        let facts = fs::metadata(&target).unwrap();
        assert_eq!((facts.uid(), facts.gid(), mode(&target)), (0, 0, expected));
    }
    // Not so where users share a folder without keeping their files apart.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    std::os::unix::fs::chown(&target, Some(65_534), Some(33)).unwrap();
    claim(system(), &target).publish(true, Readers::Umask).unwrap();
    assert_eq!(fs::metadata(&target).unwrap().uid(), 65_534);
}
