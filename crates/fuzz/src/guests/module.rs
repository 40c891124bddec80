//! A core module that imports the whole interface and calls a random sequence of it, made into a component: by itself, or as the main
//! module or the adapter of two that call each other, each with an allocator.
//!
//! A call whose handle is not there is left out. Otherwise nearly every guest would end with a trap at its third call. A call that
//! is wild on purpose is made all the same.

mod table;

use anyhow::Result;
use fastrand::Rng;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, InstructionSink, MemorySection, MemoryType, Module, NameMap, NameSection,
    TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::WasmType;
use wit_parser::{Handle, IndexMap, Type, TypeDefKind, World};

use super::harvest::{Harvest, Place};
use super::interface::{Import, Interface};
use super::layout::{HEAP, LISTS, PAGES, RESULTS, TEXTS, slot};
use super::lower::{HERE, Lower};
use super::value::{Value, Values, texts};
use table::Wrong;
pub(crate) use table::wrong_calls;

/// Calls in one round.
const MOST_CALLS: usize = 200;

/// Locals of the function that runs: one for a handle, the others for the addresses of lists, and the rounds left.
const HANDLE: u32 = 0;
const ADDRESSES: [u32; 2] = [1, 2];
const ROUNDS: u32 = 3;

/// The global that says where the heap's next byte is.
const NEXT: u32 = 0;

/// The component of a seed. `port` is one of this machine that it may use.
pub(crate) fn component(interface: &Interface, seed: u64, port: u16) -> Result<Vec<u8>> {
    let mut module = Hostile::new(interface, seed, port).module(Role::Alone);
    embed_component_metadata(&mut module, &interface.resolve, interface.world, StringEncoding::UTF8)?;
    ComponentEncoder::default().module(&module)?.validate(true).encode()
}

/// A component of a main module and an adapter, of which each, or only the adapter, calls the interface.
pub(crate) fn adapted(interface: &Interface, seed: u64, port: u16) -> Result<Vec<u8>> {
    let mut random = Rng::with_seed(seed);
    let mut main =
        if random.bool() { plain_main() } else { Hostile::new(interface, random.u64(..), port).module(Role::Main) };
    let mut resolve = interface.resolve.clone();
    let of_main =
        World { name: "main".to_owned(), exports: IndexMap::default(), ..resolve.worlds[interface.world].clone() };
    let of_main = resolve.worlds.alloc(of_main);
    embed_component_metadata(&mut main, &resolve, of_main, StringEncoding::UTF8)?;
    let has_stack = random.bool();
    let mut adapter = Hostile::new(interface, random.u64(..), port).module(Role::Adapter { has_stack });
    embed_component_metadata(&mut adapter, &interface.resolve, interface.world, StringEncoding::UTF8)?;
    ComponentEncoder::default().module(&main)?.adapter(ADAPTER, &adapter)?.validate(true).encode()
}

/// The name of the adapter, and of what it exports to the main module.
const ADAPTER: &str = "wasi_snapshot_preview1";
const CALLS: &str = "calls";

/// The role of a module in its component.
#[derive(Clone, Copy)]
enum Role<'a> {
    Alone,
    /// Alone, with wrong calls of the function of this number.
    Table {
        number: usize,
        cases: &'a [Wrong],
    },
    Main,
    /// With a stack, it gets a start function, which takes memory for it from the main module's allocator where there is one.
    Adapter {
        has_stack: bool,
    },
}

/// A main module that calls the adapter alone.
fn plain_main() -> Vec<u8> {
    let (mut types, mut imports, mut functions) = (TypeSection::new(), ImportSection::new(), FunctionSection::new());
    types.ty().function([], []);
    imports.import(ADAPTER, CALLS, EntityType::Function(0));
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("_start", ExportKind::Func, 1);
    let (mut code, mut start) = (CodeSection::new(), Function::new([]));
    start.instructions().call(0).end();
    code.function(&start);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&memories());
    module.section(&exports).section(&code).section(&data());
    module.finish()
}

fn memories() -> MemorySection {
    let mut memories = MemorySection::new();
    memories.memory(MEMORY);
    memories
}

const MEMORY: MemoryType =
    MemoryType { minimum: PAGES, maximum: None, memory64: false, shared: false, page_size_log2: None };

fn data() -> DataSection {
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(TEXTS as i32), texts());
    data
}

struct Hostile<'a> {
    interface: &'a Interface,
    values: Values<'a>,
    next: Vec<u32>,
}

impl<'a> Hostile<'a> {
    fn new(interface: &'a Interface, seed: u64, port: u16) -> Self {
        let mut random = Rng::with_seed(seed);
        let wild = [0, 0, 1_000, 200, 30][random.usize(0..5)];
        let resources = interface.resources.len();
        let values = Values { interface, random, wild, port, filled: vec![Vec::new(); resources] };
        Self { interface, values, next: vec![0; resources] }
    }

