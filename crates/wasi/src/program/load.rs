//! Loading: from a file to code, by way of the cache where there is one.
//!
//! Hazards: the file is hostile, and compiling it may take any time and memory; whoever loads what others wrote bounds both, as the
//! command line does. The file may change while it is read: what is run is what was hashed, or what was compiled, never a mixture.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::sync::OnceLock;

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use super::digest::{DebugInfo, Digest, digest};
use super::format::{self, Format, unreadable};
use super::record::Record;
use super::shape::{self, Shape};
use super::{Code, Kind, LoadError, Precompiled, Program, copy, footprint, one_line};
use crate::bind::direct;
use crate::runtime::{Binding, Runtime, RuntimeOptions};

/// What an instance of code without a record is taken to need: whoever vouches for its code vouches for that, too.
const UNRECORDED_INSTANCE: u64 = 64 << 10;

const BOUND_DIRECTLY: &str =
    "compiled to be bound directly, which is not how it is asked for here; compile it anew with CALLGATE_BIND=engine";

const MACHINE_CODE: &str = "machine code, compiled ahead of time, which is run as it is and not sandboxed by itself";

impl Runtime {
    /// Reads and compiles a component or a module from a `.wasm` or `.wat` file; the content decides, not the name. Takes its code from
    /// the cache, where it was kept there before.
    ///
    /// Takes as long, and as much memory, as the program makes the compiler need, which can be much more than its size suggests. Load
    /// what others wrote in a process that can be ended.
    ///
    /// # Errors
    /// If the file cannot be read, is not valid, or holds machine code, which [only an unsafe function](Runtime::load_precompiled) takes.
    pub fn load(&self, path: &Path) -> Result<Program, LoadError> {
        if let Some(program) = self.load_cached(path)? {
            return Ok(program);
        }
        let fail = |why| LoadError::new(path, why);
        let (mut file, _) = format::open(path).map_err(fail)?;
        self.load_source(path, &mut file).map_err(fail)
    }

    /// The same, as far as that takes no compiler: `None` where the code is not in the cache. Takes as long as to read the file once.
    ///
    /// # Errors
    /// As [`Runtime::load`], if the file cannot be read or is no program by its first bytes.
    pub fn load_cached(&self, path: &Path) -> Result<Option<Program>, LoadError> {
        let fail = |why| LoadError::new(path, why);
        let (file, format) = format::open(path).map_err(fail)?;
        if format == Format::Precompiled {
            return Err(LoadError { machine_code: true, ..fail(MACHINE_CODE.to_owned()) });
        }
        Ok(self.load_kept(&file).map(|(code, record)| self.program(path, code, record)))
    }

    /// Loads code that was compiled ahead of time, by [`Program::serialize`] or `callgate compile`, or else as [`Runtime::load`]. The file is copied
    /// and never mapped itself, so what happens to it afterwards, by a guest of this run or of another, does not matter.
    ///
    /// # Errors
    /// If the file cannot be read, or its code is for another release, machine or setting.
    ///
    /// # Safety
    /// Such a file holds machine code, which runs as it is: whoever wrote the file can do what this process can. The caller vouches
    /// that this library or its command line wrote it, and that nobody changed it since.
    #[allow(unsafe_code, reason = "machine code cannot be checked; the caller vouches for it")]
    pub unsafe fn load_precompiled(&self, path: &Path) -> Result<Program, LoadError> {
        let fail = |why| LoadError::new(path, why);
        let (mut file, format) = format::open(path).map_err(fail)?;
        if format != Format::Precompiled {
            return self.load(path);
        }
        let record = Record::read(&file).map_err(|error| fail(unreadable(&error)))?;
        let kind = record.as_ref().map(|record| record.kind).or_else(|| kind_of(path));
        if kind == Some(Kind::Direct) && self.binding == Binding::Engine {
            return Err(fail(BOUND_DIRECTLY.to_owned()));
        }
        // SAFETY: the caller vouches for the file's content.
        let vouched = unsafe { Vouched::new(kind.unwrap_or(Kind::Component)) };
        let code = vouched.copy(self, &mut file).map_err(|error| {
            let why = one_line(&error);
            fail(format!("precompiled for another machine, release or setting ({why}); compile it anew"))
        })?;
        let record = record.unwrap_or_else(|| self.unrecorded(&code));
        Ok(self.program(path, code, record))
    }

