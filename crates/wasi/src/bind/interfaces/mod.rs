//! The table of functions, one file for each package of the interface: name, parameters, answer, and the function of `calls/` that it is.
//! A component that imports all of it is linked by `tests/wit_linked.rs`, so a wrong name or type shows.

mod cli;
mod clocks;
mod diagnostics;
mod filesystem;
mod io;
mod random;
mod sockets;
mod udp;

use wasmtime::component::{Linker, LinkerInstance, ResourceType};

use crate::calls;
use crate::host::{Context, Host};

/// The version of the standard's packages that is linked; the linker serves every 0.2 release below it too.
const VERSION: &str = "0.2.12";

/// Registers every interface.
pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    io::link(linker)?;
    clocks::link(linker)?;
    random::link(linker)?;
    filesystem::link(linker)?;
    cli::link(linker)?;
    sockets::link(linker)?;
    udp::link(linker)?;
    diagnostics::link(linker)
}

/// Opens the registration of one interface: one of the standard's, `wasi:io/poll`, or one of ours, with its version.
fn interface<'a>(linker: &'a mut Linker<Host>, name: &str) -> wasmtime::Result<LinkerInstance<'a, Host>> {
    if name.contains('@') { linker.instance(name) } else { linker.instance(&format!("{name}@{VERSION}")) }
}

/// Registers a resource type whose handles are those of `T`.
fn resource<T: 'static>(interface: &mut LinkerInstance<'_, Host>, name: &str) -> wasmtime::Result<()> {
    interface.resource(name, ResourceType::host::<T>(), |cx: Context<'_>, id| {
        let host = cx.data();
        Ok(calls::close(host, &host.handles.entry(id)?)?)
    })
}

/// A function that registers interfaces:
///
/// ```text
/// "interface" { resource "name": Object; "function" (parameter: Type, …) -> Answer = call; … }
/// ```
macro_rules! interfaces {
    ($($interface:literal {
        $(resource $resource:literal: $object:ty;)*
        $($function:literal ($($parameter:ident: $type:ty),*) -> $answer:ty = $call:expr;)*
    })*) => {
        pub(super) fn link(linker: &mut wasmtime::component::Linker<$crate::host::Host>) -> wasmtime::Result<()> {
            $({
                let mut interface = $crate::bind::interfaces::interface(linker, $interface)?;
                $($crate::bind::interfaces::resource::<$object>(&mut interface, $resource)?;)*
                $(interface.func_wrap(
                    $function,
                    #[allow(unused_variables, reason = "not every function has parameters")]
                    |cx: $crate::host::Context<'_>, ($($parameter,)*): ($(<$type as Parameter>::Engine,)*)| {
                        $(let $parameter = <$type as Parameter>::take(&$parameter, &cx)?;)*
                        let host = cx.data();
                        <$answer as Answer<_>>::answer(host, ($call)(host $(, $parameter.give())*))
                    },
                )?;)*
            })*
            Ok(())
        }
    };
}
use interfaces;
