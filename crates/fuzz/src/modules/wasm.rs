//! A script as a module of WebAssembly.
//!
//! Each call's answer is kept in a global that is exported: its result in the low 16 bits, in the next 16 a digest of the memory
//! afterwards, where that is the same on every system, in the upper 32 what it told. The function [`RUN`] returns them all, and last
//! how often the module's memory holds what no guest may see.

use anyhow::{Context as _, Result, ensure};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataCountSection, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, InstructionSink, MemArg, MemorySection, MemoryType,
    Module, StartSection, TypeSection, ValType,
};

use super::functions::{self, ACCEPT, EXIT, FUNCTIONS, GROW, Parameter, find};
use super::layout::{DATA, PAGE, PUT, UNTOLD};
use super::script::{Address, Argument, Call, Launch, Memory, Script};
use crate::mounts::SECRET;

/// The function that returns what the calls did.
pub(crate) const RUN: &str = "run";

/// Bytes of memory that are looked at for it.
const LOOKED_AT: u64 = 1 << 23;

/// Results that a function may have, less one.
const MOST_CALLS: usize = 900;

const HERE: MemArg = MemArg { offset: 0, align: 0, memory_index: 0 };

/// The module.
pub(crate) fn module(script: &Script) -> Result<Vec<u8>> {
    ensure!(script.calls.len() <= MOST_CALLS, "so many calls have so many results");
    let imports = FUNCTIONS.iter().filter(|function| is_imported(script, function.name));
    let mut encoder = Encoder { script, imports: imports.collect(), size: script.memory.bytes(), data: Vec::new() };
    encoder.module()
}

fn is_imported(script: &Script, name: &str) -> bool {
    let is_there = name != GROW && !(script.unstable && name == ACCEPT);
    is_there && script.calls.iter().any(|call| call.function == name)
}

struct Encoder<'a> {
    script: &'a Script,
    imports: Vec<&'static functions::Function>,
    /// Bytes of the first memory.
    size: u64,
    /// The bytes that are put into memory, a segment each.
    data: Vec<Vec<u8>>,
}

/// The word that a call tells.
struct Told {
    /// The address of the answer.
    answer: u32,
    /// The offset of the word in the answer, in bytes.
    word: u32,
    /// True if the word is the same on every system.
    is_alike: bool,
}

/// A call as the module makes it.
struct Lowered {
    arguments: Vec<u64>,
    /// The bytes that are put into memory before the call, each with its address.
    puts: Vec<(u32, Vec<u8>)>,
}

