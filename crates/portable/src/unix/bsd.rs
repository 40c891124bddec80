//! What the other Unixes do, macOS first among them.

use cap_std::fs::OpenOptions;
use rustix::net::SendFlags;

/// How many times what was asked for a socket's buffer stands in its option.
pub(crate) const BUFFER_SHARE: usize = 1;

/// macOS has no flag against the signal for a connection that is gone. socket2 sets the socket so (`SO_NOSIGPIPE`), and
/// Rust's runtime ignores it.
pub(crate) const SEND: SendFlags = SendFlags::empty();

/// There is no way to open for the attributes alone.
pub(crate) fn attributes_alone() -> Option<OpenOptions> {
    None
}
