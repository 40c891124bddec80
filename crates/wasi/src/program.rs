//! A program: from a file to code that can run.
//!
//! Hazard: precompiled code is machine code, run as it is. Loading it is trusting it as much as an executable of one's own.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use wasmtime::component::Component;
use wasmtime::{Engine, Module, Precompiled};

use crate::cache::{self, Entry};
use crate::runtime::Runtime;
use crate::start::Linked;

/// A compiled program: a component, or a module of WASI preview1.
#[derive(Clone)]
pub struct Program {
    pub(crate) runtime: Runtime,
    pub(crate) code: Code,
    path: PathBuf,
    /// Linked at the first [`Program::check`] or run, for all.
    linked: OnceLock<Linked>,
}

/// The two kinds of WebAssembly binaries.
#[derive(Clone)]
pub(crate) enum Code {
    Component(Component),
    Module(Module),
}

/// Why a file cannot be run. One line, with what to do about it.
#[derive(Debug)]
pub struct LoadError {
    path: PathBuf,
    why: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for LoadError {}

/// What a file holds, by its first bytes.
enum Format {
    Binary,
    Precompiled,
    Text,
}

impl Runtime {
    /// Reads and compiles a component or a module from a `.wasm`, `.wat` or `.cwasm` file; the content decides, not the name.
    ///
    /// A `.cwasm` file is trusted: it holds machine code. Its runtime's options must be those that it was compiled with.
    ///
    /// # Errors
    /// Where the file cannot be read, or is not valid.
    pub fn load(&self, path: &Path) -> Result<Program, LoadError> {
        let fail = |why: String| LoadError { path: path.to_owned(), why };
        let mut file = File::open(path).map_err(|error| fail(unopened(path, &error)))?;
        let code = match Format::of(&mut file).map_err(fail)? {
            Format::Precompiled => self.load_precompiled(path).map_err(fail)?,
            Format::Binary | Format::Text => self.load_source(&mut file).map_err(fail)?,
        };
        Ok(Program { runtime: self.clone(), code, path: path.to_owned(), linked: OnceLock::new() })
    }

    /// Takes the code from the cache, or compiles it and keeps it there.
    fn load_source(&self, file: &mut File) -> Result<Code, String> {
        let entry = self.cache.as_ref().and_then(|cache| cache.entry(file));
        let kept = entry.as_ref().map(Entry::path).filter(|path| path.exists());
        if let Some(code) = kept.and_then(|path| self.load_precompiled(&path).ok()) {
            return Ok(code);
        }
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(|error| unreadable(&error))?;
        let code = self.compile(&bytes)?;
        if let (Some(cache), Some(entry)) = (&self.cache, entry)
            && cache::is_settled(file)
            && cache.entry(file).is_some_and(|now| now.is_that_of(&entry))
            && let Ok(code) = code.serialize()
        {
            // A cache that can't be written only costs time at the next start.
            drop(entry.keep(&code));
        }
        Ok(code)
    }

    /// Compiles a binary or a text; only in the binary's header is said which of the two kinds it is.
    fn compile(&self, bytes: &[u8]) -> Result<Code, String> {
        let binary = wat::parse_bytes(bytes).map_err(|error| {
            let why = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("not valid ({why}); correct its text")
        })?;
        if is_module(&binary) {
            let module = Module::from_binary(&self.engine, &binary).map(Code::Module);
            module
                .map_err(|error| format!("not a valid module ({}); build it anew for wasm32-wasip1", one_line(&error)))
        } else {
            let component = Component::from_binary(&self.engine, &binary).map(Code::Component);
            component.map_err(|error| {
                format!("not a valid component ({}); build it anew for wasm32-wasip2", one_line(&error))
            })
        }
    }

    #[allow(unsafe_code, reason = "the engine has no other way to take precompiled code")]
    fn load_precompiled(&self, path: &Path) -> Result<Code, String> {
        let kind = Engine::detect_precompiled_file(path).ok().flatten();
        let mapped = match kind {
            // SAFETY: the file is machine code that the engine wrote; the engine checks its version and settings, and that it
            // is unchanged since is what the caller of `load` vouches for, as its documentation says.
            Some(Precompiled::Module) => unsafe { Module::deserialize_file(&self.engine, path) }.map(Code::Module),
            // SAFETY: as above.
            _ => unsafe { Component::deserialize_file(&self.engine, path) }.map(Code::Component),
        };
        // Not every system maps every file as code: Wine maps none.
        let loaded = mapped.or_else(|error| {
            let code = fs::read(path).map_err(|_| error)?;
            match kind {
                // SAFETY: as above.
                Some(Precompiled::Module) => unsafe { Module::deserialize(&self.engine, code) }.map(Code::Module),
                // SAFETY: as above.
                _ => unsafe { Component::deserialize(&self.engine, code) }.map(Code::Component),
            }
        });
        loaded.map_err(|error| {
            format!("precompiled for another machine, release or setting ({}); compile it anew", one_line(&error))
        })
    }
}

impl Code {
    fn serialize(&self) -> wasmtime::Result<Vec<u8>> {
        match self {
            Self::Component(component) => component.serialize(),
            Self::Module(module) => module.serialize(),
        }
    }
}

impl Program {
    /// Whether `path` holds code compiled ahead of time, which is as its compiler's settings made it.
    #[must_use]
    pub fn is_precompiled(path: &Path) -> bool {
        File::open(path).is_ok_and(|mut file| matches!(Format::of(&mut file), Ok(Format::Precompiled)))
    }

