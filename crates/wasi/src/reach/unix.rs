//! Other names of a file, on Unix.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whether the file has no second name, by which it could be reached from elsewhere.
pub(super) fn has_one_name(file: &Path) -> bool {
    file.metadata().is_ok_and(|file| file.nlink() == 1)
}
