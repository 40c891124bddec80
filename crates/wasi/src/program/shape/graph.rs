//! The core instances of a component in the order in which they are made, each import resolved to the item that it is: another
//! instance's export, or a function of ours. A component with the adapter for preview1 has a main module and the adapter, which call
//! each other through a shim.
//!
//! Items get the numbers here that they have in the one module that `merge.rs` makes of all.

use std::collections::{HashMap, HashSet};

use wasmparser::{Export, ExternalKind, Import, Parser, Payload, TypeRef};

use super::parts::{ComponentPart, CoreFunction, CoreInstance, Parts};
use super::{Result, Why};
use crate::bind::direct::names::Imported;

/// Aliases of aliases that are followed. Compilers make one; each costs a look-up for each import.
const DEEPEST: usize = 8;

/// Segments of elements that are put into the prologue of `run`: a real fix-up has one. Each is some instructions more of one function, and the
/// compiler takes more than twice as long for a function that is twice as long.
const LATE_SEGMENTS: u32 = 64;

/// Bytes of an interface's name, which each function of it is imported with; ours are shorter.
const LONGEST: usize = 128;

/// A component's core instances, and the functions of ours that they call.
pub(super) struct Graph<'p, 'a> {
    parts: &'p Parts<'a>,
    pub(super) nodes: Vec<Node<'a>>,
    /// Nodes by the numbers of their instances.
    numbers: HashMap<u32, usize>,
    /// The functions of ours, each with its type.
    pub(super) hosts: Vec<(Host<'a>, u32)>,
    /// Their numbers.
    known: HashMap<Host<'a>, u32>,
    /// Items that were defined so far.
    defined: Count,
    /// Segments of elements that take effect after a start function.
    late_segments: u32,
    /// The allocators that our functions are lowered with.
    pub(super) allocators: Vec<Function>,
}

/// An instance of a core module.
pub(super) struct Node<'a> {
    pub(super) module: &'a [u8],
    /// True if an instance before it has a start function.
    pub(super) is_late: bool,
    /// Its index spaces, imports first.
    pub(super) functions: Vec<Function>,
    pub(super) tables: Vec<u32>,
    pub(super) memories: Vec<u32>,
    pub(super) globals: Vec<u32>,
    pub(super) tags: Vec<u32>,
    /// The number of its functions that are imports.
    imported: usize,
    /// The first of its types, segments of elements, and of data.
    pub(super) types: u32,
    pub(super) elements: u32,
    pub(super) data: u32,
    pub(super) start: Option<u32>,
    exports: HashMap<&'a str, (ExternalKind, u32)>,
}

/// A function of ours that is imported.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Host<'a> {
    pub(super) interface: &'a str,
    pub(super) imported: Imported<'a>,
    /// True if it takes memory from the second allocator.
    pub(super) is_by_the_second: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// The import of this number.
    Host(u32),
    /// Of all that are defined, the one of this number.
    Defined(u32),
}

/// Numbers of items of each kind.
#[derive(Clone, Copy, Default)]
struct Count {
    types: u32,
    functions: u32,
    tables: u32,
    memories: u32,
    globals: u32,
    tags: u32,
    elements: u32,
    data: u32,
}

impl Node<'_> {
    /// The function of this number in its module, unless it is an import there.
    pub(super) fn own_function(&self, index: u32) -> Option<Function> {
        self.functions.get(self.imported..)?.get((index as usize).checked_sub(self.imported)?).copied()
    }
}

/// The item that a name leads to.
enum Item<'a> {
    Function(Function),
    Host(CoreFunction<'a>),
    Table(u32),
    Memory(u32),
    Global(u32),
    Tag(u32),
}

impl<'p, 'a> Graph<'p, 'a> {
    /// # Errors
    /// If the instances can't be made into one.
    pub(super) fn of(parts: &'p Parts<'a>) -> Result<Self> {
        let mut graph = Self {
            parts,
            nodes: Vec::new(),
            numbers: HashMap::new(),
            hosts: Vec::new(),
            known: HashMap::new(),
            defined: Count::default(),
            late_segments: 0,
            allocators: Vec::new(),
        };
        let mut modules = HashSet::new();
        for (number, instance) in (0..).zip(&parts.core_instances) {
            let CoreInstance::Instantiated(instance) = instance else { continue };
            if !modules.insert(instance.module) {
                return Err("instantiates a module twice".to_owned());
            }
            let node = graph.node(parts.module(instance.module)?, &instance.with)?;
            graph.numbers.insert(number, graph.nodes.len());
            graph.nodes.push(node);
        }
        Ok(graph)
    }

