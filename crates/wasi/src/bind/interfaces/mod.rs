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

use super::direct::Function;
use super::direct::names::Imported;
use crate::calls;
use crate::host::{Context, Host};
use crate::stacks;

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
        stacks::show(&cx);
        let host = cx.data();
        Ok(calls::close(host, host.handles.closing(id)?)?)
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
                        $crate::stacks::show(&cx);
                        $(let $parameter = <$type as Parameter>::take(&$parameter, &cx)?;)*
                        let host = cx.data();
                        <$answer as Answer<_>>::answer(host, ($call)(host $(, $parameter.give())*))
                    },
                )?;)*
            })*
            Ok(())
        }

        /// The core function of this name.
        pub(super) fn function(
            interface: &str,
            imported: $crate::bind::direct::names::Imported<'_>,
        ) -> Option<$crate::bind::direct::Function> {
            #[allow(unused_imports, reason = "not every package has resources, or parameters")]
            use $crate::bind::direct::{Function, LiftFlat, LowerFlat, Shape, drop_handle, view};
            $(if $crate::bind::interfaces::is_named($interface, interface) {
                $(if imported == $crate::bind::direct::names::Imported::Drop($resource) {
                    return Some(Function {
                        parameters: &[&[$crate::abi::Flat::I32]],
                        result_in_memory: false,
                        result: None,
                        call: drop_handle::<$object>,
                    });
                })*
                $(if imported == $crate::bind::direct::names::Imported::Function($function) {
                    fn call(
                        guest: &mut wasmtime::Caller<'_, $crate::host::Host>,
                        #[allow(unused_mut, reason = "not every function has parameters")]
                        mut arguments: $crate::abi::Arguments<'_>,
                    ) -> wasmtime::Result<()> {
                        let outcome = {
                            let view = view(guest)?;
                            $(let $parameter = <$type as LiftFlat>::lift(view, &mut arguments)?;)*
                            ($call)(view.host $(, $parameter.give())*)
                        };
                        <$answer as LowerFlat<_>>::lower(guest, arguments, outcome)
                    }
                    return Some(Function {
                        parameters: &[$(<$type as LiftFlat>::FLAT),*],
                        result_in_memory: <$answer as Shape>::IN_MEMORY,
                        result: <$answer as Shape>::FLAT,
                        call,
                    });
                })*
            })*
            None
        }
    };
}
use interfaces;

/// True if an interface of the table has this name, versions aside.
fn is_named(interface: &str, name: &str) -> bool {
    interface.split_once('@').map_or(interface, |(interface, _)| interface) == name
}

/// The core function of an interface, by its name.
pub(super) fn function(interface: &str, imported: Imported<'_>) -> Option<Function> {
    let packages = [
        io::function,
        clocks::function,
        random::function,
        filesystem::function,
        cli::function,
        sockets::function,
        udp::function,
        diagnostics::function,
    ];
    packages.into_iter().find_map(|function| function(interface, imported))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wit_parser::abi::{AbiVariant, WasmType};
    use wit_parser::{Resolve, TypeDefKind, WorldItem};

    use super::super::direct::names::Imported;
    use crate::abi::Flat;

    fn flat(kind: WasmType) -> Flat {
        match kind {
            WasmType::I32 | WasmType::Pointer | WasmType::Length => Flat::I32,
            WasmType::I64 | WasmType::PointerOrI64 => Flat::I64,
            WasmType::F32 | WasmType::F64 => panic!("the interface has no such numbers"),
        }
    }

    /// The core signatures of all that `wit/` has are those by which it is called directly.
    #[test]
    fn core_signatures_are_those_of_wit() {
        let mut resolve = Resolve::default();
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let (package, _) = resolve.push_dir(wit).expect("wit/ is valid");
        let world = resolve.select_world(&[package], Some("host")).expect("the world is there");
        let mut compared = 0;
        for item in resolve.worlds[world].imports.values() {
            let WorldItem::Interface { id, .. } = item else { continue };
            let id_of = resolve.id_of(*id).expect("an interface with a name");
            let interface = id_of.split('@').next().expect("a name");
            for (name, function) in &resolve.interfaces[*id].functions {
                let ours = super::function(interface, Imported::Function(name));
                let ours = ours.unwrap_or_else(|| panic!("{interface} {name} is not in the table"));
                let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
                let mut parameters = ours.parameters.concat();
                parameters.extend(ours.result_in_memory.then_some(Flat::I32));
                let theirs: Vec<_> = signature.params.iter().map(|kind| flat(*kind)).collect();
                assert_eq!(parameters, theirs, "{interface} {name}");
                let results: Vec<_> = signature.results.iter().map(|kind| flat(*kind)).collect();
                assert_eq!(ours.result.into_iter().collect::<Vec<_>>(), results, "{interface} {name}");
                compared += 1;
            }
            for (name, kind) in &resolve.interfaces[*id].types {
                if let TypeDefKind::Resource = resolve.types[*kind].kind {
                    assert!(super::function(interface, Imported::Drop(name)).is_some(), "{interface} {name}");
                }
            }
        }
        assert!(compared > 100, "{compared}");
    }
}
