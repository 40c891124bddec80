//! WASI preview1 (`wasi_snapshot_preview1`), and preview0 (`wasi_unstable`) before it: the interface of core modules.
//!
//! A host function finds the descriptor, passes the gate under the name that the call has in 0.2, and writes its answer into
//! guest memory. The work itself is the portable system's, as for components. Why this doesn't go through `wasi-common`:
//! docs/decisions/0017-preview1.md.
//!
//! Hazard: here nothing of a guest's arguments has been checked by the engine. Addresses are (`memory.rs`), numbers and flags
//! where they are read. A wrong argument is an error number, never a trap, but for a module that exports no memory at all.

mod errno;
mod fd;
mod fds;
mod files;
mod link;
mod listing;
mod memory;
mod paths;
mod poll;
mod process;
mod rights;
mod sockets;
mod transfer;
mod values;

use std::cell::Cell;
use std::sync::Arc;

use callgate_system::{Result, Socket};
use wasmtime::Memory;

use crate::host::Host;
use crate::objects::{Descriptor, TcpSocket};
use fd::Fd;
use fds::Fds;
pub(crate) use link::linker;

/// The state of a module of preview1, in addition to that of every guest.
#[derive(Default)]
pub(crate) struct State {
    fds: Fds,
    /// The memory that the one instance of a run exports, once it was looked for.
    memory: Cell<Option<Memory>>,
}

/// Opens what a module finds open: the standard streams, sockets that were handed in, then the mounts.
///
/// # Errors
/// `InsufficientMemory` where that is more than the guest may have.
pub(crate) fn begin(host: &Host, listeners: &[Arc<dyn Socket>]) -> Result<()> {
    let (fds, handles) = (&host.preview1.fds, &host.handles);
    fds.add_input(handles, &host.streams.stdin)?;
    fds.add_output(handles, &host.streams.stdout)?;
    fds.add_output(handles, &host.streams.stderr)?;
    for socket in listeners {
        fds.add_listener(handles, TcpSocket::listening(socket))?;
    }
    for (mount, directory) in &host.surroundings.mounts {
        fds.add_descriptor(handles, Arc::new(Descriptor::root(mount, directory, &host.budget)?), Fd::root)?;
    }
    Ok(())
}
