//! The components that can be bound as core modules, and the module that each is bound as.
//!
//! Most have one main module that calls us, and the parts that `wit-component` puts around it. These parts are proven here to be mere
//! forwarding, so that the main module may be linked by the names of its imports:
//!
//! - a shim, each of whose functions passes its arguments on to one slot of a table;
//! - a fix-up, which fills the table with our functions as they are lowered, and does nothing else;
//! - a wrapper, which gives the function that starts the program the name `run`.
//!
//! If more modules than one do something, as the adapter for preview1 does, all of them are made into one (`graph.rs`, `merge.rs`). The
//! wrapper is the only component inside of another even there.
//!
//! Everything else is the engine's. Hazard: a component that is let through here is linked without the engine's component layer. So it
//! has been validated as a whole before, and whoever binds it has the engine compare the types of its imports with ours.

mod forwarding;
mod graph;
mod merge;
mod parts;

use std::borrow::Cow;

use wasmparser::{ComponentExternalKind, ExternalKind, TypeRef, Validator, WasmFeatures};

use crate::bind::direct::names::{self, Imported};
use graph::Graph;
use parts::{ComponentPart, CoreFunction, CoreInstance, Function, Instantiated, Parts, Type};

/// A component that can be bound directly.
pub(super) struct Shape<'a> {
    /// The main module, or one that was made of several.
    pub(super) main: Cow<'a, [u8]>,
    /// A component of the same imports, and of nothing else.
    pub(super) imports: &'a [u8],
}

/// Why a component is none.
type Why = String;
type Result<T> = std::result::Result<T, Why>;

/// The shape of the component `binary`. The component is validated with the features that the engine has.
///
/// # Errors
/// In a few words, where it can't be bound directly.
pub(super) fn of(binary: &[u8], features: WasmFeatures) -> Result<Shape<'_>> {
    let validated = Validator::new_with_features(features).validate_all(binary);
    validated.map_err(|error| format!("is not valid: {}", error.message()))?;
    let parts = Parts::read(binary)?;
    let start = parts.start()?;
    let main = match parts.main(&start) {
        Ok(main) => Cow::Borrowed(main),
        Err(_) => Cow::Owned(parts.merged(&start)?),
    };
    Ok(Shape { main, imports: &binary[..parts.imports_end] })
}

/// The names of the interfaces that a component imports.
pub(super) fn interfaces(binary: &[u8]) -> Vec<String> {
    let Ok(parts) = Parts::read(binary) else { return Vec::new() };
    let imported = parts.instances.iter().filter_map(|part| match part {
        ComponentPart::Import(name) => Some((*name).to_owned()),
        _ => None,
    });
    imported.collect()
}

/// The core functions that start the program: `run`, and the one that is called with its result.
struct Start {
    run: u32,
    post_return: Option<u32>,
}

/// The parts that the core instances play.
struct Roles<'p, 'a> {
    main_instance: u32,
    main: &'p Instantiated<'a>,
    shim: Option<(u32, forwarding::Shim<'a>)>,
    fix_up: Option<(&'p Instantiated<'a>, forwarding::FixUp<'a>)>,
}

impl<'a> Parts<'a> {
    /// The main module, where no other does more than to forward.
    fn main(&self, start: &Start) -> Result<&'a [u8]> {
        let roles = self.roles()?;
        self.check_fix_up(&roles)?;
        self.check_imports(&roles)?;
        self.check_start(start, &roles)?;
        let main = self.module(roles.main.module)?;
        forwarding::check_main(main)?;
        Ok(main)
    }

    /// One module made of all.
    fn merged(&self, start: &Start) -> Result<Vec<u8>> {
        let graph = Graph::of(self)?;
        let post_return = start.post_return.map(|function| graph.own(function)).transpose()?;
        let merged = merge::merged(&graph, graph.own(start.run)?, post_return)?;
        forwarding::check_memory(&merged)?;
        Ok(merged)
    }

    fn module(&self, index: u32) -> Result<&'a [u8]> {
        let range = self.modules.get(index as usize).ok_or("has no such module")?;
        Ok(&self.binary[range.clone()])
    }

    /// Tells the core instances apart.
    fn roles(&self) -> Result<Roles<'_, 'a>> {
        let (mut main, mut shim, mut fix_up) = (None, None, None);
        for (index, instance) in (0..).zip(&self.core_instances) {
            let CoreInstance::Instantiated(instance) = instance else { continue };
            let module = self.module(instance.module)?;
            let is_first = if let Some(found) = forwarding::Shim::of(module) {
                shim.replace((index, found)).is_none()
            } else if let Some(found) = forwarding::FixUp::of(module) {
                fix_up.replace((instance, found)).is_none()
            } else {
                main.replace((index, instance)).is_none()
            };
            if !is_first {
                return Err("has several modules that do more than to forward".to_owned());
            }
        }
        let (main_instance, main) = main.ok_or("has no main module")?;
        Ok(Roles { main_instance, main, shim, fix_up })
    }

