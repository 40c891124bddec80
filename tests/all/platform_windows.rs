//! Windows-specific links and names.

use std::ffi::OsString;
use std::io::Result;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::{symlink_dir, symlink_file};
use std::path::Path;

/// Windows wants to know what a link will point to; it needs a privilege, or the developer mode.
pub(crate) fn symlink(target: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
    let beside = link.as_ref().parent().unwrap_or(Path::new("")).join(&target);
    if beside.is_dir() { symlink_dir(target, link) } else { symlink_file(target, link) }
}

/// Names that are not UTF-16, which NTFS takes and the interface does not.
pub(crate) fn odd_names() -> Vec<OsString> {
    [&[0xd800][..], &[0xdfff, 0x78], &[0x78, 0xdbff]].into_iter().map(OsString::from_wide).collect()
}

/// No shell that a script could be written for once for all systems.
pub(crate) fn shell() -> Option<&'static str> {
    None
}
