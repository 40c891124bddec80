//! What is so on every Unix.

use std::io;

/// Whether symbolic links can be made: always.
#[allow(clippy::unnecessary_wraps, reason = "not so on Windows")]
pub(crate) fn symlinks() -> io::Result<()> {
    Ok(())
}
