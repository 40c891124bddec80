//! Opening a file without waiting for anybody.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens the file at `path` to read it. `O_NONBLOCK`: a FIFO would wait for somebody who writes. `O_NOCTTY`: a terminal would become that
/// of the process.
pub(crate) fn without_waiting(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Device and inode.
pub(crate) type Identity = (u64, u64);

/// Identifies the file that was found.
pub(crate) fn identity(found: &Metadata) -> Identity {
    (found.dev(), found.ino())
}
