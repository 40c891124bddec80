//! `wasi:filesystem`: preopens, types.

mod descriptor;
mod preopens;
mod recent;
mod types;
mod values;

pub(crate) use descriptor::{Descriptor, DirectoryEntries};
pub(crate) use recent::{Moment, Recent};

use wasmtime::component::Linker;

use crate::host::Host;

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    types::link(linker)?;
    preopens::link(linker)
}
