//! Names to addresses: the system's resolver (`GetAddrInfoW`, called by the standard library), and the sleepers for an answer.
//!
//! Not `GetAddrInfoExW`, which doesn't wait: it takes as many lookups as it is given, on threads of its own, so a queue would
//! be needed all the same, and the memory that it writes to would have to outlive a lookup that nobody wants any more.

use std::any::Any;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_system::lookup::{Notify, QueuedLookup};
use callgate_system::{Code, Error, Lookup, Result};

use crate::error::Winsock;
use crate::wake::{Wake, Wakers};

/// The sleepers that wait for one lookup.
#[derive(Default)]
pub(super) struct Sleepers(Mutex<Wakers>);

impl Sleepers {
    fn wakers(&self) -> MutexGuard<'_, Wakers> {
        // No panic leaves them half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notify for Sleepers {
    fn notify(&self) {
        self.wakers().wake_all();
    }
}

/// True if the answer is there. If not, `waker` is woken when it comes. A lookup of another system counts as answered.
pub(super) fn poll(lookup: &dyn Lookup, waker: &Arc<dyn Wake>) -> bool {
    let lookup: &dyn Any = lookup;
    let Some(lookup) = lookup.downcast_ref::<QueuedLookup<Sleepers>>() else { return true };
    let Some(sleepers) = lookup.pending() else { return true };
    sleepers.wakers().register(waker);
    // An answer that came in between woke nobody.
    lookup.pending().is_none()
}

/// Asks the system.
pub(super) fn resolve(name: &str) -> Result<Vec<IpAddr>> {
    let found = (name, 0).to_socket_addrs().map_err(|error| not_resolved(&error))?;
    Ok(found.map(|address| address.ip()).collect())
}

/// The resolver's error: Winsock's code. An error that isn't about names at all (no memory, no network) may be over next time.
fn not_resolved(error: &io::Error) -> Error {
    let Some(number) = error.raw_os_error() else { return Code::NameUnresolvable.into() };
    let said = Winsock(number.unsigned_abs());
    let portable = said.portable();
    match portable.code {
        Code::NameUnresolvable | Code::TemporaryResolverFailure | Code::PermanentResolverFailure => portable,
        _ => said.meaning(Code::TemporaryResolverFailure),
    }
}

#[cfg(test)]
pub(super) mod tests;
