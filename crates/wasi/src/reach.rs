//! The files of the host that a guest may write to. The question is asked of paths that are the host's own: the code that runs, the
//! cache of such code.

#[cfg_attr(unix, path = "reach/unix.rs")]
#[cfg_attr(not(unix), path = "reach/windows.rs")]
mod platform;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callgate_system::{Directory, System};

/// True if a guest of `system` with these `writable` mounts may write to the file or folder of the host at `path`, or to one that may be made
/// there. Says yes where that can't be told.
pub(crate) fn may_write<'a>(
    system: &dyn System,
    mut writable: impl Iterator<Item = &'a Arc<dyn Directory>>,
    path: &Path,
) -> bool {
    let Ok(folder) = folder_of(path) else { return true };
    let Ok(directory) = system.open_root(folder.as_os_str()) else { return true };
    writable.any(|mount| directory.lies_within(&**mount).unwrap_or(true))
}

/// The innermost folder that is there on the way to `path`, links resolved.
///
/// # Errors
/// If it can't be told, or a file has other names elsewhere.
fn folder_of(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Ok(found) if found.is_dir() => Ok(found),
        Ok(found) if platform::has_one_name(&found) => Ok(parent(&found).to_owned()),
        Ok(_) => Err(io::Error::other("it has other names")),
        Err(_) if path.is_symlink() => Err(io::Error::other("a link that leads to nothing yet")),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.parent().is_some() => folder_of(parent(path)),
        Err(error) => Err(error),
    }
}

/// The folder of a relative path without one is the working directory.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != OsStr::new("")).unwrap_or(Path::new("."))
}