    /// Items of all nodes: types, and functions that are not imported.
    pub(super) fn defined(&self) -> (u32, u32) {
        (self.defined.types, self.defined.functions)
    }

    /// A core function of the component that is none of ours.
    pub(super) fn own(&self, function: u32) -> Result<Function> {
        match self.item(ExternalKind::Func, function)? {
            Item::Function(function @ Function::Defined(_)) => Ok(function),
            _ => Err("starts, or allocates, by a function that is none of its own".to_owned()),
        }
    }

    fn node(&mut self, module: &'a [u8], with: &HashMap<&'a str, u32>) -> Result<Node<'a>> {
        let mut node = Node {
            module,
            is_late: self.nodes.iter().any(|node| node.is_late || node.start.is_some()),
            functions: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            imported: 0,
            types: self.defined.types,
            elements: self.defined.elements,
            data: self.defined.data,
            start: None,
            exports: HashMap::new(),
        };
        for payload in Parser::new(0).parse_all(module) {
            self.section(&mut node, payload.map_err(broken)?, with)?;
        }
        Ok(node)
    }

    /// Numbers what a section of the node's module imports or defines.
    fn section(&mut self, node: &mut Node<'a>, payload: Payload<'a>, with: &HashMap<&'a str, u32>) -> Result<()> {
        let defined = &mut self.defined;
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    let types = group.map_err(broken)?.into_types().len();
                    numbers(&mut defined.types, u32::try_from(types).map_err(|_| too_many())?)?;
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.import(node, import.map_err(broken)?, with)?;
                }
                node.imported = node.functions.len();
            }
            Payload::FunctionSection(section) => {
                node.functions.extend(numbers(&mut defined.functions, section.count())?.map(Function::Defined));
            }
            Payload::TableSection(_) | Payload::MemorySection(_) | Payload::DataSection(_) if node.is_late => {
                return Err("has a table, a memory or data that come after a start function".to_owned());
            }
            Payload::TableSection(section) => node.tables.extend(numbers(&mut defined.tables, section.count())?),
            Payload::MemorySection(section) => node.memories.extend(numbers(&mut defined.memories, section.count())?),
            Payload::TagSection(section) => node.tags.extend(numbers(&mut defined.tags, section.count())?),
            Payload::GlobalSection(section) => node.globals.extend(numbers(&mut defined.globals, section.count())?),
            Payload::ExportSection(section) => {
                for export in section {
                    let Export { name, kind, index } = export.map_err(broken)?;
                    node.exports.insert(name, (kind, index));
                }
            }
            Payload::StartSection { func, .. } => node.start = Some(func),
            Payload::ElementSection(section) => {
                numbers(&mut defined.elements, section.count())?;
                if node.is_late {
                    self.late_segments = self.late_segments.saturating_add(section.count());
                }
                if self.late_segments > LATE_SEGMENTS {
                    return Err("fills tables with many segments after a start function".to_owned());
                }
            }
            Payload::DataSection(section) => _ = numbers(&mut defined.data, section.count())?,
            _ => {}
        }
        Ok(())
    }

    /// Resolves an import, which the component's validation has found to be of the right type.
    fn import(&mut self, node: &mut Node<'a>, import: Import<'a>, with: &HashMap<&'a str, u32>) -> Result<()> {
        let item = self.export(*with.get(import.module).ok_or_else(missing)?, import.name)?;
        match (import.ty, item) {
            (TypeRef::Func(_), Item::Function(function)) => node.functions.push(function),
            (TypeRef::Func(kind), Item::Host(host)) => node.functions.push(self.host(host, node.types + kind)?),
            (TypeRef::Table(_), Item::Table(table)) => node.tables.push(table),
            (TypeRef::Memory(_), Item::Memory(memory)) => node.memories.push(memory),
            (TypeRef::Global(_), Item::Global(global)) => node.globals.push(global),
            (TypeRef::Tag(_), Item::Tag(tag)) => node.tags.push(tag),
            _ => return Err(missing()),
        }
        Ok(())
    }

    /// A function of ours, which is imported once for each allocator that it is lowered with. That all are lowered with the one memory that
    /// there is shows when all is put together.
    fn host(&mut self, function: CoreFunction<'a>, kind: u32) -> Result<Function> {
        let (interface, imported, realloc) = match function {
            CoreFunction::Drop { interface, resource } => (interface, Imported::Drop(resource), None),
            CoreFunction::Lowered { interface, name, realloc, .. } => (interface, Imported::Function(name), realloc),
            CoreFunction::Export(..) => return Err(missing()),
        };
        let Some(ComponentPart::Import(interface)) = self.parts.instances.get(interface as usize) else {
            return Err("calls functions of its own by the component model".to_owned());
        };
        if interface.len() > LONGEST {
            return Err("imports an interface that has too long a name".to_owned());
        }
        let is_by_the_second = match realloc.map(|realloc| self.allocator(realloc)).transpose()? {
            None | Some(0) => false,
            Some(1) => true,
            Some(_) => return Err("has functions lowered with more than two allocators".to_owned()),
        };
        let host = Host { interface, imported, is_by_the_second };
        let next = u32::try_from(self.hosts.len()).map_err(|_| too_many())?;
        let number = *self.known.entry(host).or_insert(next);
        if number == next {
            self.hosts.push((host, kind));
        }
        Ok(Function::Host(number))
    }

    /// The place of a core function among the allocators.
    fn allocator(&mut self, function: u32) -> Result<usize> {
        let function = self.own(function)?;
        let known = self.allocators.iter().position(|allocator| *allocator == function);
        Ok(known.unwrap_or_else(|| {
            self.allocators.push(function);
            self.allocators.len() - 1
        }))
    }

    /// The item that a core instance exports as `name`.
    fn export(&self, mut instance: u32, mut name: &'a str) -> Result<Item<'a>> {
        for _ in 0..DEEPEST {
            let (kind, index) = match self.parts.core_instances.get(instance as usize).ok_or_else(missing)? {
                CoreInstance::Instantiated(_) => return self.exported(instance, name),
                CoreInstance::Bag(items) => *items.get(name).ok_or_else(missing)?,
            };
            match self.alias(kind, index)? {
                Alias::Export(of, named) => (instance, name) = (of, named),
                Alias::Host(host) => return Ok(Item::Host(host)),
            }
        }
        Err("has aliases of aliases of aliases".to_owned())
    }

    /// A core item of the component.
    fn item(&self, kind: ExternalKind, index: u32) -> Result<Item<'a>> {
        match self.alias(kind, index)? {
            Alias::Export(instance, name) => self.export(instance, name),
            Alias::Host(host) => Ok(Item::Host(host)),
        }
    }

    fn alias(&self, kind: ExternalKind, index: u32) -> Result<Alias<'a>> {
        let Parts { core_functions, tables, memories, globals, tags, .. } = self.parts;
        let aliases = match kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                return Ok(match *core_functions.get(index as usize).ok_or_else(missing)? {
                    CoreFunction::Export(instance, name) => Alias::Export(instance, name),
                    host => Alias::Host(host),
                });
            }
            ExternalKind::Table => tables,
            ExternalKind::Memory => memories,
            ExternalKind::Global => globals,
            ExternalKind::Tag => tags,
        };
        aliases.get(index as usize).map(|(instance, name)| Alias::Export(*instance, name)).ok_or_else(missing)
    }

    /// The item that the instance of a module exports as `name`.
    fn exported(&self, instance: u32, name: &str) -> Result<Item<'a>> {
        let node = self.numbers.get(&instance).and_then(|node| self.nodes.get(*node)).ok_or_else(missing)?;
        let (kind, index) = *node.exports.get(name).ok_or_else(missing)?;
        let index = index as usize;
        let item = match kind {
            ExternalKind::Func | ExternalKind::FuncExact => node.functions.get(index).map(|it| Item::Function(*it)),
            ExternalKind::Table => node.tables.get(index).map(|it| Item::Table(*it)),
            ExternalKind::Memory => node.memories.get(index).map(|it| Item::Memory(*it)),
            ExternalKind::Global => node.globals.get(index).map(|it| Item::Global(*it)),
            ExternalKind::Tag => node.tags.get(index).map(|it| Item::Tag(*it)),
        };
        item.ok_or_else(missing)
    }
}

/// The origin of a core item of the component.
enum Alias<'a> {
    /// An export of a core instance.
    Export(u32, &'a str),
    Host(CoreFunction<'a>),
}

/// The next `count` numbers.
fn numbers(next: &mut u32, count: u32) -> Result<std::ops::Range<u32>> {
    let first = *next;
    *next = first.checked_add(count).ok_or_else(too_many)?;
    Ok(first..*next)
}

fn broken(error: wasmparser::BinaryReaderError) -> Why {
    error.message().to_owned()
}

fn missing() -> Why {
    "has an import that nothing stands for".to_owned()
}

fn too_many() -> Why {
    "has too many items".to_owned()
}
