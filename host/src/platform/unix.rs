//! What is so on every system but Windows.

use std::ffi::OsStr;

/// Where a guest finds a host directory that was mounted under its own path.
pub(crate) fn guest_path(host: &OsStr) -> Option<String> {
    host.to_str().map(str::to_owned)
}
