//! Calls that are specific to the other Unixes, macOS first among them.

use cap_std::fs::{Dir, OpenOptions};
use rustix::fs::AtFlags;
use rustix::io::{Errno, Result};
use rustix::net::SendFlags;

/// The factor by which the system reports a socket buffer larger than requested.
pub(crate) const BUFFER_SHARE: usize = 1;

/// macOS has no flag against the signal for a connection that is gone. socket2 sets the socket so (`SO_NOSIGPIPE`), and
/// Rust's runtime ignores it.
pub(crate) const SEND: SendFlags = SendFlags::empty();

/// There is no way to open for the attributes alone.
pub(crate) fn attributes_alone() -> Option<OpenOptions> {
    None
}

/// The most levels up that a directory is looked for; a path can't be deeper.
const DEEPEST: usize = 512;

/// True if one directory is another, or is reached from it downwards: by the way up to the root, which is its own parent.
pub(crate) fn lies_within(inner: &Dir, outer: &Dir) -> Result<bool> {
    let identity = |dir: &Dir, path: &str| {
        let stat = rustix::fs::statat(dir, path, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok::<_, Errno>((stat.st_dev, stat.st_ino))
    };
    let (wanted, mut path, mut below) = (identity(outer, ".")?, ".".to_owned(), None);
    for _ in 0..DEEPEST {
        let here = identity(inner, &path)?;
        if here == wanted || below == Some(here) {
            return Ok(here == wanted);
        }
        below = Some(here);
        path.push_str("/..");
    }
    Err(Errno::NAMETOOLONG)
}

/// True if names in a directory may be told apart ignoring case. macOS does so as a rule, and nothing portable tells.
pub(crate) fn ignores_case(_dir: &Dir) -> bool {
    true
}
