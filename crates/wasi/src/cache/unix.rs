//! What Unix tells of a file.

use std::fs::{DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The coarsest step of a file's times that is in use (FAT's).
const TICK: Duration = Duration::from_secs(2);

/// A name that changes whenever the file's content does: nobody can set the time of last change.
pub(super) fn identity(file: &File) -> io::Result<String> {
    let file = file.metadata()?;
    let (device, inode, size) = (file.dev(), file.ino(), file.size());
    let modified = (file.mtime(), file.mtime_nsec());
    let changed = (file.ctime(), file.ctime_nsec());
    Ok(format!("{device:x}-{inode:x}-{size:x}-{}.{}-{}.{}", modified.0, modified.1, changed.0, changed.1))
}

/// Whether a file's content is older than a tick of its clock, so that a later change must show in its times.
pub(crate) fn is_settled(file: &File) -> bool {
    let changed = file.metadata().ok().and_then(|metadata| last_change(&metadata));
    changed.and_then(|changed| SystemTime::now().duration_since(changed).ok()).is_some_and(|age| age > TICK)
}

/// When content or attributes last changed.
fn last_change(file: &Metadata) -> Option<SystemTime> {
    let changed = Duration::new(u64::try_from(file.ctime()).ok()?, u32::try_from(file.ctime_nsec()).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(changed)
}

/// Makes a folder, and those on the way to it, for its owner alone.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_just_written_is_not_settled() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "x").unwrap();
        assert!(!is_settled(&File::open(&program).unwrap()));
    }
}
