//! Modules and components that do nothing but forward, as `wit-component` makes them.

use std::collections::HashMap;

use crate::bind::direct::names;
use wasmparser::{
    ComponentExternalKind, ComponentTypeRef, CompositeInnerType, ElementItems, ElementKind, ExternalKind, FunctionBody,
    Operator, Parser, Payload, TableInit, TypeRef,
};

/// A module each of whose functions calls one slot of its table with its own arguments.
pub(super) struct Shim<'a> {
    /// The slots, by the names of its functions.
    pub(super) slots: HashMap<&'a str, u32>,
    /// The name of its table, and how many slots it begins with.
    pub(super) table: &'a str,
    pub(super) size: u64,
}

/// A module that fills a table with functions that it imports.
pub(super) struct FixUp<'a> {
    /// The name that it imports everything from.
    pub(super) module: &'a str,
    /// The name of the table.
    pub(super) table: &'a str,
    /// The names of the functions, from the first slot on.
    pub(super) filling: Vec<&'a str>,
}

impl<'a> Shim<'a> {
    /// Reads `module`, if it is one.
    pub(super) fn of(module: &'a [u8]) -> Option<Self> {
        let (mut parameters, mut types, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
        let (mut functions, mut table, mut size) = (Vec::new(), None, None);
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::TypeSection(section) => parameters = signatures(section)?,
                Payload::FunctionSection(section) => types = section.into_iter().collect::<Result<_, _>>().ok()?,
                Payload::TableSection(section) => {
                    for defined in section {
                        let defined = defined.ok()?;
                        let is_plain = matches!(defined.init, TableInit::RefNull) && !defined.ty.table64;
                        if !is_plain || size.replace(defined.ty.initial).is_some() {
                            return None;
                        }
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.ok()?;
                        match export.kind {
                            ExternalKind::Func => functions.push((export.name, export.index)),
                            ExternalKind::Table if table.is_none() => table = Some(export.name),
                            _ => return None,
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                payload if says_nothing(&payload) => {}
                _ => return None,
            }
        }
        let slot = |(index, body): (usize, &FunctionBody<'_>)| {
            let kind: u32 = *types.get(index)?;
            slot_of(body, kind, *parameters.get(kind as usize)?)
        };
        let slots = bodies.iter().enumerate().map(slot).collect::<Option<Vec<u32>>>()?;
        let named = |(name, index): (&'a str, u32)| Some((name, *slots.get(index as usize)?));
        let slots = functions.into_iter().map(named).collect::<Option<HashMap<_, _>>>()?;
        Some(Self { slots, table: table?, size: size? })
    }
}

/// The number of parameters of each type.
fn signatures(section: wasmparser::TypeSectionReader<'_>) -> Option<Vec<u32>> {
    let mut parameters = Vec::new();
    for group in section {
        for kind in group.ok()?.into_types() {
            match kind.composite_type.inner {
                CompositeInnerType::Func(kind) => parameters.push(u32::try_from(kind.params().len()).ok()?),
                _ => return None,
            }
        }
    }
    Some(parameters)
}

/// The slot that a function calls with its arguments, in order, and with nothing else.
fn slot_of(body: &FunctionBody<'_>, kind: u32, parameters: u32) -> Option<u32> {
    if body.get_locals_reader().ok()?.get_count() != 0 {
        return None;
    }
    let mut operators = body.get_operators_reader().ok()?.into_iter();
    let mut next = || operators.next()?.ok();
    for parameter in 0..parameters {
        if !matches!(next()?, Operator::LocalGet { local_index } if local_index == parameter) {
            return None;
        }
    }
    let Operator::I32Const { value } = next()? else { return None };
    let calls = matches!(next()?, Operator::CallIndirect { type_index, table_index: 0 } if type_index == kind);
    let ends = matches!(next()?, Operator::End) && operators.next().is_none();
    (calls && ends).then(|| u32::try_from(value).ok()).flatten()
}

impl<'a> FixUp<'a> {
    /// Reads `module`, if it is one.
    pub(super) fn of(module: &'a [u8]) -> Option<Self> {
        let (mut from, mut functions, mut table, mut filling) = (None, Vec::new(), None, None);
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.ok()?;
                        if *from.get_or_insert(import.module) != import.module {
                            return None;
                        }
                        match import.ty {
                            TypeRef::Func(_) => functions.push(import.name),
                            TypeRef::Table(_) if table.is_none() => table = Some(import.name),
                            _ => return None,
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for segment in section {
                        let segment = segment.ok()?;
                        let ElementItems::Functions(items) = segment.items else { return None };
                        let items = items.into_iter().collect::<Result<Vec<u32>, _>>().ok()?;
                        if !fills_from_the_first(&segment.kind)? || filling.replace(items).is_some() {
                            return None;
                        }
                    }
                }
                Payload::TypeSection(_) => {}
                payload if says_nothing(&payload) => {}
                _ => return None,
            }
        }
        let filling =
            filling?.into_iter().map(|index| functions.get(index as usize).copied()).collect::<Option<_>>()?;
        Some(Self { module: from?, table: table?, filling })
    }
}

/// True if a segment fills the first table from its first slot on.
fn fills_from_the_first(kind: &ElementKind<'_>) -> Option<bool> {
    let ElementKind::Active { table_index: None | Some(0), offset_expr } = kind else { return Some(false) };
    let mut operators = offset_expr.get_operators_reader().into_iter();
    let is_zero = matches!(operators.next()?.ok()?, Operator::I32Const { value: 0 });
    Some(is_zero && matches!(operators.next()?.ok()?, Operator::End))
}

/// The name by which `component` imports the one function that it exports as `run`.
pub(super) fn wrapped(component: &[u8]) -> Option<&str> {
    let (mut import, mut export) = (None, false);
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::ComponentImportSection(section) => {
                for imported in section {
                    let imported = imported.ok()?;
                    let is_first = matches!(imported.ty, ComponentTypeRef::Func(_)) && import.is_none();
                    import = is_first.then_some(imported.name.name);
                    import?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for exported in section {
                    let exported = exported.ok()?;
                    let is_run =
                        (exported.name.name, exported.kind, exported.index) == ("run", ComponentExternalKind::Func, 0);
                    if !is_run || export {
                        return None;
                    }
                    export = true;
                }
            }
            Payload::ComponentTypeSection(_) => {}
            payload if says_nothing(&payload) => {}
            _ => return None,
        }
    }
    import.filter(|_| export)
}

