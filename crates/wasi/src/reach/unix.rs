//! Other names of a file, on Unix.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// True if the file has no second name, by which it could be reached from elsewhere: neither a hard link nor a mount of its own.
pub(super) fn has_one_name(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.nlink() == 1) && !mounts::is_mount(file)
}

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "no_file_mounts.rs")]
mod mounts;