impl Encoder<'_> {
    fn module(&mut self) -> Result<Vec<u8>> {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        let host = if self.script.unstable { "wasi_unstable" } else { "wasi_snapshot_preview1" };
        for function in &self.imports {
            let parameters: Vec<_> =
                function.parameters.iter().flat_map(|parameter| parameter.types()).copied().collect();
            let number = types.len();
            types.ty().function(parameters, (function.name != EXIT).then_some(ValType::I32));
            imports.import(host, function.name, EntityType::Function(number));
        }
        let (calls, run, digest) = (types.len(), types.len() + 1, types.len() + 2);
        types.ty().function([], []);
        types.ty().function([], vec![ValType::I64; self.script.calls.len() + 1]);
        types.ty().function([], [ValType::I64]);
        let mut functions = FunctionSection::new();
        functions.function(calls).function(run).function(digest);
        let mut code = CodeSection::new();
        code.function(&self.calls(digest)?).function(&self.run(calls)).function(&self.digest());

        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&self.memories());
        module.section(&self.globals()).section(&self.exports(calls));
        if matches!(self.script.launch, Launch::Started | Launch::Twice) {
            module.section(&StartSection { function_index: calls });
        }
        let mut data = DataSection::new();
        for bytes in &self.data {
            data.passive(bytes.iter().copied());
        }
        if self.size > 0 {
            data.active(0, &ConstExpr::i32_const(DATA as i32), (0..=250).cycle().take(10_000).collect::<Vec<u8>>());
        }
        module.section(&DataCountSection { count: data.len() }).section(&code).section(&data);
        Ok(module.finish())
    }

    fn memories(&self) -> MemorySection {
        let mut memories = MemorySection::new();
        let plain = MemoryType {
            minimum: self.size / PAGE,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        if self.script.memory != Memory::Missing {
            memories.memory(plain);
        }
        match self.script.memory {
            Memory::Wide => memories.memory(MemoryType { memory64: true, ..plain }),
            Memory::Shared => memories.memory(MemoryType { shared: true, maximum: Some(2), ..plain }),
            _ => &mut memories,
        };
        memories
    }

    fn globals(&self) -> GlobalSection {
        let mut globals = GlobalSection::new();
        let kept = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        for _ in &self.script.calls {
            globals.global(kept, &ConstExpr::i64_const(-1));
        }
        globals
    }

    fn exports(&self, calls: u32) -> ExportSection {
        let mut exports = ExportSection::new();
        exports.export(RUN, ExportKind::Func, calls + 1);
        for number in 0..self.script.calls.len() as u32 {
            exports.export(&format!("answer {number}"), ExportKind::Global, number);
        }
        match self.script.memory {
            Memory::Pages(_) => exports.export("memory", ExportKind::Memory, 0),
            Memory::Wide | Memory::Shared => exports.export("memory", ExportKind::Memory, 1),
            Memory::Misnamed => exports.export("memory", ExportKind::Func, calls),
            Memory::Hidden | Memory::Missing => &mut exports,
        };
        match self.script.launch {
            Launch::Initialized => exports.export("_initialize", ExportKind::Func, calls),
            Launch::Command | Launch::Twice => exports.export("_start", ExportKind::Func, calls),
            Launch::Invoked | Launch::Started => &mut exports,
        };
        exports
    }

    /// Makes all calls.
    fn calls(&mut self, digest: u32) -> Result<Function> {
        let mut function = Function::new([]);
        let mut code = function.instructions();
        let script = self.script;
        for (number, call) in script.calls.iter().enumerate() {
            self.call(&mut code, call, digest).with_context(|| format!("{call:?}"))?;
            code.global_set(number as u32);
        }
        code.end();
        Ok(function)
    }

    /// Leaves the answer on the stack.
    fn call(&mut self, code: &mut InstructionSink<'_>, call: &Call, digest: u32) -> Result<()> {
        let known = find(&call.function).context("no such function")?;
        let Lowered { arguments, puts } = self.lower(call);
        let types: Vec<_> = known.parameters.iter().flat_map(|parameter| parameter.types()).collect();
        ensure!(types.len() == arguments.len(), "it takes {} arguments", types.len());
        for (at, bytes) in puts {
            if u64::from(at) + bytes.len() as u64 <= self.size {
                code.i32_const(at as i32).i32_const(0).i32_const(bytes.len() as i32);
                code.memory_init(0, self.data.len() as u32);
                self.data.push(bytes);
            }
        }
        let told = self.told(known, &arguments);
        // Else what a host leaves alone, as the padding in an answer, would be what another call has left.
        if let Some(Told { answer, word, .. }) = told {
            code.i32_const(answer as i32).i32_const(0).i32_const(word as i32 + 4).memory_fill(0);
        }
        if known.name == GROW && self.script.memory != Memory::Missing {
            for pages in &arguments {
                code.i32_const(*pages as i32);
            }
            code.memory_grow(0);
        } else if let Some(number) = self.imports.iter().position(|import| import.name == known.name) {
            for (ty, value) in types.iter().zip(arguments) {
                match ty {
                    ValType::I64 => code.i64_const(value as i64),
                    _ => code.i32_const(value as i32),
                };
            }
            code.call(number as u32);
            if known.name == EXIT {
                code.i32_const(0);
            }
        } else {
            code.i32_const(0);
        }
        code.i64_extend_i32_u().i64_const(0xffff).i64_and();
        if let Some(Told { answer, word, is_alike }) = told {
            let at = (answer + word) as i32;
            match is_alike {
                true => code.i32_const(at).i32_load(HERE).i64_extend_i32_u().i64_const(32).i64_shl().i64_or(),
                false => code.i32_const(at).i32_const(0).i32_store(HERE),
            };
        }
        code.call(digest).i64_const(16).i64_shl().i64_or();
        Ok(())
    }

    fn lower(&self, call: &Call) -> Lowered {
        let mut lowered = Lowered { arguments: Vec::new(), puts: Vec::new() };
        let mut next = PUT;
        let mut put = |bytes: Vec<u8>, puts: &mut Vec<_>| {
            let at = next;
            next += (bytes.len() as u32).next_multiple_of(8);
            puts.push((at, bytes));
            u64::from(at)
        };
        let Lowered { arguments, puts } = &mut lowered;
        for argument in &call.arguments {
            match argument {
                Argument::Number(number) => arguments.push(*number),
                Argument::Address(address) => arguments.push(self.address(*address).into()),
                Argument::Bytes(bytes) => arguments.push(put(bytes.clone(), puts)),
                Argument::Path(text) => {
                    let bytes = text.as_str().as_bytes();
                    arguments.extend([put(bytes.to_vec(), puts), bytes.len() as u64]);
                }
                Argument::List(list) => {
                    let words = list.iter().flat_map(|(address, length)| [self.address(*address), *length]);
                    let bytes = words.flat_map(u32::to_le_bytes).collect();
                    arguments.extend([put(bytes, puts), list.len() as u64]);
                }
            }
        }
        lowered
    }

    fn address(&self, address: Address) -> u32 {
        match address {
            Address::At(at) => at,
            Address::End(from) => (self.size as u32).wrapping_add_signed(from),
        }
    }

    /// The word that a call tells, where that lies in memory.
    fn told(&self, function: &functions::Function, arguments: &[u64]) -> Option<Told> {
        let mut place = 0;
        let (mut told, mut is_alike) = (None, true);
        for parameter in function.parameters {
            let argument = *arguments.get(place)?;
            match parameter {
                Parameter::Told(word) | Parameter::ToldAmong(word) => told = Some((argument as u32, *word)),
                // After a cookie, the entries that are left depend on their order, which means nothing.
                Parameter::Cookie => is_alike = argument == 0,
                _ => {}
            }
            place += parameter.types().len();
        }
        let (answer, word) = told.filter(|_| self.script.tame)?;
        let is_inside = u64::from(answer) + u64::from(word) + 4 <= self.size;
        is_inside.then_some(Told { answer, word, is_alike })
    }

    /// The digest of the memory, but of what is untold; 0 of a memory that is too short, or isn't looked at.
    fn digest(&self) -> Function {
        const AT: u32 = 0;
        const SO_FAR: u32 = 1;
        /// Odd, so that nothing is lost, and with bits everywhere, so that all that went before shows in the upper ones.
        const FACTOR: i64 = 0x9e37_79b9_7f4a_7c15_u64.cast_signed();
        let mut function = Function::new([(1, ValType::I32), (1, ValType::I64)]);
        let mut code = function.instructions();
        if self.script.tame && self.size >= PAGE {
            for (from, to) in [(0, UNTOLD), (DATA, PAGE as u32)] {
                code.i32_const(from as i32).local_set(AT);
                code.loop_(BlockType::Empty);
                code.local_get(SO_FAR)
                    .local_get(AT)
                    .i64_load(HERE)
                    .i64_xor()
                    .i64_const(FACTOR)
                    .i64_mul()
                    .local_set(SO_FAR);
                code.local_get(AT).i32_const(8).i32_add().local_tee(AT).i32_const(to as i32).i32_lt_u().br_if(0).end();
            }
        }
        code.local_get(SO_FAR).i64_const(48).i64_shr_u().end();
        function
    }

    /// Returns what was kept, and how often [`SECRET`] is in memory.
    fn run(&self, calls: u32) -> Function {
        const AT: u32 = 0;
        const FOUND: u32 = 1;
        let mut function = Function::new([(1, ValType::I32), (1, ValType::I64)]);
        let mut code = function.instructions();
        if self.script.launch == Launch::Invoked {
            code.call(calls);
        }
        for number in 0..self.script.calls.len() {
            code.global_get(number as u32);
        }
        if self.size > 0 {
            code.loop_(BlockType::Empty);
            code.local_get(AT).i64_load(HERE).i64_const(i64::from_le_bytes(SECRET)).i64_eq().i64_extend_i32_u();
            code.local_get(FOUND).i64_add().local_set(FOUND);
            code.local_get(AT).i32_const(1).i32_add().local_tee(AT);
            code.i32_const(self.size.min(LOOKED_AT) as i32 - 7).i32_lt_u().br_if(0).end();
        }
        code.local_get(FOUND).end();
        function
    }
}