/// The imports of a module: from where, their names and types.
pub(super) fn imports(module: &[u8]) -> super::Result<Vec<(&str, &str, TypeRef)>> {
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload.map_err(|error| error.message().to_owned())? {
            for import in section.into_imports() {
                let import = import.map_err(|error| error.message().to_owned())?;
                imports.push((import.module, import.name, import.ty));
            }
        }
    }
    Ok(imports)
}

/// The names of a module's exports, and their kinds.
pub(super) fn exports(module: &[u8]) -> super::Result<Vec<(&str, ExternalKind)>> {
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload.map_err(|error| error.message().to_owned())? {
            for export in section {
                let export = export.map_err(|error| error.message().to_owned())?;
                exports.push((export.name, export.kind));
            }
        }
    }
    Ok(exports)
}

/// Checks that a main module exports, by the names that are looked for, no more than one memory, one allocator and one function that starts
/// it.
fn check_exports(module: &[u8]) -> super::Result<()> {
    let exports = exports(module)?;
    for (is_it, kind) in [
        (names::is_memory as fn(&str) -> bool, ExternalKind::Memory),
        (names::is_allocator, ExternalKind::Func),
        (names::is_run, ExternalKind::Func),
    ] {
        let found: Vec<_> = exports.iter().filter(|(name, _)| is_it(name)).collect();
        if found.len() > 1 || found.iter().any(|(_, found)| *found != kind) {
            return Err("exports other things by the names of its memory, allocator or start".to_owned());
        }
    }
    Ok(())
}

/// Checks that a main module runs nothing before it is called, and exports no more than is looked for.
pub(super) fn check_main(module: &[u8]) -> super::Result<()> {
    check_memory(module)?;
    check_exports(module)
}

/// Checks that a module runs nothing when it is instantiated, and has a memory of 32 bits of its own alone.
pub(super) fn check_memory(module: &[u8]) -> super::Result<()> {
    let mut memories = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(|error| error.message().to_owned())? {
            Payload::StartSection { .. } => return Err("has a start function".to_owned()),
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory.map_err(|error| error.message().to_owned())?;
                    if memory.memory64 || memory.shared || memory.page_size_log2.is_some() {
                        return Err("has a shared memory, or one of 64 bits".to_owned());
                    }
                    memories += 1;
                }
            }
            _ => {}
        }
    }
    if memories == 1 { Ok(()) } else { Err(format!("has {memories} memories")) }
}

/// Sections that nothing comes of.
fn says_nothing(payload: &Payload<'_>) -> bool {
    matches!(
        payload,
        Payload::Version { .. } | Payload::CustomSection(_) | Payload::CodeSectionStart { .. } | Payload::End(_)
    )
}
