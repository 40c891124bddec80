//! What is so on Windows.

use std::io;
use std::os::windows::fs::symlink_file;

/// Whether symbolic links can be made: it takes a privilege, or the developer mode.
pub(crate) fn symlinks() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    symlink_file("nowhere", folder.path().join("link"))
}

/// They have, but only where a program asks for that.
pub(crate) fn holes() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is nothing of the kind.
pub(crate) fn private_mounts() -> Option<&'static [&'static str]> {
    None
}

/// There is no such request here.
pub(crate) fn terminate(_child: u32) {
    unreachable!("Windows has no signals");
}