    /// Whether it is a module of WASI preview1, not a component.
    #[must_use]
    pub fn is_module(&self) -> bool {
        matches!(self.code, Code::Module(_))
    }

    /// The names of the interfaces that a component imports, such as `wasi:cli/environment@0.2.6`, or of the functions that a
    /// module does, such as `wasi_snapshot_preview1.fd_write`.
    #[must_use]
    pub fn imports(&self) -> Vec<String> {
        match &self.code {
            Code::Component(component) => {
                let kind = component.component_type();
                kind.imports(&self.runtime.engine).map(|(name, _)| name.to_owned()).collect()
            }
            Code::Module(module) => {
                module.imports().map(|import| format!("{}.{}", import.module(), import.name())).collect()
            }
        }
    }

    /// The compiled code, to be written to a file and loaded again by [`Runtime::load`].
    ///
    /// # Errors
    /// Where memory runs out.
    pub fn serialize(&self) -> Result<Vec<u8>, LoadError> {
        self.code.serialize().map_err(|error| self.fail(one_line(&error)))
    }

    /// Checks, without running it, that everything it imports is there and that it is a command.
    ///
    /// # Errors
    /// Names the import that is missing, or differs.
    pub fn check(&self) -> Result<(), LoadError> {
        self.link()?.command().map(drop).map_err(|why| self.fail(why.to_owned()))
    }

    /// Checks, without running it, that everything it imports is there, whatever it exports.
    ///
    /// # Errors
    /// Names the import that is missing, or differs.
    pub fn check_imports(&self) -> Result<(), LoadError> {
        self.link().map(drop)
    }

    pub(crate) fn link(&self) -> Result<&Linked, LoadError> {
        if let Some(linked) = self.linked.get() {
            return Ok(linked);
        }
        let linked = Linked::new(self).map_err(|error| self.fail(one_line(&error)))?;
        Ok(self.linked.get_or_init(|| linked))
    }

    pub(crate) fn fail(&self, why: String) -> LoadError {
        LoadError { path: self.path.clone(), why }
    }
}

const GIVE_A_FILE: &str = "give the path of a .wasm, .wat or .cwasm file";

/// Bytes that show what a file holds.
const START: u64 = 4096;

impl Format {
    fn of(file: &mut File) -> Result<Self, String> {
        match file.metadata().map_err(|error| unreadable(&error))? {
            kind if kind.is_dir() => return Err(a_directory()),
            // A device or a pipe may never end.
            kind if !kind.is_file() => return Err(format!("not a regular file; {GIVE_A_FILE}")),
            _ => {}
        }
        let mut start = Vec::new();
        file.take(START).read_to_end(&mut start).map_err(|error| unreadable(&error))?;
        match start.as_slice() {
            [] => Err(format!("an empty file; {GIVE_A_FILE}")),
            [0, b'a', b's', b'm', version @ ..] if version.len() < 4 => {
                Err("cut off in its first bytes; build or copy it anew".to_owned())
            }
            [0, b'a', b's', b'm', ..] => Ok(Self::Binary),
            [0x7f, b'E', b'L', b'F', ..] => Ok(Self::Precompiled),
            text if starts_as_text(text) => Ok(Self::Text),
            _ => Err(format!("neither WebAssembly nor its text format; {GIVE_A_FILE}")),
        }
    }
}

/// Whether a binary's header says version 1, and no layer, which is a module's.
fn is_module(binary: &[u8]) -> bool {
    binary.starts_with(b"\0asm\x01\0\0\0")
}

/// Whether the first thing that is neither space nor comment is a parenthesis.
fn starts_as_text(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let mut lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with(";;"));
    lines.next().is_some_and(|line| line.starts_with('('))
}

/// Windows opens no directory as a file, and doesn't say why.
fn unopened(path: &Path, error: &io::Error) -> String {
    if path.is_dir() { a_directory() } else { unreadable(error) }
}

fn a_directory() -> String {
    format!("a directory; {GIVE_A_FILE}")
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("no such file; {GIVE_A_FILE}"),
        _ => format!("can't be read: {error}"),
    }
}

/// An error of the engine with its causes, on one line.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
