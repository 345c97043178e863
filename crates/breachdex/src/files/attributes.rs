//! What a file keeps when another takes its place: mode, owner, group, and what else the file system knows of it.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(unix)]
use super::owned::is_strangers;

/// Who may do what with a file, to be given to the one that takes its place.
#[cfg(unix)]
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    mode: u32,
    owner: u32,
    group: u32,
    /// Extended attributes, access lists among them.
    extended: Vec<(std::ffi::CString, Vec<u8>)>,
}

#[cfg(unix)]
impl Attributes {
    /// Those of a file that is there; `None` where there is none, for a link, for it is replaced and not what it leads to, and
    /// for a stranger's file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let facts = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        if is_strangers(path, &facts).unwrap_or(true) {
            return None;
        }
        Some(Self {
            mode: facts.mode() & 0o777,
            owner: facts.uid(),
            group: facts.gid(),
            extended: extended::of(path),
        })
    }

    /// Gives them to a file that nobody else may open yet. Owner and group are given where the system lets us; a group that
    /// cannot be kept gets no right that others do not have. A `private` file is its owner's alone whatever the mode was.
    pub(super) fn give(&self, file: &File, private: bool) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt as _, fchown};

        let facts = file.metadata()?;
        if (facts.uid(), facts.gid()) != (self.owner, self.group)
            && fchown(file, Some(self.owner), Some(self.group)).is_err()
        {
            // Another group of ours, without the owner, is what users other than root may give.
            let _ = fchown(file, None, Some(self.group));
        }
        let has_group = file.metadata()?.gid() == self.group;
        let mode = match (private, has_group) {
            (true, _) => 0o600,
            (false, true) => self.mode,
            (false, false) => self.mode & (0o707 | (self.mode & 0o007) << 3),
        };
        if !private {
            extended::give(file, &self.extended, has_group);
        }
        give_mode(file, mode)
    }
}

/// Gives a file a mode, where its file system has modes.
#[cfg(unix)]
pub(super) fn give_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match file.set_permissions(std::fs::Permissions::from_mode(mode)) {
        // What all files of a mount have in common cannot be changed; nor was it when the file was made.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        given => given,
    }
}

/// The mode of a file.
#[cfg(unix)]
pub(super) fn mode_of(file: &File) -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.metadata()?.mode() & 0o777)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod extended {
    use std::ffi::{CStr, CString};
    use std::fs::File;
    use std::path::Path;

    use rustix::fs::{XattrFlags, fsetxattr, lgetxattr, llistxattr};

    /// The longest list and the longest value that Linux has.
    const MOST: usize = 64 << 10;
    /// Those that speak of a file's content or of what it may do, which the new file has not earned.
    const OF_CONTENT: [&str; 3] = ["security.capability", "security.evm", "security.ima"];
    const ACCESS_LIST: &str = "system.posix_acl_access";

    /// All that can be read; none where the file system has none.
    pub(super) fn of(path: &Path) -> Vec<(CString, Vec<u8>)> {
        let mut names = vec![0_u8; MOST];
        let Ok(length) = llistxattr(path, &mut names[..]) else { return Vec::new() };
        let names = names[..length].split_inclusive(|byte| *byte == 0);
        let names = names.filter_map(|name| CStr::from_bytes_with_nul(name).ok());
        let wanted = names.filter(|name| !OF_CONTENT.iter().any(|other| other.as_bytes() == name.to_bytes()));
        wanted
            .filter_map(|name| {
                let mut value = vec![0_u8; MOST];
                let length = lgetxattr(path, name, &mut value[..]).ok()?;
                value.truncate(length);
                Some((name.to_owned(), value))
            })
            .collect()
    }

    /// Gives a file what it is allowed to have.
    pub(super) fn give(file: &File, all: &[(CString, Vec<u8>)], with_access_list: bool) {
        for (name, value) in all {
            if with_access_list || name.to_bytes() != ACCESS_LIST.as_bytes() {
                // What the system keeps for itself is not ours to set.
                let _ = fsetxattr(file, name.as_c_str(), value, XattrFlags::empty());
            }
        }
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android", target_vendor = "apple"))))]
mod extended {
    pub(super) fn of(_: &std::path::Path) -> Vec<(std::ffi::CString, Vec<u8>)> {
        Vec::new()
    }

    pub(super) fn give(_: &std::fs::File, _: &[(std::ffi::CString, Vec<u8>)], _: bool) {}
}

/// Where files have no modes there is nothing to keep.
#[cfg(not(unix))]
#[derive(Clone, Debug)]
pub(super) struct Attributes;

#[cfg(not(unix))]
impl Attributes {
    pub(super) fn of(_: &Path) -> Option<Self> {
        Some(Self)
    }

    pub(super) fn give(&self, _: &File, _: bool) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(unix))]
pub(super) fn give_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn mode_of(_: &File) -> io::Result<u32> {
    Ok(0)
}