    /// Checks that a fix-up fills the shim's table, as far as that goes, and no other.
    fn check_fix_up(&self, roles: &Roles<'_, 'a>) -> Result<()> {
        let Some((with, fix_up)) = &roles.fix_up else { return Ok(()) };
        let other = || "fills a table that is not its shim's".to_owned();
        let (shim_instance, shim) = roles.shim.as_ref().ok_or_else(other)?;
        let items = with.with.get(fix_up.module).ok_or_else(other)?;
        let Some((ExternalKind::Table, table)) = self.item(*items, fix_up.table) else { return Err(other()) };
        let is_its = self.tables.get(table as usize) == Some(&(*shim_instance, shim.table));
        if is_its && shim.size == fix_up.filling.len() as u64 { Ok(()) } else { Err(other()) }
    }

    /// Checks that each import of the main module is the function of ours that has its name.
    fn check_imports(&self, roles: &Roles<'_, 'a>) -> Result<()> {
        for (module, name, kind) in forwarding::imports(self.module(roles.main.module)?)? {
            let other = || format!("imports `{name}` of `{module}` otherwise than by its name");
            if !matches!(kind, TypeRef::Func(_)) {
                return Err(other());
            }
            let item = roles.main.with.get(module).and_then(|instance| self.item(*instance, name)).ok_or_else(other)?;
            let (ExternalKind::Func, function) = item else { return Err(other()) };
            let is_named = match self.behind(function, roles).ok_or_else(other)? {
                CoreFunction::Drop { interface, resource } => {
                    self.is_interface(interface, module) && names::imported(module, name) == Imported::Drop(resource)
                }
                CoreFunction::Lowered { interface, name: function, memory, realloc } => {
                    self.is_interface(interface, module)
                        && names::imported(module, name) == Imported::Function(function)
                        && memory.is_none_or(|memory| self.is_memory_of(memory, roles.main_instance))
                        && realloc.is_none_or(|realloc| self.is_allocator_of(realloc, roles.main_instance))
                }
                CoreFunction::Export(..) => false,
            };
            if !is_named {
                return Err(other());
            }
        }
        Ok(())
    }

    fn is_memory_of(&self, memory: u32, instance: u32) -> bool {
        self.memories.get(memory as usize).is_some_and(|(of, name)| *of == instance && names::is_memory(name))
    }

    fn is_allocator_of(&self, function: u32, instance: u32) -> bool {
        let function = self.core_functions.get(function as usize);
        matches!(function, Some(CoreFunction::Export(of, name)) if *of == instance && names::is_allocator(name))
    }

    /// An item of a core instance that is made of such.
    fn item(&self, instance: u32, name: &str) -> Option<(ExternalKind, u32)> {
        match self.core_instances.get(instance as usize)? {
            CoreInstance::Bag(items) => items.get(name).copied(),
            CoreInstance::Instantiated(_) => None,
        }
    }