    fn program(&self, path: &Path, code: Code, record: Record) -> Program {
        Program { runtime: self.clone(), code, path: path.to_owned(), record, linked: OnceLock::new() }
    }

    fn unrecorded(&self, code: &Code) -> Record {
        let imports = code.imports(self);
        let (kind, settings) = (code.kind(), self.settings);
        Record { kind, settings, program: Digest::default(), instance: UNRECORDED_INSTANCE, imports }
    }

    /// The code that the cache keeps for the program in `file`.
    #[allow(unsafe_code, reason = "code that this library compiled and sealed is mapped again")]
    fn load_kept(&self, file: &File) -> Option<(Code, Record)> {
        let cache = self.cache.as_ref()?;
        let digest = digest(file, self.debug_info).ok()?;
        let mut entry = cache.find(&digest, self.settings)?;
        // SAFETY: the entry's seal holds: this library wrote it for this program, and nobody else can have changed it, nor can
        // anybody as long as it is mapped (`cache/unix.rs`, `cache/windows.rs`).
        let vouched = unsafe { Vouched::new(entry.record.kind) };
        let code = vouched.map(self, &entry.path, &mut entry.file).ok()?;
        Some((code, entry.record))
    }

    /// Compiles the program, and keeps it in the cache.
    fn load_source(&self, path: &Path, file: &mut File) -> Result<Program, String> {
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(|error| unreadable(&error))?;
        let program = digest(io::Cursor::new(&bytes), self.debug_info).map_err(|error| unreadable(&error))?;
        let Compiled { code, imports, instance } = self.compile(&bytes)?;
        let kind = code.kind();
        let record = Record { kind, settings: self.settings, program, instance, imports };
        let loaded = self.program(path, code, record);
        if let Some(cache) = &self.cache
            && let Ok(code) = loaded.serialized()
        {
            // A cache that can't be written only costs time at the next start.
            drop(cache.keep(&program, self.settings, &code));
        }
        Ok(loaded)
    }

    /// Compiles a binary or a text, and tells the size of its largest instance; only in the binary's header is said which of the two kinds
    /// it is.
    fn compile(&self, bytes: &[u8]) -> Result<Compiled, String> {
        let binary = wat::parse_bytes(bytes).map_err(|error| {
            let why = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("not valid ({why}); correct its text")
        })?;
        let mut instance = footprint::largest_instance(&binary);
        let code = if format::is_module(&binary) {
            let module = Module::from_binary(&self.engine, &binary).map(Code::Module);
            module.map_err(|error| {
                format!("not a valid module ({}); build it anew for wasm32-wasip1", one_line(&error))
            })?
        } else if let Ok((main, size)) = self.main_module(&binary) {
            instance = instance.max(size);
            Code::Direct(main)
        } else {
            let component = Component::from_binary(&self.engine, &binary).map(Code::Component);
            component.map_err(|error| {
                format!("not a valid component ({}); build it anew for wasm32-wasip2", one_line(&error))
            })?
        };
        let imports = match &code {
            Code::Direct(_) => shape::interfaces(&binary),
            code => code.imports(self),
        };
        Ok(Compiled { code, imports, instance })
    }

    /// The main module of a component that is to be bound directly, which can be linked, and the bytes that an instance of it takes.
    ///
    /// # Errors
    /// In a few words, why it isn't.
    fn main_module(&self, binary: &[u8]) -> Result<(Module, u64), String> {
        let shape = self.directly(binary)?;
        let main = Module::from_binary(&self.engine, &shape.main).map_err(|error| unlinked(&error))?;
        direct::check(&main).map_err(|error| unlinked(&error))?;
        Ok((main, footprint::largest_instance(&shape.main)))
    }

    /// The parts of a component that is to be bound directly.
    ///
    /// # Errors
    /// In a few words, why it isn't.
    fn directly<'a>(&self, binary: &'a [u8]) -> Result<Shape<'a>, String> {
        if self.binding == Binding::Engine {
            return Err("was asked for (CALLGATE_BIND=engine, or a function to be called by name)".to_owned());
        }
        let shape = shape::of(binary, self.engine.get_wasm_features())?;
        if matches!(shape.main, Cow::Owned(_)) && self.debug_info == DebugInfo::Read {
            return Err("is of several modules, whose lines could not be shown (WASMTIME_BACKTRACE_DETAILS)".to_owned());
        }
        // The types of the imports are compared by the engine, with those that it would link.
        let imports = Component::from_binary(&self.engine, shape.imports).map_err(|error| unlinked(&error))?;
        self.linker().and_then(|linker| linker.instantiate_pre(&imports)).map_err(|error| unlinked(&error))?;
        Ok(shape)
    }

    /// Why the component in this file is not bound directly.
    pub(super) fn why_by_the_engine(&self, path: &Path) -> String {
        let Ok(bytes) = fs::read(path) else { return "can't be read any more".to_owned() };
        let Ok(binary) = wat::parse_bytes(&bytes) else { return "was compiled so".to_owned() };
        self.main_module(&binary).err().unwrap_or_else(|| "was compiled so".to_owned())
    }
}

