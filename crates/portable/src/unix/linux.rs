//! What only Linux does.

use rustix::net::SendFlags;

/// How many times what was asked for a socket's buffer stands in its option (socket(7)).
pub(crate) const BUFFER_SHARE: usize = 2;

/// No signal for a connection that is gone.
pub(crate) const SEND: SendFlags = SendFlags::NOSIGNAL;
