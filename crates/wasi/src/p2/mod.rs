//! WASI 0.2: the host functions, one file an interface.
//!
//! Each is three lines: find the handle, pass the gate, convert the answer. They are registered by hand, for two things
//! that generated bindings don't give: paths and buffers are borrowed from guest memory itself, and a file reads as the
//! index of its interface. That the names and types are the standard's is checked by linking a component that imports
//! everything (`tests/wit_linked.rs`).

mod cli;
mod clocks;
mod diagnostics;
pub(crate) mod filesystem;
pub(crate) mod io;
mod random;
mod sockets;

pub(crate) use cli::{TerminalInput, TerminalOutput};
pub(crate) use sockets::{AddressStream, IncomingDatagrams, Network, OutgoingDatagrams, TcpSocket, UdpSocket};

use wasmtime::component::{Linker, LinkerInstance, ResourceType};

use crate::host::{Context, Host};

/// The version of the standard's packages that is linked; the linker serves every 0.2 release below it too.
const VERSION: &str = "0.2.12";

/// What a function registration takes.
type Interface<'a> = LinkerInstance<'a, Host>;

/// Registers every interface.
pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    io::link(linker)?;
    clocks::link(linker)?;
    random::link(linker)?;
    filesystem::link(linker)?;
    cli::link(linker)?;
    sockets::link(linker)?;
    diagnostics::link(linker)
}

/// Opens the registration of one interface of the standard: `wasi:io/poll`.
fn interface<'a>(linker: &'a mut Linker<Host>, name: &str) -> wasmtime::Result<Interface<'a>> {
    linker.instance(&format!("{name}@{VERSION}"))
}

/// Registers a resource type whose handles are those of `T`.
fn resource<T: 'static>(interface: &mut Interface<'_>, name: &str) -> wasmtime::Result<()> {
    interface.resource(name, ResourceType::host::<T>(), |cx: Context<'_>, id| cx.data().close(id))
}
