//! One core module made of all core instances of a component, which is linked and run as a main module is. It does what the instances
//! did, in their order: an import that was another instance's export is that item itself, and all that is left to import are functions of ours.
//!
//! Segments fill tables and memory when the one module is instantiated, as far as no start function comes before; the start
//! functions, and the segments of whoever comes after one, are the first that its `run` does. By then our functions have memory and
//! allocator, as those of the engine have as soon as they can be called.
//!
//! Hazard: a number that is wrong here calls another function of the guest's, but not more: the engine validates the module like any other.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, Elements, EntityType, ExportKind, ExportSection,
    FunctionSection, GlobalSection, ImportSection, MemorySection, Module, NameMap, NameSection, TableSection,
    TagSection, TypeSection, ValType,
};
use wasmparser::{ElementKind, KnownCustom, Name, Parser, Payload};

use super::graph::{Function, Graph, Node};
use super::{Result, Why};
use crate::bind::direct::names;

/// Makes one module of `graph`, which exports `run` and the function that is called with its result.
pub(super) fn merged(graph: &Graph<'_, '_>, run: Function, post_return: Option<Function>) -> Result<Vec<u8>> {
    let mut merge = Merge { hosts: u32::try_from(graph.hosts.len()).map_err(|_| broken(()))?, ..Merge::default() };
    for (host, kind) in &graph.hosts {
        let interface = names::interface_of(host.interface, host.is_by_the_second);
        merge.imports.import(&interface, &names::name_of(host.imported), EntityType::Function(*kind));
    }
    for node in &graph.nodes {
        merge.node(node).map_err(broken)?;
    }
    let run = merge.index(run);
    let run = if graph.nodes.iter().any(|node| node.start.is_some()) { merge.started(graph, run) } else { run };
    merge.exports.export(names::RUN, ExportKind::Func, run);
    let post_return = post_return.map(|function| (function, names::post_return(names::RUN)));
    let names = [names::ALLOCATORS[0], names::SECOND_ALLOCATOR].map(str::to_owned);
    let allocators = graph.allocators.iter().copied().zip(names);
    for (function, name) in post_return.into_iter().chain(allocators) {
        merge.exports.export(&name, ExportKind::Func, merge.index(function));
    }
    if !merge.memories.is_empty() {
        merge.exports.export(names::MEMORIES[0], ExportKind::Memory, 0);
    }
    Ok(merge.finish())
}

fn broken<T>(_: T) -> Why {
    "can't be made into one module".to_owned()
}

/// The sections of the one module.
#[derive(Default)]
struct Merge {
    hosts: u32,
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    tags: TagSection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
    /// Instructions that come before `run`.
    prologue: Vec<u8>,
    /// The name of the module that has the memory, and those of functions.
    name: Option<String>,
    function_names: BTreeMap<u32, String>,
}

impl Merge {
    fn index(&self, function: Function) -> u32 {
        match function {
            Function::Host(number) => number,
            Function::Defined(number) => self.hosts + number,
        }
    }

