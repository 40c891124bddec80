//! Names to addresses: the C library's resolver, and for each lookup an eventfd that becomes readable with the answer.
//!
//! Hazard: the standard library keeps only the text of the resolver's error, which is read here ([`classified`]). The portable
//! backend reads it too, for more C libraries than these: neither knows the other, and what a C library says has no place in
//! `callgate-system`.

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};

use callgate_system::lookup::{Notify, QueuedLookup};
use callgate_system::{Code, Error, Result};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::descriptor::Descriptor;
use crate::error::{Portable as _, portable};

/// One lookup.
pub(crate) type LinuxLookup = QueuedLookup<Eventfd>;

/// Readable once the answer is there.
pub(crate) struct Eventfd(Descriptor);

impl Eventfd {
    pub(crate) fn new() -> Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).portable()?;
        Ok(Self(Descriptor::own(fd)))
    }

    /// The descriptor to poll.
    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.0
    }
}

impl Notify for Eventfd {
    fn notify(&self) {
        // From 0, 1 always fits.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

/// The addresses of `name`, as the C library's resolver has them; waits for it.
///
/// # Errors
/// `NameUnresolvable` where the name has none; `TemporaryResolverFailure` or `PermanentResolverFailure` where that can't be told.
pub fn resolve(name: &str) -> Result<Vec<IpAddr>> {
    let found = (name, 0).to_socket_addrs().map_err(|error| classified(&error))?;
    Ok(found.map(|address| address.ip()).collect())
}

/// The resolver's error, from the text of `gai_strerror`: glibc's and musl's, which no locale changes, because the
/// process never sets one.
fn classified(error: &io::Error) -> Error {
    if let Some(errno) = Errno::from_io_error(error) {
        return Error { code: Code::TemporaryResolverFailure, ..portable(errno) };
    }
    let text = error.to_string();
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    let code = if says(&["Temporary failure", "Try again", "Memory allocation", "Out of memory"]) {
        Code::TemporaryResolverFailure
    } else if says(&["Non-recoverable", "Unrecoverable"]) {
        Code::PermanentResolverFailure
    } else {
        Code::NameUnresolvable
    };
    code.into()
}

#[cfg(test)]
mod tests;
