//! Unix-specific links and names.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
pub(crate) use std::os::unix::fs::symlink;

/// Names that are not UTF-8, which Linux takes and the interface does not.
pub(crate) fn odd_names() -> Vec<OsString> {
    let names: [&[u8]; 5] = [b"\xff", b"\x80\x81", b"bad \xc3", b"\xed\xa0\x80 surrogate", b"overlong \xc0\xaf"];
    names.into_iter().map(|name| OsString::from_vec(name.to_vec())).collect()
}

/// The shell, for scripts that stand for programs of this system.
pub(crate) fn shell() -> Option<&'static str> {
    Some("/bin/sh")
}
