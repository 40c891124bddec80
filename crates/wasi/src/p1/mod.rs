//! WASI preview1 (`wasi_snapshot_preview1`), and preview0 (`wasi_unstable`) before it: the interface of core modules.
//!
//! A host function finds the descriptor, passes the gate under the name that the call has in 0.2, and writes its answer into
//! guest memory; what it does is the portable system's, as for components. Why not by way of `wasi-common`:
//! docs/decisions/0017-preview1.md.
//!
//! Hazard: here nothing of a guest's arguments has been checked by the engine. Addresses are (`memory.rs`), numbers and flags
//! where they are read; what is wrong is an error number, never a trap, but for a module that exports no memory at all.

mod descriptor;
mod descriptors;
mod errno;
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
use std::rc::Rc;
use std::sync::Arc;

use callgate_system::{Result, Socket};
use wasmtime::Memory;

use crate::budget::Budget;
use crate::host::Host;
use crate::p2::io::Outbox;
use descriptor::Descriptor;
use descriptors::Descriptors;
pub(crate) use link::linker;

/// What a module of preview1 has besides what every guest has.
pub(crate) struct State {
    descriptors: Descriptors,
    /// The memory that the one instance of a run exports, once it was looked for.
    memory: Cell<Option<Memory>>,
}

impl State {
    /// For at most `descriptors` at a time, within `budget`.
    pub(crate) fn new(descriptors: usize, budget: &Budget) -> Self {
        Self { descriptors: Descriptors::new(descriptors, budget), memory: Cell::new(None) }
    }

    /// What descriptors hold that has not gone out yet.
    pub(crate) fn unsent(&self) -> Vec<Rc<Outbox>> {
        self.descriptors.unsent()
    }
}

/// Opens what a module finds open: the standard streams, sockets that were handed in, then the mounts.
///
/// # Errors
/// `InsufficientMemory` where that is more than the guest may have.
pub(crate) fn begin(host: &Host, listeners: &[Arc<dyn Socket>]) -> Result<()> {
    let table = &host.p1.descriptors;
    table.add(Descriptor::input("stdin", &host.streams.stdin))?;
    table.add(Descriptor::output("stdout", &host.streams.stdout))?;
    table.add(Descriptor::output("stderr", &host.streams.stderr))?;
    for socket in listeners {
        table.add(Descriptor::listener(socket))?;
    }
    for (mount, directory) in &host.surroundings.mounts {
        table.add(Descriptor::root(mount, directory, &host.budget)?)?;
    }
    Ok(())
}