fn unlinked(error: &wasmtime::Error) -> String {
    format!("can't be linked directly ({})", one_line(error))
}

/// Code, and what is recorded of it.
struct Compiled {
    code: Code,
    imports: Vec<String>,
    /// Bytes of its largest instance.
    instance: u64,
}

/// Machine code of this kind that somebody has vouched for.
#[derive(Clone, Copy)]
struct Vouched(Kind);

#[allow(unsafe_code, reason = "the engine has no other way to take precompiled code")]
impl Vouched {
    /// # Safety
    /// The code in the file that is going to be loaded was written by the engine and not changed since; if it is mapped, nobody changes it later.
    unsafe fn new(kind: Kind) -> Self {
        Self(kind)
    }

    /// Maps the file, which `path` leads to.
    fn map(self, runtime: &Runtime, path: &Path, file: &mut File) -> wasmtime::Result<Code> {
        let engine = &runtime.engine;
        let mapped = match self.0 {
            // SAFETY: vouched for when this was made.
            Kind::Module => unsafe { Module::deserialize_file(engine, path) }.map(Code::Module),
            // SAFETY: as above.
            Kind::Direct => unsafe { Module::deserialize_file(engine, path) }.map(Code::Direct),
            // SAFETY: as above.
            Kind::Component => unsafe { Component::deserialize_file(engine, path) }.map(Code::Component),
        };
        // Not every system maps every file as code: Wine maps none.
        mapped.or_else(|error| self.read(runtime, file).map_err(|_| error))
    }

    /// Maps a copy of the file, which nobody changes afterwards.
    fn copy(self, runtime: &Runtime, file: &mut File) -> wasmtime::Result<Code> {
        match copy::of(file) {
            Ok((mut copy, path)) => self.map(runtime, &path, &mut copy),
            Err(_) => self.read(runtime, file),
        }
    }

    fn read(self, runtime: &Runtime, file: &mut File) -> wasmtime::Result<Code> {
        let engine = &runtime.engine;
        let mut code = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut code)?;
        match self.0 {
            // SAFETY: vouched for when this was made.
            Kind::Module => unsafe { Module::deserialize(engine, code) }.map(Code::Module),
            // SAFETY: as above.
            Kind::Direct => unsafe { Module::deserialize(engine, code) }.map(Code::Direct),
            // SAFETY: as above.
            Kind::Component => unsafe { Component::deserialize(engine, code) }.map(Code::Component),
        }
    }
}

/// The kind of code without a record, as the engine marks it.
fn kind_of(path: &Path) -> Option<Kind> {
    Engine::detect_precompiled_file(path).ok().flatten().map(|kind| match kind {
        wasmtime::Precompiled::Module => Kind::Module,
        wasmtime::Precompiled::Component => Kind::Component,
    })
}

/// True if a file holds code compiled ahead of time.
pub(super) fn is_machine_code(path: &Path) -> bool {
    format::open(path).is_ok_and(|(_, format)| format == Format::Precompiled)
}

/// The file's own account of its machine code. It takes engines to tell whether the code fits, so a start does not ask.
pub(super) fn precompiled(path: &Path) -> Option<Precompiled> {
    let (file, format) = format::open(path).ok()?;
    if format != Format::Precompiled {
        return None;
    }
    let record = Record::read(&file).ok()?;
    let fits = |record: &Record| {
        let options = [false, true].into_iter().flat_map(|interruptible| {
            let bindings = [Binding::Direct, Binding::Engine];
            bindings.map(|binding| RuntimeOptions { interruptible, binding, ..RuntimeOptions::default() })
        });
        let mut settings = options.filter_map(|options| Runtime::new(&options).ok());
        settings.any(|runtime| runtime.settings == record.settings)
    };
    Some(Precompiled { fits: record.as_ref().is_some_and(fits), imports: record.map(|record| record.imports) })
}
