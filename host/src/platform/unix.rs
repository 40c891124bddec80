//! What is so on every system but Windows.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

/// Where a guest finds a host directory that was mounted under its own path.
pub(crate) fn guest_path(host: &OsStr) -> Option<String> {
    host.to_str().map(str::to_owned)
}

/// A temporary file is its owner's alone; one that stays is everybody's, as far as the user's mask says.
pub(crate) fn readable_by_others(file: &mut tempfile::Builder<'_, '_>) {
    file.permissions(Permissions::from_mode(0o666));
}
