//! Whose an overlay is, and that nobody else reads it.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::Path;

use crate::error::Result;
#[cfg(unix)]
use crate::error::io_error;
#[cfg(unix)]
use crate::files::is_strangers;

/// Gives a file that was just made to whom the overlay that is there belongs: a change by an administrator must not take
/// it from the service that reads it.
#[cfg(unix)]
pub(super) fn keep(file: &File, overlay: &Path) -> Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    let Ok(old) = std::fs::metadata(overlay) else { return Ok(()) };
    if is_strangers(overlay, &old).map_err(io_error("read", overlay))? {
        return Ok(());
    }
    let new = file.metadata().map_err(io_error("read", overlay))?;
    if old.uid() == new.uid() {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid())).map_err(io_error("keep the owner of", overlay))
}

/// Takes an overlay that was made readable to others away from them. Its time stays, so that no reader takes it for a
/// changed one.
#[cfg(unix)]
pub(super) fn narrow(overlay: &Path) -> Result<()> {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let facts = metadata(overlay).map_err(io_error("read", overlay))?;
    if facts.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    set_permissions(overlay, Permissions::from_mode(0o600)).map_err(io_error("change the mode of", overlay))
}

#[cfg(not(unix))]
pub(super) fn keep(_: &File, _: &Path) -> Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn narrow(_: &Path) -> Result<()> {
    Ok(())
}