    fn random(&mut self) -> &mut Rng {
        &mut self.values.random
    }

    fn module(&mut self, role: Role<'_>) -> Vec<u8> {
        let (mut types, mut imports, mut functions) =
            (TypeSection::new(), ImportSection::new(), FunctionSection::new());
        for import in &self.interface.imports {
            let number = types.len();
            let (params, results) = (&import.signature.params, &import.signature.results);
            types.ty().function(params.iter().copied().map(native), results.iter().copied().map(native));
            imports.import(&import.module, &import.name, EntityType::Function(number));
        }
        let drop = types.len();
        types.ty().function([ValType::I32], []);
        for resource in &self.interface.resources {
            imports.import(&resource.module, &resource.drop, EntityType::Function(drop));
        }
        let (run, realloc, plain) = (types.len(), types.len() + 1, types.len() + 2);
        types.ty().function([], [ValType::I32]);
        types.ty().function([ValType::I32; 4], [ValType::I32]);
        types.ty().function([], []);

        let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
        let (other, next) = (imports.len(), imports.len() + 1);
        let Interface { run: run_name, realloc: realloc_name, memory, .. } = self.interface;
        match role {
            Role::Alone | Role::Table { .. } => {
                functions.function(run).function(realloc);
                exports.export(run_name, ExportKind::Func, other).export(realloc_name, ExportKind::Func, other + 1);
                code.function(&match role {
                    Role::Table { number, cases } => self.table(number, cases),
                    _ => self.calls(|code| _ = code.i32_const(0)),
                });
            }
            Role::Main => {
                imports.import(ADAPTER, CALLS, EntityType::Function(plain));
                functions.function(plain).function(realloc);
                exports.export("_start", ExportKind::Func, next).export(realloc_name, ExportKind::Func, next + 1);
                code.function(&self.calls(|code| _ = code.call(other)));
            }
            Role::Adapter { .. } => {
                imports.import("__main_module__", "_start", EntityType::Function(plain));
                imports.import("env", "memory", EntityType::Memory(MEMORY));
                functions.function(plain).function(realloc).function(run);
                exports.export(CALLS, ExportKind::Func, next).export("cabi_import_realloc", ExportKind::Func, next + 1);
                exports.export(run_name, ExportKind::Func, next + 2);
                code.function(&self.calls(|_| {}));
            }
        }
        code.function(&self.realloc());
        let mut globals = GlobalSection::new();
        let global = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(global, &ConstExpr::i32_const(HEAP as i32));

        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions);
        if let Role::Adapter { has_stack } = role {
            let mut run = Function::new([]);
            run.instructions().call(other).i32_const(0).end();
            code.function(&run);
            module.section(&globals).section(&exports).section(&code);
            let (mut names, mut of_globals) = (NameSection::new(), NameMap::new());
            of_globals.append(NEXT, if has_stack { "__stack_pointer" } else { "next" });
            names.globals(&of_globals);
            module.section(&names);
        } else {
            exports.export(memory, ExportKind::Memory, 0);
            module.section(&memories()).section(&globals).section(&exports).section(&code).section(&data());
        }
        module.finish()
    }

    /// Calls in a row, some rounds of them, and what comes after them.
    fn calls(&mut self, end: impl FnOnce(&mut InstructionSink<'_>)) -> Function {
        let mut function = Function::new([(4, ValType::I32)]);
        let mut code = function.instructions();
        let rounds = [1, 1, 3, 10][self.random().usize(0..4)];
        code.i32_const(rounds).local_set(ROUNDS).loop_(BlockType::Empty);
        for number in self.openers() {
            self.call(&mut code, number);
        }
        for _ in 0..self.random().usize(0..MOST_CALLS) {
            match self.random().u32(0..100) {
                0..=7 => self.drop(&mut code),
                8 => {
                    code.i32_const(1).memory_grow(0).drop();
                }
                _ => {
                    let number = self.choose();
                    self.call(&mut code, number);
                }
            }
        }
        code.local_get(ROUNDS).i32_const(1).i32_sub().local_tee(ROUNDS).br_if(0).end();
        end(&mut code);
        code.end();
        function
    }

    /// The functions that give handles for nothing: nearly all, nearly always.
    fn openers(&mut self) -> Vec<usize> {
        let openers = ["get-", "create-", "instance-network"];
        let is_opener = |import: &Import| {
            let no_handles = import.function.params.iter().all(|param| {
                !matches!(param.ty, Type::Id(id) if {
                    matches!(self.interface.resolve.types[id].kind, TypeDefKind::Handle(_))
                })
            });
            no_handles && openers.iter().any(|opener| import.name.starts_with(opener))
        };
        let all = self.interface.imports.iter().enumerate();
        let free: Vec<_> = all.filter(|(_, import)| is_opener(import)).map(|(number, _)| number).collect();
        free.into_iter().filter(|_| self.random().u32(0..10) > 0).collect()
    }

    /// A function to call: one that ends or waits is seldom chosen, and so is one for which no handle can be there yet.
    fn choose(&mut self) -> usize {
        loop {
            let number = self.values.random.usize(0..self.interface.imports.len());
            let import = &self.interface.imports[number];
            let name = &import.name;
            let keep = if name.starts_with("exit") {
                5
            } else if name.contains("block") || name == "poll" {
                40
            } else if self.is_reachable(import) {
                100
            } else {
                2
            };
            if self.random().u32(0..100) < keep {
                return number;
            }
        }
    }

    fn is_reachable(&self, import: &Import) -> bool {
        import.function.params.iter().all(|param| {
            let Type::Id(id) = param.ty else { return true };
            match &self.interface.resolve.types[id].kind {
                TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => {
                    self.interface.resource(*id).is_none_or(|resource| !self.values.filled[resource].is_empty())
                }
                _ => true,
            }
        })
    }

    fn call(&mut self, code: &mut InstructionSink<'_>, number: usize) {
        let interface = self.interface;
        let import = &interface.imports[number];
        let params = &import.function.params;
        let values: Vec<_> = params.iter().map(|param| (self.values.make(&param.ty, &param.name), param.ty)).collect();
        code.i32_const(HEAP as i32).global_set(NEXT).block(BlockType::Empty);
        if !self.values.is_wild() {
            values.iter().for_each(|(value, _)| skip_without_handles(code, value));
        }
        Lower { interface, code: &mut *code, lists: LISTS, instead: None }.arguments(&values);
        if import.signature.retptr {
            let wild = self.values.is_wild();
            let results = if wild { self.random().u32(..) } else { RESULTS };
            code.i32_const(results as i32);
        }
        code.call(number as u32);
        let locals = ADDRESSES.to_vec();
        let mut harvest =
            Harvest { interface, code: &mut *code, locals, next: &mut self.next, filled: &mut self.values.filled };
        match (&import.function.result, import.signature.results.len()) {
            (Some(ty), 0) => harvest.value(ty, Place::At(RESULTS)),
            (Some(ty), 1) => match harvest.handle(ty) {
                Some(resource) => harvest.keep(resource, HANDLE),
                None => {
                    code.drop();
                }
            },
            _ => {}
        }
        code.end();
    }

    /// Closes a handle, and mostly forgets it.
    fn drop(&mut self, code: &mut InstructionSink<'_>) {
        let resource = self.values.random.usize(0..self.interface.resources.len());
        let filled = self.values.filled[resource].len();
        if filled == 0 {
            return;
        }
        let number = self.random().usize(0..filled);
        let held = slot(resource, self.values.filled[resource][number]);
        code.block(BlockType::Empty);
        skip_without_handles(code, &Value::Held(held));
        code.i32_const(held as i32).i32_load(HERE).call((self.interface.imports.len() + resource) as u32);
        if !self.values.is_wild() {
            code.i32_const(held as i32).i32_const(0).i32_store(HERE);
        }
        code.end();
    }

    /// The allocator for results of the host. It places one right after the other, or wherever hurts.
    fn realloc(&mut self) -> Function {
        let wild = self.values.is_wild();
        let which =
            if wild || self.values.wild > 0 && self.random().u32(0..4) == 0 { self.random().u32(1..6) } else { 0 };
        let mut function = Function::new([(1, ValType::I32)]);
        let mut code = function.instructions();
        match which {
            1 => code.i32_const(-1),
            2 => code.i32_const(HEAP as i32 + 1),
            3 => code.unreachable(),
            // The host is in the middle of a call.
            4 => code.call(self.first_without_arguments()).drop().i32_const(HEAP as i32),
            5 => code.i32_const(0),
            _ => {
                let (align, size, address) = (2, 3, 4);
                code.global_get(NEXT).local_get(align).i32_add().i32_const(1).i32_sub();
                code.i32_const(0).local_get(align).i32_sub().i32_and().local_tee(address);
                code.local_get(size).i32_add().global_set(NEXT).local_get(address)
            }
        };
        code.end();
        function
    }

    fn first_without_arguments(&self) -> u32 {
        let plain = |import: &Import| import.signature.params.is_empty() && import.signature.results.len() == 1;
        self.interface.imports.iter().position(plain).unwrap_or(0) as u32
    }
}

/// Leaves the block where a handle of the value is not there.
fn skip_without_handles(code: &mut InstructionSink<'_>, value: &Value) {
    match value {
        Value::Held(address) => {
            code.i32_const(*address as i32).i32_load(HERE).i32_eqz().br_if(0);
        }
        Value::List(values) | Value::Record(values) => {
            values.iter().for_each(|value| skip_without_handles(code, value));
        }
        Value::Case(_, _, Some(value)) => skip_without_handles(code, value),
        _ => {}
    }
}

fn native(ty: WasmType) -> ValType {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}
