//! Files under names that others could guess: opened only where they are ours, so that nobody who may write into the
//! folder leads us to another file.

#![forbid(unsafe_code)]

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{Disk, Readers, folder_of, refused};

/// The most links that are followed one after another.
const MOST_LINKS: u32 = 40;

/// The mode of folders in which only a file's owner may remove it.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

/// Mode of files that are ours alone.
pub(super) const PRIVATE: u32 = 0o600;

/// Opens a file of ours for reading and writing, or makes it, for its owner alone; says whether it was made.
///
/// # Errors
/// The system's; [`ErrorKind::PermissionDenied`] with the reason for a link, for what is no regular file, and for a file
/// that another user put there.
pub fn open_or_create(disk: &dyn Disk, path: &Path) -> io::Result<(File, bool)> {
    loop {
        match disk.create_new(path, PRIVATE) {
            Ok(file) => return Ok((file, true)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        match open_existing(disk, path) {
            // It went away meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Ok(file) => return Ok((file, false)),
            Err(error) => return Err(error),
        }
    }
}

/// Makes a file in place of what an earlier run left under its name.
///
/// # Errors
/// As [`open_or_create`].
pub fn replace_leftover(disk: &dyn Disk, path: &Path, readers: Readers) -> io::Result<File> {
    loop {
        match disk.create_new(path, readers.mode()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let facts = match std::fs::symlink_metadata(path) {
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    facts => facts?,
                };
                refuse_strange(path, &facts)?;
                match disk.remove(path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            created => return created,
        }
    }
}

/// Where a path leads, for what is written there: links are followed, but for those that others put into a folder where they
/// may write. Whoever may make a link there could name any file of ours.
///
/// Linux refuses to follow such links itself where a folder is sticky and `fs.protected_symlinks` is set, and cannot where a
/// program reads them.
///
/// # Errors
/// The system's; [`ErrorKind::PermissionDenied`] with the reason.
pub fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        let facts = std::fs::symlink_metadata(&at)?;
        if !facts.is_symlink() {
            let folder = std::fs::canonicalize(folder_of(&at))?;
            // Not resolved a second time: what was looked at may be a link by now.
            return at.file_name().map_or_else(|| std::fs::canonicalize(&at), |name| Ok(folder.join(name)));
        }
        if is_put_there(&at, &facts)? {
            let reason = "it is a symbolic link of another user in a folder where others may write; name the file that it \
                          leads to, or remove it";
            return Err(refused(reason));
        }
        at = folder_of(&at).join(std::fs::read_link(&at)?);
    }
    Err(io::Error::other("it leads through too many symbolic links"))
}

/// Refuses to write into a pipe, or what else is no regular file, that others put into a folder where they may write.
///
/// # Errors
/// As [`follow`].
pub fn refuse_put_there(path: &Path) -> io::Result<()> {
    let path = match follow(path) {
        // What the system's own links of open files are called is no path.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        followed => followed?,
    };
    if is_put_there(&path, &std::fs::symlink_metadata(&path)?)? {
        return Err(refused(
            "it belongs to another user, in a folder where others may write; choose another name",
        ));
    }
    Ok(())
}

/// Whether what has a name belongs neither to us, nor to root, nor to whose folder it is in, and others may write there.
#[cfg(unix)]
fn is_put_there(path: &Path, facts: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    let folder = std::fs::metadata(folder_of(path))?;
    let is_foreign = ![rustix::process::geteuid().as_raw(), 0, folder.uid()].contains(&facts.uid());
    Ok(is_foreign && folder.mode() & 0o022 != 0)
}

/// Whether a file is somebody else's in a folder where users keep their files apart, such as `/tmp`: it may have been put
/// there so that we give what we write to its owner.
#[cfg(unix)]
pub(crate) fn is_strangers(path: &Path, facts: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    Ok(is_put_there(path, facts)? && std::fs::metadata(folder_of(path))?.mode() & STICKY != 0)
}

#[cfg(not(unix))]
fn is_put_there(_: &Path, _: &Metadata) -> io::Result<bool> {
    Ok(false)
}

/// Refuses a file of ours that is there, left by an earlier run under a name that others could guess, if it is a link, no
/// regular file, or may have been put there by another user. Says whether there is one.
///
/// # Errors
/// The system's; [`ErrorKind::PermissionDenied`] with the reason.
pub fn is_left(path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        facts => refuse_strange(path, &facts?).map(|()| true),
    }
}

/// Refuses a folder of ours that is there if it is a link, no folder, or belongs to another user, unless that is root or whose
/// folder it is in.
///
/// # Errors
/// The system's; [`ErrorKind::PermissionDenied`] with the reason.
pub fn refuse_strange_folder(path: &Path) -> io::Result<()> {
    let facts = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        facts => facts?,
    };
    if facts.is_symlink() {
        return Err(refused("it is a symbolic link, which is not followed here; remove it"));
    }
    if !facts.is_dir() {
        return Err(refused("it is not a folder; remove it"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let above = std::fs::metadata(folder_of(path))?;
        if ![rustix::process::geteuid().as_raw(), 0, above.uid()].contains(&facts.uid()) {
            return Err(refused("it belongs to another user; remove it or choose another folder"));
        }
    }
    Ok(())
}

/// Opens a file of ours that is there.
pub(super) fn open_existing(disk: &dyn Disk, path: &Path) -> io::Result<File> {
    // Opening a pipe or a device may do something, so it is looked at before, and again once it is open.
    refuse_strange(path, &std::fs::symlink_metadata(path)?)?;
    let file = disk.open(path)?;
    refuse_strange(path, &file.metadata()?)?;
    Ok(file)
}

/// Refuses what no run of ours leaves.
pub(super) fn refuse_strange(path: &Path, facts: &Metadata) -> io::Result<()> {
    if facts.is_symlink() {
        return Err(refused("it is a symbolic link, which is not followed here; remove it"));
    }
    if !facts.is_file() {
        return Err(refused("it is not a regular file; remove it"));
    }
    refuse_foreign(path, facts)
}

/// Refuses a file of another user, unless that is root or whose folder it is; and in a folder where others may write one
/// that has other names, for these may be theirs.
#[cfg(unix)]
fn refuse_foreign(path: &Path, facts: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    let folder = std::fs::metadata(folder_of(path))?;
    if ![rustix::process::geteuid().as_raw(), 0, folder.uid()].contains(&facts.uid()) {
        return Err(refused("it belongs to another user; remove it or choose another folder"));
    }
    if folder.mode() & 0o022 != 0 && facts.nlink() > 1 {
        return Err(refused("it has other names (hard links), which others may have made; remove it"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_foreign(path: &Path, _: &Metadata) -> io::Result<()> {
    let _ = folder_of(path);
    Ok(())
}
