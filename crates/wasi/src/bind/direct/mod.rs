//! Components that are bound as core modules: one main module calls us by the canonical ABI, as its `canon lower` would, and the
//! engine's component layer is not on the way. `program/shape.rs` decides which components are bound so.
//!
//! Hazard: the checks that the engine makes for its components are made here: of kinds of handles, of addresses, of texts, and that
//! nothing of ours is called while the guest's allocator runs.

mod lift;
mod lower;
pub(crate) mod names;

pub(super) use lift::LiftFlat;
pub(super) use lift::{DATAGRAM, SOCKET_ADDRESS, case, flat_socket_address, remote_in_memory};
pub(super) use lower::{LowerFlat, Shape};

use std::cell::Cell;

use wasmtime::{Caller, FuncType, Linker, Memory, Module, Trap, ValType};

use super::interfaces;
use crate::abi::{Arguments, Flat, Realloc, View};
use crate::calls;
use crate::host::{GuestStore, Host};
use crate::objects::Keep;
use crate::stacks;

/// The parts of a direct guest that calls work on.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) memory: Cell<Option<Memory>>,
    /// Its allocators: the main module's and the adapter's, or twice the same.
    allocators: [Cell<Option<Realloc>>; 2],
    /// The index of the allocator that the call at hand takes memory from.
    allocator: Cell<usize>,
    /// True while the guest's allocator runs.
    pub(crate) may_not_leave: Cell<bool>,
}

/// A function of the interface as a core function.
#[derive(Clone, Copy)]
pub(super) struct Function {
    pub(super) parameters: &'static [&'static [Flat]],
    /// True if the last argument is the address for the result.
    pub(super) result_in_memory: bool,
    pub(super) result: Option<Flat>,
    pub(super) call: Handler,
}

type Handler = fn(&mut Caller<'_, Host>, Arguments<'_>) -> wasmtime::Result<()>;

/// A linker for what `module` imports, by the names of interfaces and functions.
///
/// # Errors
/// If an import does not exist here, or has another type.
#[allow(unsafe_code, reason = "functions that take any signature are registered with theirs")]
pub(crate) fn linker(module: &Module) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(module.engine());
    for import in module.imports() {
        let interface = names::interface(import.module());
        let interface = interface.split_once('@').map_or(interface, |(name, _)| name);
        let imported = names::imported(import.module(), import.name());
        let Some(function) = interfaces::function(interface, imported) else { continue };
        let flat = |flat: Flat| if flat == Flat::I32 { ValType::I32 } else { ValType::I64 };
        let place = function.result_in_memory.then_some(ValType::I32);
        let parameters = function.parameters.concat().into_iter().map(flat).chain(place);
        let kind = FuncType::new(module.engine(), parameters, function.result.map(flat));
        let allocator = usize::from(names::is_by_the_second(import.module()));
        let call = move |mut guest: Caller<'_, Host>, slots: &mut [_]| {
            stacks::show(&guest);
            guest.data().direct.allocator.set(allocator);
            // SAFETY: the engine fills as many slots as `kind` has parameters, by its types, and that is what is taken.
            (function.call)(&mut guest, unsafe { Arguments::new(slots) })
        };
        // SAFETY: a result is written where `kind` has one, and of its type.
        unsafe { linker.func_new_unchecked(import.module(), import.name(), kind, call)? };
    }
    Ok(linker)
}

/// Checks that a main module can be linked and started: that what it imports is there, and what it exports is of the right type.
///
/// # Errors
/// Names what isn't.
pub(crate) fn check(module: &Module) -> wasmtime::Result<()> {
    linker(module)?.instantiate_pre(module)?;
    let is_i32 = |kind: &ValType| matches!(kind, ValType::I32);
    for export in module.exports() {
        let parameters = match export.name() {
            name if names::is_run(name) => 0,
            name if names::is_allocator(name) => 4,
            _ => continue,
        };
        let is_right = export.ty().func().is_some_and(|kind| {
            let all_i32 = kind.params().chain(kind.results()).all(|kind| is_i32(&kind));
            kind.params().len() == parameters && kind.results().len() == 1 && all_i32
        });
        if !is_right {
            return Err(wasmtime::format_err!("`{}` is of another type", export.name()));
        }
    }
    Ok(())
}

/// Instantiates the module, and calls the function that starts it.
pub(crate) fn run(store: &mut GuestStore, instance: &wasmtime::InstancePre<Host>, name: &str) -> wasmtime::Result<u8> {
    let instance = instance.instantiate(&mut *store)?;
    let memory = names::MEMORIES.iter().find_map(|name| instance.get_memory(&mut *store, name));
    let mut allocator = |name: &str| instance.get_func(&mut *store, name);
    let first = names::ALLOCATORS.into_iter().find_map(&mut allocator);
    let allocators = [first, allocator(names::SECOND_ALLOCATOR).or(first)];
    let run = instance.get_typed_func::<(), u32>(&mut *store, name)?;
    let state = &store.data().direct;
    state.memory.set(memory);
    for (place, allocator) in state.allocators.iter().zip(allocators) {
        place.set(allocator.map(|allocator| allocator.typed(&*store)).transpose()?);
    }
    let result = run.call(&mut *store, ())?;
    if result > 1 {
        return Err(wasmtime::format_err!("invalid expected discriminant"));
    }
    if let Some(post_return) = instance.get_func(&mut *store, &names::post_return(name)) {
        store.data().direct.may_not_leave.set(true);
        post_return.typed::<u32, ()>(&*store)?.call(&mut *store, result)?;
    }
    Ok(u8::from(result == 1))
}

/// The guest as calls see it while their arguments are lifted.
pub(super) fn view<'a>(guest: &'a mut Caller<'_, Host>) -> wasmtime::Result<View<'a>> {
    let view = match guest.data().direct.memory.get() {
        Some(memory) => {
            let (bytes, host) = memory.data_and_store_mut(guest);
            View { bytes, host }
        }
        None => View { bytes: &[], host: guest.data() },
    };
    view.host.direct.check_may_leave()?;
    Ok(view)
}

impl State {
    /// The cell of the allocator that the call at hand takes memory from.
    pub(crate) fn allocator(&self) -> &Cell<Option<Realloc>> {
        &self.allocators[self.allocator.get()]
    }

    /// # Errors
    /// If the guest's allocator runs.
    fn check_may_leave(&self) -> wasmtime::Result<()> {
        if self.may_not_leave.get() { Err(Trap::CannotLeaveComponent.into()) } else { Ok(()) }
    }
}

/// `[resource-drop]…`
pub(super) fn drop_handle<T: Keep>(guest: &mut Caller<'_, Host>, mut arguments: Arguments<'_>) -> wasmtime::Result<()> {
    let host = guest.data();
    host.direct.check_may_leave()?;
    // Its number only: who held the object here would close it after the call.
    let id = lift::find::<T>(host, arguments.u32())?.id();
    Ok(calls::close(host, host.handles.closing(id)?)?)
}
