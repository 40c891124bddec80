//! The sections of a component, read into lists: each is one of its index spaces.

use std::collections::HashMap;
use std::ops::Range;

use wasmparser::{
    CanonicalFunction, CanonicalOption, Chunk, ComponentAlias, ComponentDefinedType, ComponentExternalKind,
    ComponentInstance, ComponentType, ComponentTypeRef, ComponentValType, ExternalKind, Instance, Parser, Payload,
};

use super::Result;

/// Bytes of the name that an alias looks up. Any number of imports may lead through one alias, and each look-up takes as long as the name is.
const LONGEST_NAME: usize = 256;

/// A component, section by section. Each list is an index space.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub(super) binary: &'a [u8],
    /// The end of the sections that only import.
    pub(super) imports_end: usize,
    pub(super) modules: Vec<Range<usize>>,
    pub(super) components: Vec<Range<usize>>,
    pub(super) types: Vec<Type<'a>>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) instances: Vec<ComponentPart<'a>>,
    pub(super) core_instances: Vec<CoreInstance<'a>>,
    pub(super) core_functions: Vec<CoreFunction<'a>>,
    pub(super) memories: Vec<(u32, &'a str)>,
    pub(super) tables: Vec<(u32, &'a str)>,
    pub(super) globals: Vec<(u32, &'a str)>,
    pub(super) tags: Vec<(u32, &'a str)>,
    pub(super) exports: Vec<(&'a str, ComponentExternalKind, u32)>,
}

/// A type, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type<'a> {
    /// An export of an instance.
    Export(u32, &'a str),
    /// `result`
    Result,
    /// A function without parameters, which returns the type of this number.
    Returning(u32),
    Other,
}

/// A function of the component.
pub(super) enum Function<'a> {
    Import(u32, &'a str),
    /// A core function, its type, and the one that is called with its result.
    Lifted(u32, u32, Option<u32>),
    Other,
}

/// An instance of the component.
pub(super) enum ComponentPart<'a> {
    Import(&'a str),
    Instantiated(u32, Vec<(&'a str, ComponentExternalKind, u32)>),
    Bag(Vec<(&'a str, ComponentExternalKind, u32)>),
    Other,
}

pub(super) enum CoreInstance<'a> {
    Instantiated(Instantiated<'a>),
    Bag(HashMap<&'a str, (ExternalKind, u32)>),
}

/// An instance of a core module, and the instances that it takes its imports from.
pub(super) struct Instantiated<'a> {
    pub(super) module: u32,
    pub(super) with: HashMap<&'a str, u32>,
}

#[derive(Clone, Copy)]
pub(super) enum CoreFunction<'a> {
    /// A function of an interface, lowered with this memory and this allocator.
    Lowered { interface: u32, name: &'a str, memory: Option<u32>, realloc: Option<u32> },
    /// The end of a handle of this resource.
    Drop { interface: u32, resource: &'a str },
    /// An export of an instance.
    Export(u32, &'a str),
}

impl<'a> Parts<'a> {
    pub(super) fn read(binary: &'a [u8]) -> Result<Self> {
        let mut parts = Self { binary, ..Self::default() };
        let (mut at, mut parser, mut only_imports) = (0, Parser::new(0), true);
        loop {
            let chunk = parser.parse(&binary[at..], true).map_err(|error| error.message().to_owned())?;
            let Chunk::Parsed { consumed, payload } = chunk else { return Err("cut off".to_owned()) };
            at += consumed;
            only_imports &= is_of_imports(&payload);
            match payload {
                Payload::ModuleSection { unchecked_range, .. } => {
                    at = unchecked_range.end;
                    parts.modules.push(unchecked_range);
                }
                Payload::ComponentSection { unchecked_range, .. } => {
                    at = unchecked_range.end;
                    parts.components.push(unchecked_range);
                }
                Payload::ComponentImportSection(_) if !only_imports => {
                    return Err("imports after its first module".to_owned());
                }
                Payload::End(_) => return Ok(parts),
                payload => parts.section(payload)?,
            }
            if only_imports {
                parts.imports_end = at;
            }
        }
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<()> {
        let broken = |error: wasmparser::BinaryReaderError| error.message().to_owned();
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.map_err(broken)?;
                    match import.ty {
                        ComponentTypeRef::Instance(_) => {
                            self.instances.push(ComponentPart::Import(import.name.name));
                        }
                        _ => return Err(format!("imports `{}`, which is no interface", import.name.name)),
                    }
                }
            }
            Payload::ComponentTypeSection(section) => {
                for kind in section {
                    self.types.push(type_of(&kind.map_err(broken)?));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias.map_err(broken)?)?;
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    self.instances.push(match instance.map_err(broken)? {
                        ComponentInstance::Instantiate { component_index, args } => {
                            let with = args.iter().map(|arg| (arg.name, arg.kind, arg.index));
                            ComponentPart::Instantiated(component_index, with.collect())
                        }
                        ComponentInstance::FromExports(exports) => {
                            ComponentPart::Bag(exports.iter().map(|it| (it.name.name, it.kind, it.index)).collect())
                        }
                    });
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    self.core_instances.push(match instance.map_err(broken)? {
                        Instance::Instantiate { module_index, args } => {
                            let with = args.iter().map(|arg| (arg.name, arg.index)).collect();
                            CoreInstance::Instantiated(Instantiated { module: module_index, with })
                        }
                        Instance::FromExports(exports) => {
                            CoreInstance::Bag(exports.iter().map(|it| (it.name, (it.kind, it.index))).collect())
                        }
                    });
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(function.map_err(broken)?)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.map_err(broken)?;
                    self.exports.push((export.name.name, export.kind, export.index));
                    // An exported item gets a number of its own.
                    match export.kind {
                        ComponentExternalKind::Func => self.functions.push(Function::Other),
                        ComponentExternalKind::Instance => self.instances.push(ComponentPart::Other),
                        ComponentExternalKind::Type => self.types.push(Type::Other),
                        _ => return Err("exports more than functions and types".to_owned()),
                    }
                }
            }
            Payload::Version { .. } | Payload::CustomSection(_) => {}
            _ => return Err("has a section of another kind".to_owned()),
        }
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Result<()> {
        if let ComponentAlias::InstanceExport { name, .. } | ComponentAlias::CoreInstanceExport { name, .. } = alias
            && name.len() > LONGEST_NAME
        {
            return Err("has an alias of too long a name".to_owned());
        }
        match alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Func, instance_index, name } => {
                self.functions.push(Function::Import(instance_index, name));
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, instance_index, name } => {
                self.types.push(Type::Export(instance_index, name));
            }
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => match kind {
                ExternalKind::Func => self.core_functions.push(CoreFunction::Export(instance_index, name)),
                ExternalKind::Memory => self.memories.push((instance_index, name)),
                ExternalKind::Table => self.tables.push((instance_index, name)),
                ExternalKind::Global => self.globals.push((instance_index, name)),
                ExternalKind::Tag => self.tags.push((instance_index, name)),
                ExternalKind::FuncExact => return Err("has an alias of another kind".to_owned()),
            },
            _ => return Err("has an alias of another kind".to_owned()),
        }
        Ok(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Result<()> {
        match function {
            CanonicalFunction::Lower { func_index, options } => {
                let Some(Function::Import(interface, name)) = self.functions.get(func_index as usize) else {
                    return Err("lowers a function that it does not import".to_owned());
                };
                let (mut memory, mut realloc) = (None, None);
                for option in &options {
                    match option {
                        CanonicalOption::UTF8 => {}
                        CanonicalOption::Memory(index) => memory = Some(*index),
                        CanonicalOption::Realloc(index) => realloc = Some(*index),
                        option => return Err(format!("lowers a function with the option {option:?}")),
                    }
                }
                let (interface, name) = (*interface, *name);
                self.core_functions.push(CoreFunction::Lowered { interface, name, memory, realloc });
            }
            CanonicalFunction::Lift { core_func_index, type_index, options } => {
                let mut post_return = None;
                for option in &options {
                    match option {
                        // `run` has neither parameters nor a result that lies in memory, so these mean nothing to it.
                        CanonicalOption::UTF8 | CanonicalOption::Memory(_) | CanonicalOption::Realloc(_) => {}
                        CanonicalOption::PostReturn(function) => post_return = Some(*function),
                        option => return Err(format!("lifts a function with the option {option:?}")),
                    }
                }
                self.functions.push(Function::Lifted(core_func_index, type_index, post_return));
            }
            CanonicalFunction::ResourceDrop { resource } => {
                let Some(Type::Export(interface, resource)) = self.types.get(resource as usize).copied() else {
                    return Err("has a resource of its own".to_owned());
                };
                self.core_functions.push(CoreFunction::Drop { interface, resource });
            }
            _ => return Err("has a canonical function of another kind".to_owned()),
        }
        Ok(())
    }
}

fn type_of<'a>(kind: &ComponentType<'_>) -> Type<'a> {
    match kind {
        ComponentType::Defined(ComponentDefinedType::Result { ok: None, err: None }) => Type::Result,
        ComponentType::Func(function) => match function.result {
            Some(ComponentValType::Type(returned)) if function.params.is_empty() && !function.async_ => {
                Type::Returning(returned)
            }
            _ => Type::Other,
        },
        _ => Type::Other,
    }
}

/// True for a section that only imports.
fn is_of_imports(payload: &Payload<'_>) -> bool {
    matches!(
        payload,
        Payload::Version { .. }
            | Payload::ComponentTypeSection(_)
            | Payload::ComponentImportSection(_)
            | Payload::ComponentAliasSection(_)
            | Payload::CustomSection(_)
    )
}
