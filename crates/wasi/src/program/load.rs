//! Loading: from a file to code, through the cache where there is one.
//!
//! Hazards: the file is hostile, and compiling it may take any time and memory. Whoever loads programs that others wrote bounds both, as
//! the command line does. The file may change while it is read: the program that runs is the one that was hashed, or the one that was
//! compiled, never a mixture.

use std::borrow::Cow;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::OnceLock;

use wasmtime::Module;
use wasmtime::component::Component;

use super::cache::Entry;
use super::digest::{DebugInfo, Digest, digest};
use super::file::{ProgramFile, SHORT_CODE};
use super::format::{self, unreadable};
use super::image::Image;
use super::record::Record;
use super::shape::{self, Shape};
use super::{Code, Kind, LoadError, Precompiled, Program, footprint, one_line};
use crate::bind::direct;
use crate::runtime::{Binding, Runtime, RuntimeOptions};

/// The bytes that an instance of code without a record is taken to need. Whoever vouches for the code vouches for this, too.
const UNRECORDED_INSTANCE: u64 = 64 << 10;

const BOUND_DIRECTLY: &str =
    "compiled to be bound directly, which is not how it is asked for here; compile it anew with CALLGATE_BIND=engine";

const NO_MACHINE_CODE: &str = "not compiled ahead of time; load it as the program that it is";

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
        self.load_file(&ProgramFile::open(path)?)
    }

    /// The same, from an open file.
    ///
    /// # Errors
    /// As [`Runtime::load`].
    pub fn load_file(&self, file: &ProgramFile) -> Result<Program, LoadError> {
        if file.is_machine_code() {
            return Err(LoadError { machine_code: true, ..file.fail(MACHINE_CODE.to_owned()) });
        }
        match self.load_kept(file, u64::MAX) {
            Some(program) => Ok(program),
            None => self.load_source(file).map_err(|why| file.fail(why)),
        }
    }

    /// Loads the program if this takes no compiler and no more than some milliseconds: its file is short, and the cache has short
    /// code for it.
    #[must_use]
    pub fn load_at_once(&self, file: &ProgramFile) -> Option<Program> {
        let may_be_kept = file.is_short() && !file.is_machine_code();
        may_be_kept.then(|| self.load_kept(file, SHORT_CODE)).flatten()
    }

    /// Loads code that was compiled ahead of time, by [`Program::serialize`] or `callgate compile`. A copy of the file is loaded, so later
    /// changes to the file, by a guest of this run or of another, do not matter.
    ///
    /// # Errors
    /// If the file cannot be read, holds no machine code, or its code is for another release, machine or setting.
    ///
    /// # Safety
    /// Such a file holds machine code, which runs as it is: whoever wrote the file can do what this process can. The caller vouches
    /// that this library or its command line wrote it, and that nobody changed it since.
    #[allow(unsafe_code, reason = "machine code cannot be checked; the caller vouches for it")]
    pub unsafe fn load_precompiled(&self, file: &ProgramFile) -> Result<Program, LoadError> {
        if !file.is_machine_code() {
            return Err(file.fail(NO_MACHINE_CODE.to_owned()));
        }
        let image = file.image().map_err(|error| file.fail(unreadable(&error)))?;
        let record = image.record().map_err(|error| file.fail(unreadable(&error)))?;
        let kind = record.as_ref().map(|record| record.kind).or_else(|| image.marked_kind()).unwrap_or(Kind::Component);
        if kind == Kind::Direct && self.binding == Binding::Engine {
            return Err(file.fail(BOUND_DIRECTLY.to_owned()));
        }
        // SAFETY: the caller vouches for the file's content, and the image is a copy of it.
        let code = unsafe { image.load(&self.engine, kind) }.map_err(|error| {
            let why = one_line(&error);
            file.fail(format!("precompiled for another machine, release or setting ({why}); compile it anew"))
        })?;
        let record = record.unwrap_or_else(|| self.unrecorded(&code));
        Ok(self.program(&file.path, code, record))
    }

    fn program(&self, path: &Path, code: Code, record: Record) -> Program {
        Program { runtime: self.clone(), code, path: path.to_owned(), record, linked: OnceLock::new() }
    }

    fn unrecorded(&self, code: &Code) -> Record {
        let imports = code.imports(self);
        let (kind, settings) = (code.kind(), self.settings);
        Record { kind, settings, program: Digest::default(), instance: UNRECORDED_INSTANCE, imports }
    }

    /// The program, if the cache keeps at most `longest` bytes of code for it.
    #[allow(unsafe_code, reason = "code that this library compiled and sealed is mapped again")]
    fn load_kept(&self, file: &ProgramFile, longest: u64) -> Option<Program> {
        let cache = self.cache.as_ref()?;
        let digest = file.digest(self.debug_info).ok()?;
        let Entry { file: kept, record, path } = cache.find(&digest, self.settings)?;
        if kept.metadata().ok()?.len() > longest {
            return None;
        }
        // SAFETY: the entry's seal holds: this library wrote it for this program, and nobody else can have changed it, nor can
        // anybody as long as it is mapped (`cache/unix.rs`, `cache/windows.rs`).
        let code = unsafe { Image::File { file: kept, path }.load(&self.engine, record.kind) }.ok()?;
        Some(self.program(&file.path, code, record))
    }

    /// Compiles the program, and keeps it in the cache.
    fn load_source(&self, file: &ProgramFile) -> Result<Program, String> {
        let bytes = file.bytes().map_err(|error| unreadable(&error))?;
        let program = digest(Cursor::new(&bytes), bytes.len() as u64, self.debug_info);
        let program = program.map_err(|error| unreadable(&error))?;
        let Compiled { code, imports, instance } = self.compile(&bytes)?;
        let kind = code.kind();
        let record = Record { kind, settings: self.settings, program, instance, imports };
        let loaded = self.program(&file.path, code, record);
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

/// The account that the record of machine code gives. It takes engines to tell whether the code fits, so a start does not ask.
pub(super) fn account_of(record: Option<Record>) -> Precompiled {
    let fits = |record: &Record| {
        let options = [false, true].into_iter().flat_map(|interruptible| {
            let bindings = [Binding::Direct, Binding::Engine];
            bindings.map(|binding| RuntimeOptions { interruptible, binding, ..RuntimeOptions::default() })
        });
        let mut settings = options.filter_map(|options| Runtime::new(&options).ok());
        settings.any(|runtime| runtime.settings == record.settings)
    };
    Precompiled { fits: record.as_ref().is_some_and(fits), imports: record.map(|record| record.imports) }
}
