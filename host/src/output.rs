//! Files that callgate writes for its user: each appears when it is whole, and what stood there before stays until then.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::platform;

/// Writes a file at once.
///
/// # Errors
/// Those of the system; then nothing has changed.
pub(crate) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    // A device or a pipe is written to, not replaced.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return fs::write(path, contents);
    }
    let mut file = beside(path)?;
    file.write_all(contents)?;
    persist(file, path)
}

/// A file without a name yet, in the folder where `path` is to be.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut like_others = tempfile::Builder::new();
    platform::readable_by_others(&mut like_others);
    like_others.tempfile_in(folder)
}

/// Gives it its name.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|error| error.error)
}
