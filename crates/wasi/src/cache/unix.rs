//! What Unix tells of a file.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A name that changes whenever the file's content does: nobody can set the time of last change.
#[allow(clippy::unnecessary_wraps, reason = "other systems can't always tell")]
pub(super) fn identity(file: &Metadata) -> Option<String> {
    let (device, inode, size) = (file.dev(), file.ino(), file.size());
    let modified = (file.mtime(), file.mtime_nsec());
    let changed = (file.ctime(), file.ctime_nsec());
    Some(format!("{device:x}-{inode:x}-{size:x}-{}.{}-{}.{}", modified.0, modified.1, changed.0, changed.1))
}

/// When content or attributes last changed.
pub(super) fn last_change(file: &Metadata) -> Option<SystemTime> {
    let changed = Duration::new(u64::try_from(file.ctime()).ok()?, u32::try_from(file.ctime_nsec()).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(changed)
}

/// Makes a folder, and those on the way to it, for its owner alone.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
