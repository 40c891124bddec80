//! Windows-specific abilities of the machine.

use std::io;
use std::os::windows::fs::symlink_file;

/// Succeeds if symbolic links can be made. That takes a privilege, or the developer mode.
pub(crate) fn symlinks() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    symlink_file("nowhere", folder.path().join("link"))
}

/// Fails: files have holes on Windows only where a program asks for them.
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

/// There is no such request here.
pub(crate) fn ask(_child: u32) {
    unreachable!("Windows has no signals");
}
