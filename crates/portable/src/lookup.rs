//! Names to addresses: the system's resolver; the bell rings with each answer.
//!
//! Hazard: on Unix the standard library keeps only the text of the resolver's error, which is read here ([`classified`]).

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::Arc;

use callgate_system::lookup::{Notify, QueuedLookup};
use callgate_system::{Code, Error, Result};

use crate::bell::Bell;
use crate::error::{coded, portable};

/// One lookup.
pub(crate) type PortableLookup = QueuedLookup<Arc<Bell>>;

impl Notify for Bell {
    fn notify(&self) {
        self.ring();
    }
}

/// Asks the system.
pub(crate) fn resolve(name: &str) -> Result<Vec<IpAddr>> {
    let found = (name, 0).to_socket_addrs().map_err(classified)?;
    Ok(found.map(|address| address.ip()).collect())
}

/// The resolver's error: by its number (Windows), or from the text of `gai_strerror`: glibc's, musl's and macOS's, which
/// no locale changes, because the process never sets one.
fn classified(error: io::Error) -> Error {
    if error.raw_os_error().is_some() {
        let error = portable(error);
        let is_answer = matches!(error.code, Code::NameUnresolvable | Code::PermanentResolverFailure);
        return if is_answer { error } else { coded(Code::TemporaryResolverFailure, error) };
    }
    let text = error.to_string().to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    let code = if says(&["temporary failure", "try again", "memory allocation", "out of memory"]) {
        Code::TemporaryResolverFailure
    } else if says(&["non-recoverable", "unrecoverable"]) {
        Code::PermanentResolverFailure
    } else {
        Code::NameUnresolvable
    };
    code.into()
}

#[cfg(test)]
mod tests;
