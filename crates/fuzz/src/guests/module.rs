//! A core module that imports the whole interface and calls a random sequence of it, made into a component.
//!
//! A call whose handle is not there is left out, else nearly every guest would end at its third call, by a trap. What was wild
//! on purpose is called.

use anyhow::Result;
use fastrand::Rng;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, InstructionSink, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::WasmType;
use wit_parser::{Handle, Type, TypeDefKind};

use super::harvest::{Harvest, Place};
use super::interface::{Import, Interface};
use super::layout::{HEAP, LISTS, PAGES, RESULTS, TEXTS, slot};
use super::lower::{HERE, Lower};
use super::value::{Value, Values, texts};

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
    let mut module = Hostile::new(interface, seed, port).module();
    embed_component_metadata(&mut module, &interface.resolve, interface.world, StringEncoding::UTF8)?;
    ComponentEncoder::default().module(&module)?.validate(true).encode()
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

    fn module(&mut self) -> Vec<u8> {
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
        let (run, realloc) = (types.len(), types.len() + 1);
        types.ty().function([], [ValType::I32]);
        types.ty().function([ValType::I32; 4], [ValType::I32]);
        functions.function(run).function(realloc);

        let first = imports.len();
        let mut exports = ExportSection::new();
        exports.export(&self.interface.run, ExportKind::Func, first);
        exports.export(&self.interface.realloc, ExportKind::Func, first + 1);
        exports.export(&self.interface.memory, ExportKind::Memory, 0);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: PAGES,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut globals = GlobalSection::new();
        let next = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(next, &ConstExpr::i32_const(HEAP as i32));
        let mut code = CodeSection::new();
        code.function(&self.run()).function(&self.realloc());
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(TEXTS as i32), texts());

        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&memories).section(&globals);
        module.section(&exports).section(&code).section(&data);
        module.finish()
    }

    /// Calls in a row, some rounds of them.
    fn run(&mut self) -> Function {
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
        code.i32_const(0).end();
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
        Lower { interface, code: &mut *code, lists: LISTS }.arguments(&values);
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

    /// Where the host puts what it returns: one byte behind the other, or wherever hurts.
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
