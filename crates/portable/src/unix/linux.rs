//! Linux-specific calls.

use std::os::fd::AsFd as _;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;
use rustix::net::SendFlags;

/// The factor by which the kernel reports a socket buffer larger than requested (socket(7)).
pub(crate) const BUFFER_SHARE: usize = 2;

/// No signal for a connection that is gone.
pub(crate) const SEND: SendFlags = SendFlags::NOSIGNAL;

/// Options to open for the attributes alone; a link is opened itself.
#[allow(clippy::unnecessary_wraps, reason = "elsewhere there is no such way")]
pub(crate) fn attributes_alone() -> Option<OpenOptions> {
    let mut options = OpenOptions::new();
    // Nothing is read through `O_PATH`; cap-std wants to hear of some use.
    options.read(true).follow(FollowSymlinks::No).custom_flags(OFlags::PATH.bits().cast_signed());
    Some(options)
}

/// True if one directory is another, or is reached from it downwards, through whatever mounts.
pub(crate) fn lies_within(inner: &Dir, outer: &Dir) -> rustix::io::Result<bool> {
    callgate_mounts::lies_within(inner.as_fd(), outer.as_fd())
}

/// True if names in a directory may be told apart ignoring case, also where that can't be told.
pub(crate) fn ignores_case(dir: &Dir) -> bool {
    callgate_mounts::ignores_case(dir.as_fd())
}