    /// Adds what a node's module holds.
    fn node(&mut self, node: &Node<'_>) -> std::result::Result<(), Error<Unknown>> {
        let mut renumber = Renumber { node, hosts: self.hosts };
        let memories = self.memories.len();
        for payload in Parser::new(0).parse_all(node.module) {
            match payload? {
                Payload::TypeSection(section) => renumber.parse_type_section(&mut self.types, section)?,
                Payload::FunctionSection(section) => renumber.parse_function_section(&mut self.functions, section)?,
                Payload::TableSection(section) => renumber.parse_table_section(&mut self.tables, section)?,
                Payload::MemorySection(section) => renumber.parse_memory_section(&mut self.memories, section)?,
                Payload::TagSection(section) => renumber.parse_tag_section(&mut self.tags, section)?,
                Payload::GlobalSection(section) => renumber.parse_global_section(&mut self.globals, section)?,
                Payload::ElementSection(section) if node.is_late => self.late_elements(&mut renumber, section)?,
                Payload::ElementSection(section) => renumber.parse_element_section(&mut self.elements, section)?,
                Payload::CodeSectionEntry(body) => renumber.parse_function_body(&mut self.code, body)?,
                Payload::DataSection(section) => renumber.parse_data_section(&mut self.data, section)?,
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(section) = section.as_known() {
                        self.names(node, section, self.memories.len() > memories);
                    }
                }
                _ => {}
            }
        }
        if let Some(start) = node.start {
            let start = renumber.function_index(start)?;
            wasm_encoder::InstructionSink::new(&mut self.prologue).call(start);
        }
        Ok(())
    }

    /// Adds segments of elements that take effect in the prologue.
    fn late_elements(
        &mut self,
        renumber: &mut Renumber<'_, '_>,
        section: wasmparser::ElementSectionReader<'_>,
    ) -> std::result::Result<(), Error<Unknown>> {
        for element in section {
            let element = element?;
            let ElementKind::Active { table_index, offset_expr } = element.kind.clone() else {
                renumber.parse_element(&mut self.elements, element)?;
                continue;
            };
            let (table, segment) = (renumber.table_index(table_index.unwrap_or(0))?, self.elements.len());
            let items = renumber.element_items(element.items)?;
            let count = match &items {
                Elements::Functions(items) => items.len(),
                Elements::Expressions(_, items) => items.len(),
            };
            let mut offset = offset_expr.get_operators_reader();
            while !offset.is_end_then_eof() {
                wasm_encoder::Encode::encode(&renumber.parse_instruction(&mut offset)?, &mut self.prologue);
            }
            let count = i32::try_from(count).map_err(|_| Error::UserError(Unknown))?;
            let mut prologue = wasm_encoder::InstructionSink::new(&mut self.prologue);
            prologue.i32_const(0).i32_const(count).table_init(table, segment).elem_drop(segment);
            self.elements.passive(items);
        }
        Ok(())
    }

    /// Keeps the names of a module's own functions, which backtraces show. Those that can't be read are left out.
    fn names(&mut self, node: &Node<'_>, section: wasmparser::NameSectionReader<'_>, has_memory: bool) {
        for name in section.into_iter().map_while(std::result::Result::ok) {
            match name {
                Name::Module { name, .. } if has_memory => self.name = Some(name.to_owned()),
                Name::Function(names) => {
                    for naming in names.into_iter().map_while(std::result::Result::ok) {
                        if let Some(function) = node.own_function(naming.index) {
                            self.function_names.insert(self.index(function), naming.name.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// A function that does what comes before `run`, and then is `run`.
    fn started(&mut self, graph: &Graph<'_, '_>, run: u32) -> u32 {
        let (types, functions) = graph.defined();
        self.types.ty().function([], [ValType::I32]);
        self.functions.function(types);
        let mut started = wasm_encoder::Function::new([]);
        started.raw(std::mem::take(&mut self.prologue)).instructions().return_call(run).end();
        self.code.function(&started);
        self.hosts + functions
    }

    fn finish(self) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&self.types).section(&self.imports).section(&self.functions).section(&self.tables);
        module.section(&self.memories);
        if !self.tags.is_empty() {
            module.section(&self.tags);
        }
        module.section(&self.globals).section(&self.exports).section(&self.elements);
        if !self.data.is_empty() {
            module.section(&DataCountSection { count: self.data.len() });
        }
        module.section(&self.code).section(&self.data);
        let (mut section, mut functions) = (NameSection::new(), NameMap::new());
        if let Some(name) = &self.name {
            section.module(name);
        }
        self.function_names.iter().for_each(|(index, name)| functions.append(*index, name));
        section.functions(&functions);
        module.section(&section);
        module.finish()
    }
}

/// From the numbers that items have in a module to those that they have in the one.
struct Renumber<'n, 'a> {
    node: &'n Node<'a>,
    hosts: u32,
}

/// No item has this number, or its number is too large.
#[derive(Debug)]
struct Unknown;

type Renumbered = std::result::Result<u32, Error<Unknown>>;

fn shifted(first: u32, index: u32) -> Renumbered {
    first.checked_add(index).ok_or(Error::UserError(Unknown))
}

fn looked_up(items: &[u32], index: u32) -> Renumbered {
    items.get(index as usize).copied().ok_or(Error::UserError(Unknown))
}

impl Reencode for Renumber<'_, '_> {
    type Error = Unknown;

    fn type_index(&mut self, index: u32) -> Renumbered {
        shifted(self.node.types, index)
    }

    fn element_index(&mut self, index: u32) -> Renumbered {
        shifted(self.node.elements, index)
    }

    fn data_index(&mut self, index: u32) -> Renumbered {
        shifted(self.node.data, index)
    }

    fn function_index(&mut self, index: u32) -> Renumbered {
        match self.node.functions.get(index as usize) {
            Some(Function::Host(number)) => Ok(*number),
            Some(Function::Defined(number)) => shifted(self.hosts, *number),
            None => Err(Error::UserError(Unknown)),
        }
    }

    fn table_index(&mut self, index: u32) -> Renumbered {
        looked_up(&self.node.tables, index)
    }

    fn memory_index(&mut self, index: u32) -> Renumbered {
        looked_up(&self.node.memories, index)
    }

    fn global_index(&mut self, index: u32) -> Renumbered {
        looked_up(&self.node.globals, index)
    }

    fn tag_index(&mut self, index: u32) -> Renumbered {
        looked_up(&self.node.tags, index)
    }
}