    /// The function itself, where `function` may be one of the shim's.
    fn behind(&self, function: u32, roles: &Roles<'_, 'a>) -> Option<CoreFunction<'a>> {
        let function = *self.core_functions.get(function as usize)?;
        let CoreFunction::Export(instance, name) = function else { return Some(function) };
        let (_, shim) = roles.shim.as_ref().filter(|(shim, _)| *shim == instance)?;
        let (with, fix_up) = roles.fix_up.as_ref()?;
        let items = *with.with.get(fix_up.module)?;
        let filled = fix_up.filling.get(*shim.slots.get(name)? as usize)?;
        let (ExternalKind::Func, function) = self.item(items, filled)? else { return None };
        match *self.core_functions.get(function as usize)? {
            CoreFunction::Export(..) => None,
            function => Some(function),
        }
    }

    /// True if the import of this number is the interface that a core module calls `name`. All releases of 0.2 count as one.
    fn is_interface(&self, number: u32, name: &str) -> bool {
        let Some(ComponentPart::Import(import)) = self.instances.get(number as usize) else { return false };
        let (interface, imported) = (import.split_once('@'), names::interface(name).split_once('@'));
        match (interface, imported) {
            (Some((one, of_one)), Some((other, of_other))) => one == other && track(of_one) == track(of_other),
            _ => false,
        }
    }

    /// The functions that start the program, of the types that they must have.
    fn start(&self) -> Result<Start> {
        let other = || "starts otherwise than by wasi:cli/run".to_owned();
        let mut runs = self.exports.iter().filter(|(name, ..)| name.starts_with(RUN));
        let (Some(run), None) = (runs.next(), runs.next()) else { return Err(other()) };
        // An instance of a component may run code of its own, so there is none but the wrapper.
        let is_instantiated = |part: &&ComponentPart<'_>| matches!(part, ComponentPart::Instantiated(..));
        if self.instances.iter().filter(is_instantiated).count() > 1 {
            return Err("has components in it".to_owned());
        }
        let (_, ComponentExternalKind::Instance, instance) = *run else { return Err(other()) };
        let function = match self.instances.get(instance as usize) {
            Some(ComponentPart::Bag(items)) if !self.instances.iter().any(|part| is_instantiated(&part)) => {
                match items[..] {
                    [("run", ComponentExternalKind::Func, function)] => function,
                    _ => return Err(other()),
                }
            }
            Some(ComponentPart::Instantiated(component, with)) => {
                let range = self.components.get(*component as usize).ok_or_else(other)?;
                let wrapped = forwarding::wrapped(&self.binary[range.clone()]).ok_or_else(other)?;
                match with[..] {
                    [(name, ComponentExternalKind::Func, function)] if name == wrapped => function,
                    _ => return Err(other()),
                }
            }
            _ => return Err(other()),
        };
        let Some(Function::Lifted(run, kind, post_return)) = self.functions.get(function as usize) else {
            return Err(other());
        };
        let returned = match self.types.get(*kind as usize) {
            Some(Type::Returning(returned)) => self.types.get(*returned as usize),
            _ => None,
        };
        if returned != Some(&Type::Result) {
            return Err("starts by a function of another type".to_owned());
        }
        Ok(Start { run: *run, post_return: *post_return })
    }

    /// Checks that the functions that start the program are exports of the main module, under the names by which they are found.
    fn check_start(&self, start: &Start, roles: &Roles<'_, 'a>) -> Result<()> {
        let other = || "starts otherwise than by wasi:cli/run".to_owned();
        let run = self.export_of_main(start.run, roles).filter(|name| names::is_run(name)).ok_or_else(other)?;
        // The engine calls what is named, and we what has the name.
        let (wanted, exports) = (names::post_return(run), forwarding::exports(self.module(roles.main.module)?)?);
        let exports: Vec<&str> = exports.into_iter().map(|(name, _)| name).collect();
        let called = start.post_return.map(|function| self.export_of_main(function, roles));
        let is_called = called == Some(Some(wanted.as_str()));
        if is_called == exports.contains(&wanted.as_str()) && (is_called || called.is_none()) {
            Ok(())
        } else {
            Err(other())
        }
    }

    /// The name under which the main module exports a core function.
    fn export_of_main(&self, function: u32, roles: &Roles<'_, 'a>) -> Option<&'a str> {
        match self.core_functions.get(function as usize)? {
            CoreFunction::Export(instance, name) if *instance == roles.main_instance => Some(*name),
            _ => None,
        }
    }
}

/// The start of the name of the interface that starts a command.
const RUN: &str = "wasi:cli/run@0.2.";

/// The releases that are compatible with this one: those of 0.2 are.
fn track(version: &str) -> &str {
    let patch = version.match_indices('.').nth(1).map_or(version.len(), |(at, _)| at);
    &version[..patch]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::footprint::largest_instance;

    /// A component of a main module with `items`, of others, and of an adapter with a `run`.
    fn component(items: &str, others: &str) -> Vec<u8> {
        let text = format!(
            r#"(component
                (core module $Main (memory (export "memory") 1) {items})
                (core instance $main (instantiate $Main))
                (core module $Adapter (import "main" "memory" (memory 1)) {items}
                    (func (export "run") (result i32) (i32.const 0)))
                {others}
                (core instance $adapter (instantiate $Adapter (with "main" (instance $of-main))))
                (alias core export $adapter "run" (core func $run))
                (func $lifted (result (result)) (canon lift (core func $run)))
                (instance $exports (export "run" (func $lifted)))
                (export "wasi:cli/run@0.2.0" (instance $exports)))"#
        );
        wat::parse_str(text).unwrap()
    }

    const OF_MAIN: &str = r#"(alias core export $main "memory" (core memory $memory0))
        (core instance $of-main (export "memory" (memory $memory0)))"#;

    /// Bytes that the one module of several takes, where it is one.
    fn size(binary: &[u8]) -> Result<u64> {
        of(binary, WasmFeatures::default()).map(|shape| largest_instance(&shape.main))
    }

    #[test]
    fn one_module_of_several_takes_what_they_took() {
        let globals = "(global i64 (i64.const 0))".repeat(1000);
        let (without, with) = (component("", OF_MAIN), component(&globals, OF_MAIN));
        let (each, of_one) = (largest_instance(&with) - largest_instance(&without), size(&with).unwrap());
        assert!(each > 1000 && of_one >= size(&without).unwrap() + 2 * each, "{each}, {of_one}");
    }

    /// Each import is looked up through all aliases, so a long chain of them would take the square of its length.
    #[test]
    fn a_chain_of_aliases_is_followed_only_so_far() {
        let chain = |length: usize| {
            let links = (0..length).map(|link| {
                format!(
                    r#"(core instance $i{link} (export "memory" (memory $memory{link})))
                    (alias core export $i{link} "memory" (core memory $memory{}))"#,
                    link + 1
                )
            });
            let first = r#"(alias core export $main "memory" (core memory $memory0))"#;
            let last = format!(r#"(core instance $of-main (export "memory" (memory $memory{length})))"#);
            size(&component("", &format!("{first} {} {last}", links.collect::<String>())))
        };
        assert!(chain(3).is_ok());
        assert!(chain(20).unwrap_err().contains("aliases"));
    }
}
